"""What a stack can come to need of quotas, at its largest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from facts import instances, quotas
from infra.settings.cluster import ClusterSettings
from infra.settings.fleet import FleetSettings
from infra.settings.stack import Settings

ON_DEMAND, SPOT = "ON_DEMAND", "SPOT"


def vcpus(clusters: Iterable[ClusterSettings]) -> dict[str, int]:
    """Quota code → the vCPUs that all `clusters` can have at once, each fleet of its dearest type."""
    found: dict[str, int] = {}
    for cluster in clusters:
        for fleet, market, units in _units(cluster):
            code, count = _dearest(fleet, market, units)
            if code is not None and count:
                found[code] = found.get(code, 0) + count
    return found


def elastic_ips(settings: Settings) -> int:
    """The addresses of the NAT gateways."""
    return {"none": 0, "one": 1, "per_zone": len(settings.network.zones or ())}[settings.network.nat]


def buys_spot(clusters: Iterable[ClusterSettings]) -> bool:
    """Whether any fleet asks for spot."""
    return any(fleet.spot_units for cluster in clusters for fleet in cluster.fleets().values())


def _units(cluster: ClusterSettings) -> Iterator[tuple[FleetSettings, str, int]]:
    """Fleet, market and the most units that scaling can come to: on demand in the core, spot in the task fleet."""
    yield cluster.primary, ON_DEMAND, cluster.primary.on_demand_units
    task, scaling = cluster.task, cluster.scaling
    if scaling is None:
        yield cluster.core, ON_DEMAND, cluster.core.on_demand_units
        if task is not None:
            yield task, ON_DEMAND, task.on_demand_units
            yield task, SPOT, task.spot_units
        return
    yield cluster.core, ON_DEMAND, max(scaling.maximum_on_demand_units, cluster.core.on_demand_units)
    if task is not None and task.spot_units:
        yield task, SPOT, scaling.maximum_units - cluster.core.on_demand_units


def _dearest(fleet: FleetSettings, market: str, units: int) -> tuple[str | None, int]:
    """The most vCPUs that `units` can cost, and the quota that counts them."""
    counted = [
        (quota.code, -(-units // entry.units) * instances.instance(entry.name).vcpu)
        for entry in fleet.types
        if (quota := quotas.of_instances(entry.name, market)) is not None
    ]
    return max(counted, key=lambda pair: pair[1], default=(None, 0))

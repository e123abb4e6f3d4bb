"""What the nodes of a cluster cost: its fleets at their least and at their most, EC2, EMR and disks together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facts.errors import UserError
from facts.prices import price
from facts.services import service_price
from infra.cost.rows import HOURS_A_MONTH, Row
from infra.settings.cluster import ClusterSettings
from infra.settings.fleet import FleetSettings, ScalingSettings


@dataclass(frozen=True, kw_only=True)
class Node:
    """One instance type of a fleet: what one node counts, and costs in US dollars a month with its disks."""

    name: str
    units: int
    on_demand: float
    spot: float  # at the typical ratio: what spot may go down to
    on_demand_per_hour: float  # without disks
    spot_per_hour: float

    def count(self, units: int) -> int:
        """Nodes that a target of `units` takes; EMR rather passes a target than misses it."""
        return -(-units // self.units)

    def usd(self, units: int, *, spot: bool = False) -> float:
        """What they cost a month."""
        return self.count(units) * (self.spot if spot else self.on_demand)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way to fill a target."""

    usd: float
    text: str


def rows(name: str, cluster: ClusterSettings, region: str) -> list[Row]:
    """One row a fleet; core and task are one row where managed scaling shares its units between them."""
    component = f"cluster {name}"
    made = [_row(component, "primary", cluster, (cluster.primary,), region)]
    if cluster.scaling is None:
        fleets = {"core": cluster.core, **({"task": cluster.task} if cluster.task else {})}
        return made + [_row(component, role, cluster, (fleet,), region) for role, fleet in fleets.items()]
    scaled = (cluster.core, cluster.task) if cluster.task else (cluster.core,)
    item = "core and task" if cluster.task else "core"
    return [*made, _row(component, item, cluster, scaled, region, cluster.scaling)]


def _row(
    component: str,
    item: str,
    cluster: ClusterSettings,
    fleets: Sequence[FleetSettings],
    region: str,
    scaling: ScalingSettings | None = None,
) -> Row:
    priced: list[list[Node]] = []
    unknown: list[str] = []
    for fleet in fleets:
        nodes, missing = _nodes(fleet, cluster.root_volume_gib, region)
        priced.append(nodes)
        unknown += missing
    if unknown:
        return Row.missing(component, item, tuple(dict.fromkeys(unknown)))
    if scaling:
        low, high = _scaled(cluster, scaling, priced)
    else:
        low, high = _targets(fleets[0], priced[0])
    every = [node for nodes in priced for node in nodes]
    disks = sorted({f"{_gib(fleet, cluster.root_volume_gib)} GiB" for fleet in fleets})
    return Row(
        component=component,
        item=item,
        low=low.usd,
        high=high.usd,
        unit=_unit(every, spot=any(fleet.spot_units for fleet in fleets)),
        how=f"low: {low.text}; high: {high.text}; {HOURS_A_MONTH} h, with {' or '.join(disks)} of disk a node",
    )


def _nodes(fleet: FleetSettings, root_gib: int, region: str) -> tuple[list[Node], list[str]]:
    """The fleet's types with their prices, and what has none."""
    found: list[Node] = []
    unknown: list[str] = []
    try:
        disks = service_price("ebs_gp3_gb_month", region).usd * _gib(fleet, root_gib)
    except UserError as error:
        disks = 0.0
        unknown.append(str(error))
    for entry in fleet.types:
        try:
            listed = price(entry.name, region)
        except UserError as error:
            unknown.append(str(error))
            continue
        found.append(
            Node(
                name=entry.name,
                units=entry.units,
                on_demand=listed.on_demand_usd_per_hour * HOURS_A_MONTH + disks,
                spot=listed.spot_usd_per_hour * HOURS_A_MONTH + disks,
                on_demand_per_hour=listed.on_demand_usd_per_hour,
                spot_per_hour=listed.spot_usd_per_hour,
            )
        )
    return found, unknown


def _gib(fleet: FleetSettings, root_gib: int) -> int:
    return fleet.volume_gib * fleet.volumes + root_gib


def _targets(fleet: FleetSettings, nodes: Sequence[Node]) -> tuple[Choice, Choice]:
    """A fleet that keeps its targets: of its types the cheapest, and the dearest."""
    low = [_cheapest(nodes, fleet.on_demand_units), _cheapest(nodes, fleet.spot_units, spot=True)]
    # Spot is at most what it is on demand, which is also what a launch without spot turns to.
    high = [_dearest(nodes, fleet.on_demand_units), _dearest(nodes, fleet.spot_units)]
    return _together(low), _together(high)


def _scaled(
    cluster: ClusterSettings, scaling: ScalingSettings, priced: Sequence[Sequence[Node]]
) -> tuple[Choice, Choice]:
    """The least and the most that managed scaling may come to, over every way to share units between the fleets.

    The core keeps as many nodes as HDFS has copies, and has at most `maximum_core_units`.
    """
    core = priced[0]
    most = scaling.maximum_core_units
    least = min(most, cluster.hdfs_replication * min(node.units for node in core))
    if cluster.task is None:
        return _cheapest(core, max(least, scaling.minimum_units)), _dearest(core, most)
    task, spot = priced[1], cluster.task.spot_units > 0

    def low(units: int) -> tuple[int, int]:
        return units, max(0, scaling.minimum_units - units)

    def high(units: int) -> tuple[int, int]:
        return units, scaling.maximum_units - units

    shares = range(least, most + 1)
    # Numbers first: there may be thousands of shares, and the words of one are wanted.
    in_core, in_task = min(
        map(low, shares), key=lambda share: _least(core, share[0]) + _least(task, share[1], spot=spot)
    )
    least_choice = _together([_cheapest(core, in_core), _cheapest(task, in_task, spot=spot)])
    in_core, in_task = max(map(high, shares), key=lambda share: _most(core, share[0]) + _most(task, share[1]))
    return least_choice, _together([_dearest(core, in_core), _dearest(task, in_task)])


def _least(nodes: Sequence[Node], units: int, *, spot: bool = False) -> float:
    return min(node.usd(units, spot=spot) for node in nodes)


def _most(nodes: Sequence[Node], units: int) -> float:
    return max(node.usd(units) for node in nodes)


def _cheapest(nodes: Sequence[Node], units: int, *, spot: bool = False) -> Choice:
    return _choice(min(nodes, key=lambda node: node.usd(units, spot=spot)), units, spot=spot)


def _dearest(nodes: Sequence[Node], units: int) -> Choice:
    return _choice(max(nodes, key=lambda node: node.usd(units)), units)


def _choice(node: Node, units: int, *, spot: bool = False) -> Choice:
    count = node.count(units)
    return Choice(
        usd=node.usd(units, spot=spot),
        text=f"{count} x {node.name}{' on spot' if spot else ''}" if count else "",
    )


def _together(choices: Sequence[Choice]) -> Choice:
    return Choice(
        usd=sum(choice.usd for choice in choices),
        text=" + ".join(choice.text for choice in choices if choice.text),
    )


def _unit(nodes: Sequence[Node], *, spot: bool) -> str:
    """The range of hourly prices of one node, without its disks."""
    said = f"{_range(nodes, lambda node: node.on_demand_per_hour)} USD/h a node"
    return f"{said}, from {min(node.spot_per_hour for node in nodes):.3f} on spot" if spot else said


def _range(nodes: Sequence[Node], of: Callable[[Node], float]) -> str:
    low, high = f"{min(map(of, nodes)):.3f}", f"{max(map(of, nodes)):.3f}"
    return low if low == high else f"{low} to {high}"

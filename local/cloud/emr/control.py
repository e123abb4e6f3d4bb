"""All the EMR there is in this process: the clusters of every account and region, and what moves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from local.cloud.emr.lifecycle import Behaviour, Lifecycle
from local.cloud.emr.market import Market, Price
from local.cloud.emr.model import Cluster
from local.cloud.emr.scaling.scaler import Scaler
from local.cloud.emr.spot import Spot
from local.cloud.emr.steps import Scheduler
from local.cloud.plane import ControlPlane
from local.contracts import ClusterRunner

Region = tuple[str, str]  # account id, region
LaunchProblem = Callable[[Cluster, Mapping[str, Any]], str | None]  # with its security configuration
_MOTOS = (
    "security_configurations",
    "block_public_access_configuration",
)  # what moto's backend keeps of its own


class EmrControl:
    """Holds the clusters, and hands out what changes them."""

    def __init__(
        self, plane: ControlPlane, runner: ClusterRunner, behaviour: Behaviour, price: Price
    ) -> None:
        self.plane = plane
        self.market = Market(plane, lambda: [cluster for _, cluster in self._each()], price)
        self.lifecycle = Lifecycle(plane, runner, behaviour, self.market)
        self.scheduler = Scheduler(self.lifecycle, self.find)
        self.scaler = Scaler(self.lifecycle, self.find)
        self.spot = Spot(self.lifecycle, lambda: [cluster for _, cluster in self._each()])
        # Why a cluster cannot come up with its roles: judged where IAM is enforced.
        self.launch_problem: LaunchProblem = lambda _cluster, _configuration: None
        self._clusters: defaultdict[Region, dict[str, Cluster]] = defaultdict(dict)
        self.backends: Mapping[str, Mapping[str, Any]] = {}  # by account and region, once EMR is loaded

    def clusters_of(self, account_id: str, region: str) -> dict[str, Cluster]:
        """The clusters of one account in one region, by id; the caller adds to it."""
        with self.plane.lock:
            return self._clusters[(account_id, region)]

    def find(self, cluster_id: str) -> Cluster | None:
        """The cluster of this id, wherever it is."""
        return next((c for _, c in self._each() if c.id == cluster_id), None)

    def with_machine(self, ec2_instance_id: str) -> Cluster | None:
        """The cluster that has this EC2 instance among its nodes."""
        with self.plane.lock:
            return next(
                (
                    c
                    for _, c in self._each()
                    for p in c.pools
                    if any(i.ec2_id == ec2_instance_id for i in p.instances)
                ),
                None,
            )

    def forget(self, account_id: str, region: str) -> None:
        """End and drop the clusters of one account in one region."""
        with self.plane.lock:
            clusters = self.clusters_of(account_id, region)
            for cluster in clusters.values():
                self.lifecycle.terminate(cluster, "USER_REQUEST", "Terminated by user request")
            clusters.clear()

    def state(self) -> object:
        """What there is, for a snapshot."""
        kept = {
            (account, region): {name: getattr(backend, name) for name in _MOTOS}
            for account, regions in self.backends.items()
            for region, backend in regions.items()
        }
        return dict(self._clusters), kept

    def restore(self, state: Any) -> None:
        """Take back what there was, into a control that has nothing; what is under way goes on."""
        clusters, kept = state
        with self.plane.lock:
            for (account, region), held in kept.items():
                vars(self.backends[account][region]).update(held)
            for place, found in clusters.items():
                self._clusters[place].update(found)
            for _, cluster in self._each():
                self.lifecycle.resume(cluster)
                self.scheduler.resume(cluster)
                self.scaler.watch(cluster)

    def overview(self) -> list[Mapping[str, object]]:
        """Every cluster that has not ended, with its nodes and steps, for `emrctl local status`."""
        with self.plane.lock:
            return [
                _overview(
                    region, c, self.scaler.moves(c.id), run_bootstrap=self.lifecycle.behaviour.run_bootstrap
                )
                for (_, region), c in self._each()
                if c.status.ended is None
            ]

    def _each(self) -> Iterator[tuple[Region, Cluster]]:
        for region, clusters in self._clusters.items():
            for cluster in clusters.values():
                yield region, cluster


def _overview(
    region: str, cluster: Cluster, moves: Sequence[Mapping[str, object]], *, run_bootstrap: bool
) -> Mapping[str, object]:
    return {
        "id": cluster.id,
        "name": cluster.name,
        "region": region,
        "state": cluster.status.state,
        "reason": cluster.status.message,
        "bootstrap_actions": [
            {"name": action.name, "run": run_bootstrap} for action in cluster.bootstrap_actions()
        ],
        "pools": [
            {
                "id": p.id, "role": p.role, "kind": p.kind, "state": p.status.state,
                "on_demand": p.provisioned("ON_DEMAND"), "spot": p.provisioned("SPOT"),
                "target_on_demand": p.targets["ON_DEMAND"], "target_spot": p.targets["SPOT"],
                "short": {market: units for market, units in p.short.items() if units},
                "instances": [
                    {"id": i.id, "type": i.instance_type, "market": i.market, "state": i.status.state}
                    for i in p.running()
                ],
            }
            for p in cluster.pools
        ],
        "scaling": moves,
        "steps": [{"id": s.id, "name": s.name, "state": s.status.state} for s in cluster.steps],
    }  # fmt: skip

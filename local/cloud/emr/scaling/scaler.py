"""Has clusters follow their load: looks at each that may scale, decides, and resizes its fleets and groups."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from facts.instances import instance
from local.cloud.emr.lifecycle import MARKETS, Lifecycle
from local.cloud.emr.model import Cluster, Pool
from local.cloud.emr.scaling.managed import EVALUATE_SECONDS, History, Limits, Move, Size, Slot, decide
from local.contracts import Market, YarnMetrics

log = logging.getLogger(__name__)
# A cluster without a YARN has no load: it is looked at less often, so that a day of it passes in a moment.
QUIET_SECONDS = 60.0
MOVES_KEPT = 20


class Scaler:
    """Managed scaling of all clusters. Methods are called under the plane's lock."""

    def __init__(self, lifecycle: Lifecycle, find: Callable[[str], Cluster | None]) -> None:
        self._lifecycle, self._find = lifecycle, find
        self._plane, self._runner = lifecycle.plane, lifecycle.runner
        self._watched: dict[str, History] = {}
        self._quiet: set[str] = set()
        self._moves: defaultdict[str, deque[Mapping[str, object]]] = defaultdict(
            partial(deque, maxlen=MOVES_KEPT)
        )

    def watch(self, cluster: Cluster) -> None:
        """Look at the cluster from now on, as long as it has a managed scaling policy; fine when it is looked at."""
        if cluster.managed_scaling_policy is None or cluster.id in self._watched:
            return
        self._watched[cluster.id] = History()
        self._again(cluster.id)

    def moves(self, cluster_id: str) -> Sequence[Mapping[str, object]]:
        """The last moves of a cluster: when and why."""
        return list(self._moves.get(cluster_id, ()))

    def _again(self, cluster_id: str) -> None:
        seconds = QUIET_SECONDS if cluster_id in self._quiet else EVALUATE_SECONDS
        self._plane.after(seconds, lambda: self._look(cluster_id))

    def _look(self, cluster_id: str) -> None:
        cluster = self._find(cluster_id)
        if cluster is None or not cluster.active or cluster.managed_scaling_policy is None:
            self._watched.pop(cluster_id, None)
            self._quiet.discard(cluster_id)
            return
        if cluster.status.state in ("RUNNING", "WAITING"):
            now = self._plane.monotonic()  # a command runs later, maybe much later on a clock that was moved
            self._plane.command(lambda: self._sample(cluster, now))
        self._again(cluster_id)

    def _sample(self, cluster: Cluster, now: float) -> None:
        """Ask YARN, outside of the lock, and decide."""
        load = self._runner.metrics(cluster.id)
        with self._plane.lock:
            (self._quiet.discard if load else self._quiet.add)(cluster.id)
            self._decide(cluster, now, load)

    def _decide(self, cluster: Cluster, now: float, load: YarnMetrics | None) -> None:
        policy, history = cluster.managed_scaling_policy, self._watched.get(cluster.id)
        resizing = any(pool.status.state != "RUNNING" for pool in cluster.pools)
        if not cluster.active or policy is None or history is None or resizing:
            return
        limits = policy["ComputeLimits"]
        move = decide(history, now, load, _size(cluster, limits["UnitType"]), Limits.of(limits))
        if move is not None:
            self._apply(cluster, move, limits["UnitType"])

    def _apply(self, cluster: Cluster, move: Move, unit: str) -> None:
        log.info("cluster %s: %s", cluster.id, move.reason)
        at = self._plane.now().isoformat(timespec="seconds")
        self._moves[cluster.id].append({"at": at, "reason": move.reason})
        size = _size(cluster, unit).units
        left = {slot: units - size[slot] for slot, units in move.units.items()}
        for pool in _workers(cluster):
            targets = dict(pool.targets)
            for market in _markets(pool):
                # Of several groups of one kind the first takes what there is to take, as far as it goes.
                change = max(left[(pool.role, market)] // _weight(pool, unit), -targets[market])
                targets[market] += change
                left[(pool.role, market)] -= change * _weight(pool, unit)
            if targets != pool.targets:
                pool.targets = targets
                self._lifecycle.resize(cluster, pool, move.reason)


def _workers(cluster: Cluster) -> list[Pool]:
    return [pool for pool in cluster.pools if pool.role != "MASTER"]


def _markets(pool: Pool) -> tuple[Market, ...]:
    return MARKETS if pool.kind == "FLEET" else (pool.config.get("Market") or "ON_DEMAND",)


def _weight(pool: Pool, unit: str) -> int:
    """What one of a pool's target counts: a unit of a fleet, an instance of a group, or the cores of one."""
    return instance(pool.types[0]["InstanceType"]).vcpu if unit == "VCPU" else 1


def _size(cluster: Cluster, unit: str) -> Size:
    units: defaultdict[Slot, int] = defaultdict(int)
    for pool in _workers(cluster):
        for market in _markets(pool):
            units[(pool.role, market)] += pool.targets[market] * _weight(pool, unit)
    return Size(units=dict(units), nodes=sum(len(pool.running()) for pool in _workers(cluster)))

"""Has clusters follow their load: looks at each that may scale, decides, and resizes its fleets and groups."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from facts.instances import instance
from local.cloud.alarms.series import Index, statistic
from local.cloud.emr.lifecycle import Lifecycle
from local.cloud.emr.market import MARKETS
from local.cloud.emr.model import Cluster, Pool
from local.cloud.emr.scaling import metrics
from local.cloud.emr.scaling.custom import judge
from local.cloud.emr.scaling.managed import EVALUATE_SECONDS, History, Limits, Move, Size, Slot, decide
from local.cloud.plane import Timer
from local.contracts import Market, YarnMetrics

log = logging.getLogger(__name__)
# A cluster without a YARN has no load: it is looked at less often, so that a day of it passes in a moment.
QUIET_SECONDS = 60.0
MOVES_KEPT = 20
# EMR's code for an instance that fails; the message is ours.
UNHEALTHY = ("INSTANCE_FAILURE", "The instance was unhealthy and was replaced.")


@dataclass
class _Watched:
    """What is remembered of a cluster that is looked at; none of it outlives the process."""

    history: History = field(default_factory=History)
    timer: Timer | None = None  # of the next look
    quiet: bool = False  # it had no YARN at the last look
    published: float | None = None
    changed: dict[str, float] = field(default_factory=dict)  # by group, when a rule of its own changed it
    moves: deque[Mapping[str, object]] = field(default_factory=lambda: deque(maxlen=MOVES_KEPT))


class Scaler:
    """Has clusters follow their load, and publishes what EMR does. Methods are called under the plane's lock."""

    def __init__(self, lifecycle: Lifecycle, find: Callable[[str], Cluster | None]) -> None:
        self._lifecycle, self._find = lifecycle, find
        self._plane, self._runner = lifecycle.plane, lifecycle.runner
        self._watched: dict[str, _Watched] = {}
        self._series: defaultdict[str, Index] = defaultdict(Index)

    def watch(self, cluster: Cluster) -> None:
        """Look at the cluster from now on until it ends; soon, when it is looked at already."""
        watched = self._watched.setdefault(cluster.id, _Watched())
        if watched.timer is not None:
            watched.timer.cancel()
        watched.quiet = False
        watched.timer = self._plane.after(EVALUATE_SECONDS, lambda: self._look(cluster.id))

    def moves(self, cluster_id: str) -> Sequence[Mapping[str, object]]:
        """The last moves of a cluster: when and why."""
        watched = self._watched.get(cluster_id)
        return [] if watched is None else list(watched.moves)

    def _look(self, cluster_id: str) -> None:
        cluster, watched = self._find(cluster_id), self._watched[cluster_id]
        if cluster is None or not cluster.active:
            del self._watched[cluster_id]
            return
        if cluster.status.state in ("RUNNING", "WAITING"):
            now = self._plane.monotonic()  # a command runs later, maybe much later on a clock that was moved
            at = self._plane.now()
            self._plane.command(lambda: self._sample(cluster, watched, now, at))
        soon = cluster.managed_scaling_policy is not None and not watched.quiet
        seconds = EVALUATE_SECONDS if soon else QUIET_SECONDS
        watched.timer = self._plane.after(seconds, lambda: self._look(cluster_id))

    def _sample(self, cluster: Cluster, watched: _Watched, now: float, at: datetime) -> None:
        """Ask YARN, outside of the lock, and do what follows."""
        load = self._runner.metrics(cluster.id)
        with self._plane.lock:
            if not cluster.active:
                return
            watched.quiet = load is None
            if load is not None and cluster.unhealthy_node_replacement:
                self._replace_unhealthy(cluster, load.unhealthy)
            managed = cluster.managed_scaling_policy is not None
            every = metrics.MANAGED_SECONDS if managed else metrics.SECONDS
            if watched.published is None or now - watched.published >= every:
                watched.published = now
                metrics.publish(cluster, metrics.values(cluster, load), at)
                self._judge_rules(cluster, watched, now, at)
            if managed:
                self._manage(cluster, watched, now, load)

    def _replace_unhealthy(self, cluster: Cluster, unhealthy: Sequence[str]) -> None:
        """EMR's unhealthy node replacement: another node for one that cannot work; the primary is not replaced.

        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-node-replacement.html
        """
        for pool in _workers(cluster):
            for node in pool.running():
                if node.id in unhealthy and node.status.state == "RUNNING":
                    self._lifecycle.lose(cluster, pool, node, *UNHEALTHY)

    # Managed scaling

    def _manage(self, cluster: Cluster, watched: _Watched, now: float, load: YarnMetrics | None) -> None:
        policy = cluster.managed_scaling_policy
        if policy is None or any(pool.status.state != "RUNNING" for pool in cluster.pools):
            return
        limits = policy["ComputeLimits"]
        move = decide(watched.history, now, load, _size(cluster, limits["UnitType"]), Limits.of(limits))
        if move is not None:
            self._note(cluster, watched, move.reason)
            self._apply(cluster, move, limits["UnitType"])

    def _apply(self, cluster: Cluster, move: Move, unit: str) -> None:
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

    # Groups' own rules

    def _judge_rules(self, cluster: Cluster, watched: _Watched, now: float, at: datetime) -> None:
        for pool in _workers(cluster):
            if pool.auto_scaling_policy is None or pool.status.state != "RUNNING":
                continue
            (market,) = _markets(pool)
            last = watched.changed.get(pool.id)
            since = None if last is None else now - last
            end = at.timestamp() + 1  # the values of this very moment count
            found = judge(
                pool.auto_scaling_policy, pool.targets[market], end, since, partial(self._statistic, cluster)
            )
            if found is not None:
                watched.changed[pool.id] = now
                self._note(cluster, watched, found.reason)
                pool.targets = {**pool.targets, market: found.count}
                self._lifecycle.resize(cluster, pool, found.reason)

    def _statistic(
        self, cluster: Cluster, alarm: Mapping[str, Any], start: float, end: float
    ) -> float | None:
        """A statistic of the metric that an alarm's definition names, of this cluster unless it says otherwise."""
        said = alarm.get("Dimensions") or [{"Key": "JobFlowId", "Value": "${emr.clusterId}"}]
        dimensions = tuple(
            sorted((one["Key"], str(one["Value"]).replace("${emr.clusterId}", cluster.id)) for one in said)
        )
        metric = (alarm.get("Namespace") or metrics.NAMESPACE, alarm["MetricName"], dimensions)
        data = metrics.backend_of(cluster).metric_data
        place = ":".join(cluster.arn.split(":")[3:5])
        found = self._series[place].between(data, metric, None, start, end)
        return statistic(found, (alarm.get("Statistic") or "AVERAGE").title().replace("_", ""))

    def _note(self, cluster: Cluster, watched: _Watched, reason: str) -> None:
        log.info("cluster %s: %s", cluster.id, reason)
        watched.moves.append({"at": self._plane.now().isoformat(timespec="seconds"), "reason": reason})


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

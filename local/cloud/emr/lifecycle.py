"""How a cluster lives: from STARTING to TERMINATED, by timers; nothing here answers requests.

Every method runs under the plane's lock. What the runner must do is left as a command, never called here.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from local.cloud.emr import capacity
from local.cloud.emr.events import Teller
from local.cloud.emr.ids import new_id, new_ip
from local.cloud.emr.model import Cluster, Instance, Pool, Status
from local.cloud.plane import ControlPlane
from local.contracts import ClusterRunner, Market

log = logging.getLogger(__name__)
DEFAULT_IDLE_SECONDS = 3600  # of an auto-termination policy that names none (EMR management guide)
MARKETS: tuple[Market, Market] = ("ON_DEMAND", "SPOT")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a cluster takes for what takes minutes on EMR, in seconds."""

    provisioning: float = 0.2
    bootstrapping: float = 0.1
    resizing: float = 0.1
    terminating: float = 0.1


class Lifecycle:
    """Brings clusters up, sizes them and ends them."""

    def __init__(
        self, plane: ControlPlane, runner: ClusterRunner, timing: Timing, price: capacity.Price
    ) -> None:
        self.plane, self.runner = plane, runner
        self._timing, self._price = timing, price
        self.tell = Teller(plane)
        # The step scheduler's part, which it puts here.
        self.ready: Callable[[Cluster], None] = _nothing
        self.cancel_steps: Callable[[Cluster], None] = _nothing

    def launch(self, cluster: Cluster) -> None:
        """Begin: the cluster is STARTING, its nodes are asked for."""
        self.tell.cluster(cluster)
        for pool in cluster.pools:
            self._request_nodes(cluster, pool)
        for step in cluster.steps:
            self.tell.step(cluster, step)
        self.plane.after(self._timing.provisioning, lambda: self._provisioned(cluster))

    def add_pool(self, cluster: Cluster, pool: Pool) -> None:
        """A pool that joins a cluster that may run already."""
        cluster.pools.append(pool)
        self._request_nodes(cluster, pool)
        if cluster.status.state in ("RUNNING", "WAITING"):
            self.plane.after(self._timing.provisioning, lambda: self._fill(cluster, pool))

    def resize(self, cluster: Cluster, pool: Pool, why: str = "resizing to the requested capacity") -> None:
        """Start or stop nodes until the pool's targets are met again; `why` is the pool's and the event's reason."""
        for market in MARKETS:
            alive = [i for i in pool.running() if i.market == market]
            for index in capacity.to_stop(pool.targets[market], [i.weight for i in alive]):
                self._end_instance(alive[index], None, "Instance was terminated by a resize request.")
        self._request_nodes(cluster, pool)
        if cluster.status.state in ("RUNNING", "WAITING"):
            pool.status.become("RESIZING", message=why[:1].upper() + why[1:])
            self.tell.pool(cluster, pool)
            self.plane.after(self._timing.resizing, lambda: self._fill(cluster, pool))

    def lose(self, cluster: Cluster, pool: Pool, instance: Instance, code: str, message: str) -> None:
        """An instance is gone without goodbye; another one is asked for in its place."""
        self._end_instance(instance, code, message)
        self.plane.command(lambda: self.runner.lose(cluster.id, instance.id))
        self.resize(cluster, pool, f"replacing {instance.ec2_id}: {message}")

    def terminate(self, cluster: Cluster, code: str, message: str) -> None:
        """Begin to end the cluster; it is over after a moment. Fine when it is ending already."""
        if not cluster.active:
            return
        log.info("cluster %s ends: %s", cluster.id, message)
        self.disarm(cluster)
        cluster.status.become("TERMINATING", code, message)
        for pool in cluster.pools:
            pool.status.become("TERMINATING", "CLUSTER_TERMINATED", "Job flow terminated")
        self.cancel_steps(cluster)
        self.plane.command(lambda: self.runner.terminate(cluster.id))
        self._end_soon(cluster)

    def resume(self, cluster: Cluster) -> None:
        """Go on with a cluster of a snapshot, by what its state says; nothing of it runs."""
        state, timing = cluster.status.state, self._timing
        if state == "STARTING":
            self.plane.after(timing.provisioning, lambda: self._provisioned(cluster))
        elif state == "BOOTSTRAPPING":
            self.plane.after(timing.bootstrapping, lambda: self._bootstrapped(cluster))
        elif state == "TERMINATING":
            self._end_soon(cluster)
        elif cluster.active:
            for pool in cluster.pools:
                if pool.status.state != "RUNNING":
                    self.plane.after(timing.resizing, partial(self._fill, cluster, pool))

    def disarm(self, cluster: Cluster) -> None:
        """The cluster is not idle, or nothing is to happen when it is."""
        if cluster.idle_timer is not None:
            cluster.idle_timer.cancel()
            cluster.idle_timer = None

    def rearm(self, cluster: Cluster) -> None:
        """Count the idle time from now, when the cluster idles and a policy says what then."""
        self.disarm(cluster)
        policy = cluster.auto_termination_policy
        if cluster.status.state == "WAITING" and policy is not None:
            seconds = policy.get("IdleTimeout") or DEFAULT_IDLE_SECONDS
            cluster.idle_timer = self.plane.after(seconds, lambda: self._idled(cluster, seconds))

    def _end_soon(self, cluster: Cluster) -> None:
        failed = cluster.status.code not in ("USER_REQUEST", "ALL_STEPS_COMPLETED")
        end = "TERMINATED_WITH_ERRORS" if failed else "TERMINATED"
        self.plane.after(self._timing.terminating, lambda: self._ended(cluster, end))

    def _idled(self, cluster: Cluster, seconds: int) -> None:
        if cluster.termination_protected:
            log.info("cluster %s has idled %d s, but is termination protected", cluster.id, seconds)
            return
        self.terminate(
            cluster,
            "ALL_STEPS_COMPLETED",
            f"Terminated by the auto-termination policy: idle for {seconds} seconds",
        )

    def _provisioned(self, cluster: Cluster) -> None:
        if cluster.status.state != "STARTING":
            return
        if cluster.launch_problem is not None:
            self.terminate(cluster, "VALIDATION_ERROR", cluster.launch_problem)
            return
        cluster.status.become("BOOTSTRAPPING", message="Running bootstrap actions")
        for pool in cluster.pools:
            pool.status.become("BOOTSTRAPPING")
            for instance in pool.running():
                instance.status.become("BOOTSTRAPPING")
        self.plane.after(self._timing.bootstrapping, lambda: self._bootstrapped(cluster))

    def _bootstrapped(self, cluster: Cluster) -> None:
        if cluster.status.state != "BOOTSTRAPPING":
            return
        cluster.status.ready = self.plane.now()
        cluster.status.become("WAITING", message="Cluster ready to run steps.")
        for pool in cluster.pools:
            self._settle(cluster, pool)
        self.tell.cluster(cluster)
        log.info("cluster %s is ready: %d nodes", cluster.id, sum(len(p.running()) for p in cluster.pools))
        self.ready(cluster)

    def _fill(self, cluster: Cluster, pool: Pool) -> None:
        if cluster.active:
            self._settle(cluster, pool)
            contract = cluster.contract()
            self.plane.command(lambda: self.runner.resize(contract))

    def _settle(self, cluster: Cluster, pool: Pool) -> None:
        """What was asked for runs."""
        now = self.plane.now()
        for instance in pool.running():
            if instance.status.state != "RUNNING":
                instance.status.ready = now
                instance.status.become("RUNNING")
        pool.status.ready = pool.status.ready or now
        resized = pool.status.state == "RESIZING"
        pool.status.become("RUNNING")
        self.tell.pool(cluster, pool, resized=resized)

    def _request_nodes(self, cluster: Cluster, pool: Pool) -> None:
        for market in MARKETS:
            have = sum(i.weight for i in pool.running() if i.market == market)
            if pool.targets[market] <= have:
                continue
            chosen = capacity.choose(pool.types, cluster.region, self._price)
            unit = capacity.weight(chosen)
            for _ in range(capacity.to_start(pool.targets[market], have, unit)):
                pool.instances.append(_instance(pool, chosen["InstanceType"], market, unit, self.plane.now()))

    def _end_instance(self, instance: Instance, code: str | None, message: str) -> None:
        instance.status.ended = self.plane.now()
        instance.status.become("TERMINATED", code, message)

    def _ended(self, cluster: Cluster, state: str) -> None:
        now = self.plane.now()
        for pool in cluster.pools:
            for instance in pool.running():
                self._end_instance(instance, "CLUSTER_TERMINATED", "Job flow terminated")
            pool.status.ended = now
            pool.status.become("TERMINATED", "CLUSTER_TERMINATED", "Job flow terminated")
        cluster.status.ended = now
        cluster.status.become(state, cluster.status.code, cluster.status.message)
        self.tell.cluster(cluster)


def _nothing(cluster: Cluster) -> None:
    """What happens to a cluster while no scheduler has joined."""


def _instance(pool: Pool, instance_type: str, market: Market, unit: int, now: datetime) -> Instance:
    return Instance(
        id=new_id("ci-"),
        ec2_id=f"i-{random.getrandbits(68):017x}",
        pool_id=pool.id,
        role=pool.role,
        instance_type=instance_type,
        market=market,
        weight=unit,
        private_ip=new_ip(),
        status=Status("PROVISIONING", now),
    )

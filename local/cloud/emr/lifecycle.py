"""How a cluster lives: from STARTING to TERMINATED, by timers; nothing here answers requests.

Every method runs under the plane's lock. What the runner must do is left as a command, never called here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from local.cloud.emr import capacity, provision
from local.cloud.emr.events import Teller
from local.cloud.emr.market import MARKETS, Market
from local.cloud.emr.model import Cluster, Instance, Pool
from local.cloud.plane import ControlPlane
from local.contracts import ClusterRunner

log = logging.getLogger(__name__)
DEFAULT_IDLE_SECONDS = 3600  # of an auto-termination policy that names none (EMR management guide)
RETRY_SECONDS = 30.0  # EC2 is asked again for what it did not have: a number of ours
# EMR's error code is INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-error-codes.html
_NO_CAPACITY = "EC2 is out of capacity in {zone} for the {role} nodes on demand: {units} units are missing."


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a cluster takes for what takes minutes on EMR, in seconds."""

    provisioning: float = 0.2
    bootstrapping: float = 0.1
    resizing: float = 0.1
    terminating: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What a user chooses of how clusters come up."""

    timing: Timing = field(default_factory=Timing)
    # Bootstrap actions were written for a node, not for a user's machine: they run when they are asked to.
    run_bootstrap: bool = False


class Lifecycle:
    """Brings clusters up, sizes them and ends them."""

    def __init__(
        self, plane: ControlPlane, runner: ClusterRunner, behaviour: Behaviour, market: Market
    ) -> None:
        self.plane, self.runner = plane, runner
        self.behaviour, self._timing, self._market = behaviour, behaviour.timing, market
        self.tell = Teller(plane)
        # The step scheduler's part, which it puts here.
        self.ready: Callable[[Cluster], None] = _nothing
        self.cancel_steps: Callable[[Cluster], None] = _nothing

    def launch(self, cluster: Cluster) -> None:
        """Begin: the cluster is STARTING, its nodes are asked for."""
        self.tell.cluster(cluster)
        provision.choose_zone(self._market, cluster)
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
            self._fill_soon(cluster, pool, self._timing.provisioning)

    def resize(self, cluster: Cluster, pool: Pool, why: str = "resizing to the requested capacity") -> None:
        """Start or stop nodes until the pool's targets are met again; `why` is the pool's and the event's reason."""
        for market in MARKETS:
            alive = [i for i in pool.running() if i.market == market]
            for index in capacity.to_stop(pool.wanted(market), [i.weight for i in alive]):
                self._end_instance(alive[index], None, "Instance was terminated by a resize request.")
        self._request_nodes(cluster, pool)
        if cluster.status.state in ("RUNNING", "WAITING"):
            pool.status.become("RESIZING", message=why[:1].upper() + why[1:])
            self.tell.pool(cluster, pool)
            self._fill_soon(cluster, pool, self._timing.resizing)

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
            self._bootstrap(cluster)
        elif state == "TERMINATING":
            self._end_soon(cluster)
        elif cluster.active:
            for pool in cluster.pools:
                if pool.status.state != "RUNNING":
                    self._fill_soon(cluster, pool, timing.resizing)

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
        if not self._whole(cluster):
            return
        cluster.status.become("BOOTSTRAPPING", message="Running bootstrap actions")
        for pool in cluster.pools:
            pool.status.become("BOOTSTRAPPING")
            for instance in pool.running():
                instance.status.become("BOOTSTRAPPING")
        self._bootstrap(cluster)

    def _bootstrap(self, cluster: Cluster) -> None:
        actions = cluster.bootstrap_actions()
        if not actions or not self.behaviour.run_bootstrap:
            self.plane.after(self._timing.bootstrapping, lambda: self._bootstrapped(cluster))
            return
        contract = cluster.contract()

        def done(failure: str | None) -> None:
            with self.plane.lock:
                if failure is not None and cluster.status.state == "BOOTSTRAPPING":
                    self.terminate(cluster, "BOOTSTRAP_FAILURE", failure)
                self.plane.after(self._timing.bootstrapping, lambda: self._bootstrapped(cluster))

        self.plane.command(lambda: self.runner.bootstrap(contract, actions, done))

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

    def _whole(self, cluster: Cluster) -> bool:
        """Whether a cluster that starts has all that it is to have; if not, it waits for it or ends."""
        waited = (self.plane.now() - cluster.status.created).total_seconds()
        for pool in cluster.pools:
            if any(pool.short.values()):
                self._request_nodes(cluster, pool)
            seconds, action = provision.spot_timeout(pool)
            if pool.short["SPOT"] and pool.kind == "FLEET" and waited >= seconds:
                if action == "TERMINATE_CLUSTER":
                    self.terminate(cluster, "INSTANCE_FLEET_TIMEOUT", _timed_out(pool))
                    return False
                log.info("cluster %s: %s; on demand instead", cluster.id, _timed_out(pool))
                provision.switch_to_on_demand(pool)
                self._request_nodes(cluster, pool)
            if pool.short["ON_DEMAND"]:
                text = _NO_CAPACITY.format(
                    zone=cluster.availability_zone, role=pool.role, units=pool.short["ON_DEMAND"]
                )
                self.terminate(cluster, "INTERNAL_ERROR", text)
                return False
        if any(pool.short["SPOT"] for pool in cluster.pools):
            cluster.status.message = "Provisioning Amazon EC2 capacity"
            self.plane.after(RETRY_SECONDS, lambda: self._provisioned(cluster))
            return False
        return True

    def _fill_soon(self, cluster: Cluster, pool: Pool, seconds: float) -> None:
        """Have what is asked for run after so long; what was under way for the pool is over."""
        pool.resizes += 1
        self.plane.after(seconds, partial(self._fill, cluster, pool, pool.resizes, self.plane.monotonic()))

    def _fill(self, cluster: Cluster, pool: Pool, resize: int, began: float) -> None:
        """What a resize has got runs; for what it has not, EC2 is asked again until the time-out of the fleet."""
        if not cluster.active or resize != pool.resizes:
            return
        if any(pool.short.values()):
            self._request_nodes(cluster, pool)
        timeout = provision.resize_timeout(pool)
        given_up = timeout is not None and self.plane.monotonic() - began >= timeout
        waiting = any(pool.short.values()) and not given_up
        self._settle(cluster, pool, whole=not waiting)
        contract = cluster.contract()
        self.plane.command(lambda: self.runner.resize(contract))
        if waiting:
            self.plane.after(RETRY_SECONDS, partial(self._fill, cluster, pool, resize, began))
        elif given_up:
            log.info(
                "cluster %s: %s gives up after %d s: %s units short", cluster.id, pool.id, timeout, pool.short
            )

    def _settle(self, cluster: Cluster, pool: Pool, *, whole: bool = True) -> None:
        """What there is of what was asked for runs; with `whole` that is all there will be."""
        now = self.plane.now()
        for instance in pool.running():
            if instance.status.state != "RUNNING":
                instance.status.ready = now
                instance.status.become("RUNNING")
        if not whole:
            return
        pool.status.ready = pool.status.ready or now
        resized = pool.status.state == "RESIZING"
        pool.status.become("RUNNING")
        self.tell.pool(cluster, pool, resized=resized)

    def _request_nodes(self, cluster: Cluster, pool: Pool) -> None:
        provision.request(self._market, cluster, pool, self.plane.now())

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


def _timed_out(pool: Pool) -> str:
    return (
        f"The {pool.role} instance fleet {pool.id} timed out: {pool.short['SPOT']} of {pool.wanted('SPOT')} "
        "units of Spot capacity were not available."
    )

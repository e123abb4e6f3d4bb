"""How steps run: in order, as many at a time as the cluster allows, and what follows when one fails.

Also the sink through which the runner reports. Words and rules are those of the API reference (StepConfig,
CancelSteps, TerminateJobFlows).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from local.cloud.emr.lifecycle import Lifecycle
from local.cloud.emr.model import STEP_ENDED, Cluster, Step
from local.contracts import StepFailure

log = logging.getLogger(__name__)
TERMINATE = ("TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW")
# EMR's reason for an end that it cannot explain; the message is ours, for AWS does not lose its own processes so.
LOST = StepFailure(
    reason="Unknown Error.", message="The local AWS ended while the step was running.", log_file=None
)
Find = Callable[[str], Cluster | None]


class Scheduler:
    """Gives steps to the runner and takes its reports: it is the runner's `StepSink`."""

    def __init__(self, lifecycle: Lifecycle, find: Find) -> None:
        self._lifecycle, self._find = lifecycle, find
        self._plane, self._runner, self._tell = lifecycle.plane, lifecycle.runner, lifecycle.tell
        lifecycle.ready = self.schedule
        lifecycle.cancel_steps = self._cancel_all

    def schedule(self, cluster: Cluster) -> None:
        """Start what may start; when nothing is left, the cluster idles or, if it is to, ends."""
        if cluster.status.state not in ("RUNNING", "WAITING"):
            return
        waiting = [s for s in cluster.open_steps() if not s.given]
        free = cluster.step_concurrency - sum(1 for s in cluster.open_steps() if s.given)
        for step in waiting[: max(0, free)]:
            self._give(cluster, step)
        if cluster.open_steps():
            self._lifecycle.disarm(cluster)
            if cluster.status.state != "RUNNING":
                cluster.status.become("RUNNING", message="Running step")
                self._tell.cluster(cluster)
        elif not cluster.keep_alive:
            self._lifecycle.terminate(cluster, "ALL_STEPS_COMPLETED", "Steps completed")
        elif cluster.status.state == "RUNNING" or cluster.idle_timer is None:
            if cluster.status.state == "RUNNING":
                cluster.status.become("WAITING", message="Cluster ready after last step completed.")
                self._tell.cluster(cluster)
            self._lifecycle.rearm(cluster)

    def resume(self, cluster: Cluster) -> None:
        """Go on with the steps of a cluster of a snapshot: what ran then has failed, what waited still waits."""
        for step in [s for s in cluster.open_steps() if s.given]:
            self.finished(cluster.id, step.id, LOST)
        self._plane.after(0, lambda: self.schedule(cluster))

    def cancel(self, cluster: Cluster, step: Step) -> str | None:
        """Cancel a step that has not ended. Returns why it cannot be, or None."""
        if step.status.state not in ("PENDING", "RUNNING"):
            return "Step is not in a cancellable state." if step.status.state in STEP_ENDED else None
        if not step.given:
            self._end(cluster, step, "CANCELLED", "Cancelled by user")
            self.schedule(cluster)
            return None
        step.status.become("CANCEL_PENDING", message="Cancelled by user")
        self._tell.step(cluster, step)
        self._plane.command(lambda: self._runner.cancel_step(cluster.id, step.id))
        return None

    def running(self, cluster_id: str, step_id: str) -> None:
        """The runner's report that a step's process has started."""
        with self._plane.lock:
            cluster, step = self._open_step(cluster_id, step_id)
            if cluster is not None and step is not None and step.status.state == "PENDING":
                step.status.started = self._plane.now()
                step.status.become("RUNNING")
                self._tell.step(cluster, step)

    def finished(self, cluster_id: str, step_id: str, failure: StepFailure | None) -> None:
        """The runner's report that a step's process has ended."""
        with self._plane.lock:
            cluster, step = self._open_step(cluster_id, step_id)
            if cluster is None or step is None:
                return
            step.status.started = step.status.started or self._plane.now()
            if failure is None:
                self._end(cluster, step, "COMPLETED")
            elif step.status.state == "CANCEL_PENDING":
                self._end(cluster, step, "CANCELLED", "Cancelled by user")
            else:
                step.failure = failure
                self._end(cluster, step, "FAILED", failure.reason)
                self._after_failure(cluster, step)
            # By a timer, so that the next step starts on the plane's thread, whoever reported.
            self._plane.after(0, lambda: self.schedule(cluster))

    def _open_step(self, cluster_id: str, step_id: str) -> tuple[Cluster | None, Step | None]:
        cluster = self._find(cluster_id)
        steps = cluster.open_steps() if cluster is not None else []
        return cluster, next((s for s in steps if s.id == step_id), None)

    def _give(self, cluster: Cluster, step: Step) -> None:
        step.given = True
        whole, part = cluster.contract(), step.contract()

        def start() -> None:
            try:
                self._runner.start_step(whole, part)
            except Exception as error:
                log.exception("step %s of %s does not start", step.id, cluster.id)
                self.finished(
                    cluster.id,
                    step.id,
                    StepFailure(reason="Unknown Error.", message=str(error), log_file=None),
                )

        self._plane.command(start)

    def _end(self, cluster: Cluster, step: Step, state: str, message: str | None = None) -> None:
        step.status.ended = self._plane.now()
        step.status.become(state, message=message)
        self._tell.step(cluster, step)

    def _after_failure(self, cluster: Cluster, step: Step) -> None:
        log.info(
            "step %s of %s failed: %s", step.id, cluster.id, step.failure.message if step.failure else ""
        )
        action = step.action_on_failure
        # "If you change StepConcurrencyLevel to be greater than 1 while a step is running …, pending steps
        # and the running step are not canceled; … the cluster does not terminate" (StepConfig).
        if action == "CONTINUE" or cluster.step_concurrency > 1:
            return
        # "If the cluster has termination protection enabled AND auto-terminate disabled, it will not
        # terminate" (EMR management guide, on termination protection); the steps behind it are cancelled.
        protected = cluster.termination_protected and cluster.keep_alive
        if action in TERMINATE and not protected:
            self._lifecycle.terminate(cluster, "STEP_FAILURE", "Shut down as step failed")
        else:
            self._cancel_all(cluster)

    def _cancel_all(self, cluster: Cluster) -> None:
        """Cancel what is open: "any step not yet completed is canceled" (TerminateJobFlows)."""
        for step in cluster.open_steps():
            self._end(
                cluster, step, "CANCELLED", "Job terminated" if not cluster.active else "Earlier step failed"
            )

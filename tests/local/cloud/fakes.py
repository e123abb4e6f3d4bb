"""A runner that runs nothing: it notes what it is told, and its steps end when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from local.contracts import (
    BootstrapAction,
    Cluster,
    JobRun,
    JobSink,
    Step,
    StepFailure,
    StepSink,
    YarnMetrics,
)

FAILURE = StepFailure(reason="Unknown Error.", message="exit code 1", log_file="s3://logs/x/stderr.gz")


class FakeRunner:
    """Notes calls in `calls`; `sink` is where it reports, set by the test's fixture."""

    def __init__(self) -> None:
        self.sink: StepSink | None = None
        self.calls: list[tuple[str, str]] = []
        self.sizes: list[int] = []
        self.last_step: Step | None = None
        self.last_cluster: Cluster | None = None
        self.broken: str | None = None
        self.loads: dict[str, YarnMetrics] = {}  # what YARN says, by cluster

    def start_step(self, cluster: Cluster, step: Step) -> None:
        self.calls.append(("start", step.step_id))
        self.last_cluster, self.last_step = cluster, step
        if self.broken:
            raise RuntimeError(self.broken)
        assert self.sink is not None
        self.sink.running(cluster.cluster_id, step.step_id)

    def cancel_step(self, cluster_id: str, step_id: str) -> None:
        self.calls.append(("cancel", step_id))

    def bootstrap(
        self, cluster: Cluster, actions: Sequence[BootstrapAction], done: Callable[[str | None], None]
    ) -> None:
        self.calls.append(("bootstrap", ",".join(action.name for action in actions)))
        done(self.broken)

    def resize(self, cluster: Cluster) -> None:
        self.calls.append(("resize", cluster.cluster_id))
        self.sizes.append(len(cluster.instances))

    def terminate(self, cluster_id: str) -> None:
        self.calls.append(("terminate", cluster_id))

    def leave(self, cluster_id: str, instance_id: str) -> None:
        self.calls.append(("leave", instance_id))

    def lose(self, cluster_id: str, instance_id: str) -> None:
        self.calls.append(("lose", instance_id))

    def metrics(self, cluster_id: str) -> YarnMetrics | None:
        return self.loads.get(cluster_id)

    def status(self) -> Sequence[Mapping[str, object]]:
        return ()

    def stop(self) -> None:
        self.calls.append(("stop", ""))


class FakeJobs:
    """A runner of job runs that runs nothing: drivers start at once and end when the test says so."""

    def __init__(self) -> None:
        self.started: dict[str, JobRun] = {}
        self.cancelled: dict[str, float] = {}
        self.broken: str | None = None
        self._sink: JobSink | None = None

    def start_run(self, run: JobRun, sink: JobSink) -> None:
        if self.broken:
            raise RuntimeError(self.broken)
        self.started[run.run_id], self._sink = run, sink
        sink.running(run.run_id, run.attempt)

    def cancel_run(self, run_id: str, grace_seconds: float) -> None:
        self.cancelled[run_id] = grace_seconds

    def end(self, run_id: str, failure: str | None = None) -> None:
        """Report the end of a driver."""
        assert self._sink is not None
        self._sink.finished(run_id, self.started[run_id].attempt, failure)

    def status(self) -> Sequence[Mapping[str, object]]:
        return ()

    def stop(self) -> None:
        """Nothing runs."""

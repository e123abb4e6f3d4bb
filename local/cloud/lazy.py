"""Runners that are made when they are first needed, so that a server is ready before Spark's code is loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from local.contracts import (
    BootstrapAction,
    Cluster,
    ClusterRunner,
    JobRun,
    JobRunner,
    JobSink,
    Step,
    YarnMetrics,
)

_Runner = TypeVar("_Runner", bound=ClusterRunner | JobRunner)


class _Lazy(Generic[_Runner]):
    """Passes all on to the runner that `make` makes at the first piece of work; until then there is nothing to do."""

    def __init__(self, make: Callable[[], _Runner]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._runner: _Runner | None = None

    def status(self) -> Sequence[Mapping[str, object]]:
        return () if self._runner is None else self._runner.status()

    def stop(self) -> None:
        if self._runner is not None:
            self._runner.stop()

    def _needed(self) -> _Runner:
        with self._lock:
            if self._runner is None:
                self._runner = self._make()
            return self._runner


class LazyRunner(_Lazy[ClusterRunner]):
    """The runner of clusters."""

    def start_step(self, cluster: Cluster, step: Step) -> None:
        self._needed().start_step(cluster, step)

    def cancel_step(self, cluster_id: str, step_id: str) -> None:
        if self._runner is not None:
            self._runner.cancel_step(cluster_id, step_id)

    def bootstrap(
        self, cluster: Cluster, actions: Sequence[BootstrapAction], done: Callable[[str | None], None]
    ) -> None:
        self._needed().bootstrap(cluster, actions, done)

    def resize(self, cluster: Cluster) -> None:
        if self._runner is not None:
            self._runner.resize(cluster)

    def terminate(self, cluster_id: str) -> None:
        if self._runner is not None:
            self._runner.terminate(cluster_id)

    def leave(self, cluster_id: str, instance_id: str) -> None:
        if self._runner is not None:
            self._runner.leave(cluster_id, instance_id)

    def lose(self, cluster_id: str, instance_id: str) -> None:
        if self._runner is not None:
            self._runner.lose(cluster_id, instance_id)

    def metrics(self, cluster_id: str) -> YarnMetrics | None:
        return None if self._runner is None else self._runner.metrics(cluster_id)


class LazyJobs(_Lazy[JobRunner]):
    """The runner of job runs."""

    def start_run(self, run: JobRun, sink: JobSink) -> None:
        self._needed().start_run(run, sink)

    def cancel_run(self, run_id: str, grace_seconds: float) -> None:
        if self._runner is not None:
            self._runner.cancel_run(run_id, grace_seconds)

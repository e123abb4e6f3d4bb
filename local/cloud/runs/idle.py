"""The runner that runs nothing: drivers start at once and succeed when some time has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.cloud.plane import ControlPlane, Timer
from local.contracts import JobRun, JobSink


class IdleRunner:
    """Stands in where no Spark is given; it goes by the control plane's clock."""

    def __init__(self, plane: ControlPlane, seconds: float = 1.0) -> None:
        self._plane, self._seconds = plane, seconds
        self._open: dict[str, tuple[JobRun, JobSink, Timer]] = {}

    def start_run(self, run: JobRun, sink: JobSink) -> None:
        sink.running(run.run_id, run.attempt)
        timer = self._plane.after(self._seconds, lambda: self._end(run.run_id, None))
        self._open[run.run_id] = (run, sink, timer)

    def cancel_run(self, run_id: str, grace_seconds: float) -> None:  # noqa: ARG002 nothing runs that could use it
        self._end(run_id, "cancelled")

    def status(self) -> Sequence[Mapping[str, object]]:
        return [{"run_id": run_id} for run_id in self._open]

    def stop(self) -> None:
        for _, _, timer in self._open.values():
            timer.cancel()
        self._open.clear()

    def _end(self, run_id: str, failure: str | None) -> None:
        if run_id in self._open:
            run, sink, timer = self._open.pop(run_id)
            timer.cancel()
            sink.finished(run_id, run.attempt, failure)

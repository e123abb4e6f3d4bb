"""Runs the job runs of EMR Serverless and EMR on EKS: each attempt a driver process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from facts.errors import UserError
from local.contracts import JobRun, JobSink
from local.keys import Key
from local.spark import lanes, toolchain
from local.spark.clients import BotoClients, fixed
from local.spark.driver import Driver
from local.spark.lanes import Lane
from local.spark.toolchain import Toolchain

log = logging.getLogger(__name__)
_END_SECONDS = 15.0


class SparkJobs:
    """Implements `local.contracts.JobRunner`.

    `keys` are those of the services that run jobs, by `JobRun.service`: with them roles are assumed; no driver sees
    them.
    """

    def __init__(
        self, home: Path, endpoint: str, region: str, keys: Mapping[str, Key],
        *, tools: Callable[[Lane], Toolchain] | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._endpoint = home / "jobs", endpoint
        self._clients = {name: BotoClients(endpoint, region, fixed(key)) for name, key in keys.items()}
        self._tools = tools or toolchain.finder()
        self._lock = threading.Lock()
        self._drivers: dict[str, tuple[Driver, threading.Thread]] = {}

    def start_run(self, run: JobRun, sink: JobSink) -> None:
        folder = self._folder / run.run_id / str(run.attempt)
        driver = Driver(run, folder, self._clients[run.service], self._endpoint)
        thread = threading.Thread(target=self._run, args=(run, driver, sink), name=run.run_id, daemon=True)
        with self._lock:
            self._drivers[run.run_id] = (driver, thread)
        thread.start()

    def cancel_run(self, run_id: str, grace_seconds: float) -> None:
        with self._lock:
            found = self._drivers.get(run_id)
        if found is not None:
            found[0].cancel(grace_seconds)

    def status(self) -> Sequence[Mapping[str, object]]:
        with self._lock:
            return [{"run_id": run_id, "pid": driver.pid} for run_id, (driver, _) in self._drivers.items()]

    def stop(self) -> None:
        with self._lock:
            found = list(self._drivers.values())
        for driver, _ in found:
            driver.cancel(0)
        for _, thread in found:
            thread.join(_END_SECONDS)

    def _run(self, run: JobRun, driver: Driver, sink: JobSink) -> None:
        """The whole of an attempt: its thread's target. Whatever happens, the sink is told."""
        outcome: str | None = "the Spark runner failed; see emrctl local logs"
        try:
            outcome = driver.run(self._tools(lanes.lane(run.release_label)), sink)
        except UserError as error:
            outcome = str(error)
        except Exception:
            log.exception("job run %s", run.run_id)
        finally:
            with self._lock:
                self._drivers.pop(run.run_id, None)
            sink.finished(run.run_id, run.attempt, outcome)

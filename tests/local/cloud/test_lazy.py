"""A lazy runner is made at the first piece of work, once; before that there is nothing to do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from local.cloud.lazy import LazyJobs
from local.contracts import JobRun, Sizes
from tests.local.cloud.fakes import FakeJobs

SIZES = Sizes(driver_cores=1, driver_memory_mb=4096, executors=3, executor_cores=2, executor_memory_mb=8192)
RUN = JobRun(
    run_id="1", attempt=1, service="emr-containers", parent_id="c", region="us-east-1", release_label="r",
    execution_role_arn="arn:role", session_policies={}, driver="spark-submit", entry_point="s3://a/b.py", arguments=(),
    parameters="", configurations=(), sizes=SIZES, driver_logs=None,
)  # fmt: skip


class _Sink:
    def running(self, run_id: str, attempt: int) -> None:
        """Nothing to note."""

    def finished(self, run_id: str, attempt: int, failure: str | None) -> None:
        """Nothing to note."""


def test_it_is_made_by_the_first_run_and_only_once() -> None:
    made: list[FakeJobs] = []

    def make() -> FakeJobs:
        made.append(FakeJobs())
        return made[-1]

    jobs = LazyJobs(make)
    jobs.cancel_run("0", 0)
    jobs.stop()
    assert (made, jobs.status()) == ([], ())

    for _ in range(2):
        jobs.start_run(RUN, _Sink())
    jobs.cancel_run("1", 3)
    assert [(m.started, m.cancelled) for m in made] == [({"1": RUN}, {"1": 3})]


def test_a_runner_that_cannot_be_made_is_tried_again() -> None:
    def broken() -> Any:
        raise RuntimeError("no Java")

    jobs = LazyJobs(broken)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no Java"):
            jobs.start_run(RUN, _Sink())


def test_a_server_is_loaded_without_moto() -> None:
    """moto takes seconds: it is loaded when the server listens, by the first request to a service."""
    check = "import sys, local.cloud.server; sys.exit('moto' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)

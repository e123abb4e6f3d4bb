"""What EventBridge is told of applications and job runs: every change, once, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from local.cloud.clock import ManualClock
from local.cloud.emr_containers.backend import ContainersBackend
from local.cloud.emr_containers.control import ContainersControl
from local.cloud.emr_serverless.backend import ServerlessBackend
from local.cloud.emr_serverless.control import ServerlessControl
from local.cloud.plane import ControlPlane
from local.cloud.runs import conductor
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.idle import IdleRunner
from tests.local.cloud.fakes import FakeJobs

REGION = "us-east-1"


class Told:
    """Notes events; a control plane that the test moves."""

    def __init__(self) -> None:
        self.clock, self.events = ManualClock(), []  # type: ignore[var-annotated]
        self.plane = ControlPlane(self.clock)

    def __call__(
        self, account: str, region: str, source: str, kind: str, detail: Mapping[str, Any],
        resources: Sequence[str],
    ) -> None:  # fmt: skip
        assert (account, region, resources) == (ACCOUNT, REGION, [])
        self.events.append((source, kind, dict(detail)))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.plane.settle()

    def states(self, kind: str) -> list[tuple[str | None, str]]:
        return [(d.get("previousState"), d["state"]) for _, k, d in self.events if k == kind]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    for lifecycle in ("emr_serverless", "emr_containers"):
        monkeypatch.setattr(f"local.cloud.{lifecycle}.lifecycle.trust_policy", lambda *_: {"Statement": []})
    monkeypatch.setattr("local.cloud.emr_serverless.lifecycle.trusts", lambda *_: True)
    return Told()


def serverless(told: Told, runner: Any) -> tuple[ServerlessBackend, str]:
    backend = ServerlessBackend(
        REGION, ACCOUNT, control=ServerlessControl(Conductor(told.plane, runner), told)
    )
    made = backend.create_application(
        {"releaseLabel": "emr-spark-8.0.0", "type": "SPARK", "clientToken": "a"}
    )
    return backend, made["applicationId"]


def start(backend: ServerlessBackend, application: str, **more: Any) -> str:
    ask = {
        "applicationId": application, "clientToken": "r", "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/job",
        "jobDriver": {"sparkSubmit": {"entryPoint": "s3://a/b.py"}}, "name": "nightly", **more,
    }  # fmt: skip
    return str(backend.start_job_run(ask)["jobRunId"])


def test_every_state_of_an_application_and_its_run_is_told_once(told: Told) -> None:
    backend, application = serverless(told, IdleRunner(told.plane, seconds=5))
    told.pass_time(1)
    run = start(backend, application)
    told.pass_time(3)
    told.pass_time(5)
    told.pass_time(16 * 60)

    assert told.states("EMR Serverless Job Run State Change") == [
        (None, "SUBMITTED"), ("SUBMITTED", "PENDING"), ("PENDING", "SCHEDULED"), ("SCHEDULED", "RUNNING"),
        ("RUNNING", "SUCCESS"),
    ]  # fmt: skip
    assert [state for _, state in told.states("EMR Serverless Application State Change")] == [
        "CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED",
    ]  # fmt: skip
    source, _, detail = next(e for e in told.events if "Job Run" in e[1])
    assert source == "aws.emr-serverless"
    assert (detail["jobRunId"], detail["jobRunName"], detail["applicationId"]) == (
        run,
        "nightly",
        application,
    )
    assert detail["createdAt"] == "2025-01-01T00:00:01.000000Z"


def test_a_retry_is_told_and_no_failure_with_it(told: Told) -> None:
    jobs = FakeJobs()
    backend, application = serverless(told, jobs)
    run = start(backend, application, retryPolicy={"maxAttempts": 2})
    told.pass_time(3)
    jobs.end(run, "error")
    told.pass_time(3)
    jobs.end(run)

    states = [state for _, state in told.states("EMR Serverless Job Run State Change")]
    retries = [d["attempt"] for _, kind, d in told.events if kind == "EMR Serverless Job Run Retry"]
    assert states[-1] == "SUCCESS"
    assert "FAILED" not in states
    assert retries == [2]


def test_runs_on_eks_are_told_too(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContainersBackend, "_has_eks_cluster", lambda *_: True)
    runner = IdleRunner(told.plane)
    backend = ContainersBackend(
        REGION, ACCOUNT, control=ContainersControl(Conductor(told.plane, runner), told)
    )
    provider = {"type": "EKS", "id": "main"}
    cluster = backend.create_virtual_cluster(
        {"name": "a", "containerProvider": provider, "clientToken": "a"}
    )["id"]
    run = backend.start_job_run({
        "virtualClusterId": cluster, "clientToken": "r", "releaseLabel": "emr-spark-8.0.0-latest",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/pod",
        "jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "s3://a/b.py"}},
    })["id"]  # fmt: skip
    told.pass_time(1)
    told.pass_time(2)

    events = [(s, d["state"]) for s, kind, d in told.events if kind == "EMR Job Run State Change"]
    assert events == [
        ("aws.emr-containers", state) for state in ("PENDING", "SUBMITTED", "RUNNING", "COMPLETED")
    ]
    assert {(d["virtualClusterId"], d["id"]) for _, _, d in told.events} == {(cluster, run)}


def test_an_idle_runner_ends_what_is_cancelled(told: Told) -> None:
    backend, application = serverless(told, IdleRunner(told.plane, seconds=3600))
    run = start(backend, application)
    told.pass_time(3)
    backend.cancel_job_run({"applicationId": application, "jobRunId": run})
    told.pass_time(1)
    assert (
        backend.get_job_run({"applicationId": application, "jobRunId": run})["jobRun"]["state"] == "CANCELLED"
    )


def test_long_details_are_cut_to_what_the_api_shows(told: Told) -> None:
    jobs = FakeJobs()
    backend, application = serverless(told, jobs)
    run = start(backend, application)
    told.pass_time(3)
    jobs.end(run, "x" * 5000)
    shown = backend.get_job_run({"applicationId": application, "jobRunId": run})["jobRun"]
    assert len(shown["stateDetails"]) <= conductor.DETAILS

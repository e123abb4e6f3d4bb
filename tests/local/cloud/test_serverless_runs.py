"""Job runs of EMR Serverless over time: states, queue, retries, time-out, cancellation, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.serverless import MINUTE, ROLE, Serverless, make_role

LOGS = {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/here/"}}}


@pytest.fixture
def serverless(cloud: Cloud) -> Serverless:
    return Serverless(cloud)


@pytest.fixture
def application(serverless: Serverless) -> str:
    return serverless.create()


def test_a_run_starts_its_application_and_goes_through_its_states(
    serverless: Serverless, application: str
) -> None:
    run = serverless.submit(application)
    seen = [serverless.run(run)["state"]]
    for _ in range(10):
        serverless.cloud.pass_time(0.1)
        state = serverless.run(run)["state"]
        seen += [state] if state != seen[-1] else []
    started = serverless.state(application)
    serverless.end(run)

    assert seen == ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING"]
    assert (started, serverless.run(run)["state"]) == ("STARTED", "SUCCESS")


def test_a_run_shows_what_it_was_given_and_its_times(serverless: Serverless, application: str) -> None:
    given: dict[str, Any] = {
        "name": "nightly", "tags": {"team": "a"}, "executionTimeoutMinutes": 30, "mode": "BATCH",
        "configurationOverrides": LOGS, "retryPolicy": {"maxAttempts": 2},
        "jobDriver": {"sparkSubmit": {"entryPoint": "s3://code/a.py", "entryPointArguments": ["x"],
                                      "sparkSubmitParameters": "--conf spark.a=b"}},
    }  # fmt: skip
    run = serverless.running(application, **given)
    serverless.cloud.pass_time(60)
    before = serverless.run(run)
    serverless.cloud.jobs.end(run[1])
    shown = serverless.run(run)

    assert {name: shown[name] for name in given} == given
    assert (shown["executionRole"], shown["attempt"]) == (ROLE, 1)
    assert shown["createdBy"].startswith("arn:aws:")
    assert "totalExecutionDurationSeconds" not in before
    assert shown["createdAt"] < shown["startedAt"] < shown["endedAt"] == shown["updatedAt"]
    assert shown["totalExecutionDurationSeconds"] == pytest.approx(61, abs=1)


def test_the_runner_is_told_all_of_a_run(serverless: Serverless) -> None:
    runtime = [{"classification": "spark-defaults", "properties": {"spark.a": "b"}}]
    own = [{"classification": "spark-defaults", "properties": {"spark.c": "d"}}]
    application = serverless.create(runtimeConfiguration=runtime)
    run = serverless.running(
        application, configurationOverrides={**LOGS, "applicationConfiguration": own},
        jobDriver={"sparkSubmit": {"entryPoint": "s3://code/a.py", "entryPointArguments": ["x"],
                                   "sparkSubmitParameters": "--conf spark.a=b"}},
        executionIamPolicy={"policy": "{}", "policyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
    )  # fmt: skip
    told = serverless.cloud.jobs.started[run[1]]

    arns = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    assert told.session_policies == {"Policy": "{}", "PolicyArns": arns}

    assert (told.service, told.parent_id, told.attempt, told.driver) == (
        "emr-serverless", application, 1, "spark-submit",
    )  # fmt: skip
    assert (told.entry_point, told.arguments, told.parameters) == (
        "s3://code/a.py",
        ("x",),
        "--conf spark.a=b",
    )
    assert list(told.configurations) == runtime + own
    assert told.driver_logs == f"s3://logs/here/applications/{application}/jobs/{run[1]}/SPARK_DRIVER"
    assert (told.execution_role_arn, told.region) == (ROLE, serverless.cloud.region)


def test_a_failed_run_says_why(serverless: Serverless, application: str) -> None:
    run = serverless.running(application)
    serverless.end(run, "ValueError: no data")

    shown = serverless.run(run)
    assert shown["state"] == "FAILED"
    assert shown["stateDetails"].startswith("Job failed, please check complete logs")
    assert "ValueError: no data" in shown["stateDetails"]


def test_a_batch_run_is_tried_as_often_as_its_policy_says(serverless: Serverless, application: str) -> None:
    run = serverless.running(application, retryPolicy={"maxAttempts": 3}, configurationOverrides=LOGS)
    states = []
    for number in range(3):
        states.append(serverless.run(run)["state"])
        assert serverless.run(run)["attempt"] == number + 1
        serverless.end(run, f"error {number + 1}")

    attempts = serverless.api.list_job_run_attempts(applicationId=run[0], jobRunId=run[1])["jobRunAttempts"]
    assert states == ["RUNNING"] * 3
    assert serverless.run(run)["state"] == "FAILED"
    assert [(a["attempt"], a["state"]) for a in attempts] == [(1, "FAILED"), (2, "FAILED"), (3, "FAILED")]
    assert "error 1" in serverless.run(run, attempt=1)["stateDetails"]
    assert serverless.cloud.jobs.started[run[1]].driver_logs == (
        f"s3://logs/here/applications/{application}/jobs/{run[1]}/attempts/3/SPARK_DRIVER"
    )


def test_a_second_attempt_may_succeed(serverless: Serverless, application: str) -> None:
    run = serverless.running(application, retryPolicy={"maxAttempts": 5})
    serverless.end(run, "error")
    serverless.end(run)

    shown = serverless.run(run)
    assert (shown["state"], shown["attempt"]) == ("SUCCESS", 2)
    with pytest.raises(ClientError, match="Attempt 3"):
        serverless.run(run, attempt=3)


def test_a_streaming_run_is_tried_until_it_fails_too_often_within_an_hour(
    serverless: Serverless, application: str
) -> None:
    run = serverless.running(application, mode="STREAMING", retryPolicy={"maxFailedAttemptsPerHour": 2})
    for _ in range(4):
        serverless.end(run, "error")
        serverless.cloud.pass_time(61 * MINUTE)
    seldom = serverless.run(run)["state"]
    serverless.end(run, "error")
    serverless.end(run, "error")

    assert (seldom, serverless.run(run)["state"]) == ("RUNNING", "FAILED")
    assert serverless.run(run)["attempt"] == 6


def test_a_run_that_takes_too_long_is_cancelled(serverless: Serverless, application: str) -> None:
    run = serverless.running(application, executionTimeoutMinutes=30)
    serverless.cloud.pass_time(29 * MINUTE)
    before = serverless.run(run)["state"]
    serverless.cloud.pass_time(2 * MINUTE)
    during = serverless.run(run)["state"]
    serverless.end(run, "killed")

    assert (before, during, serverless.run(run)["state"]) == ("RUNNING", "CANCELLING", "CANCELLED")
    assert "timeout of 30 minutes" in serverless.run(run)["stateDetails"]
    assert run[1] in serverless.cloud.jobs.cancelled


def test_twelve_hours_is_the_default_time_out_and_streaming_may_have_none(
    serverless: Serverless, application: str
) -> None:
    batch = serverless.running(application)
    endless = serverless.running(application, mode="STREAMING", executionTimeoutMinutes=0)
    serverless.cloud.pass_time(13 * 60 * MINUTE)

    assert (serverless.run(batch)["state"], serverless.run(endless)["state"]) == ("CANCELLING", "RUNNING")
    assert serverless.run(batch)["executionTimeoutMinutes"] == 720


def test_a_running_driver_is_cancelled_by_the_runner(serverless: Serverless, application: str) -> None:
    run = serverless.running(application)
    serverless.api.cancel_job_run(applicationId=run[0], jobRunId=run[1], shutdownGracePeriodInSeconds=20)
    serverless.cloud.pass_time()
    during = serverless.run(run)["state"]
    serverless.end(run, "killed")

    assert (during, serverless.run(run)["state"]) == ("CANCELLING", "CANCELLED")
    assert serverless.cloud.jobs.cancelled[run[1]] == 20


def test_a_run_that_waits_is_cancelled_without_the_runner(serverless: Serverless, application: str) -> None:
    run = serverless.submit(application)
    serverless.api.cancel_job_run(applicationId=run[0], jobRunId=run[1])
    during = serverless.run(run)["state"]
    serverless.cloud.pass_time(5)

    assert (during, serverless.run(run)["state"]) == ("CANCELLING", "CANCELLED")
    assert run[1] not in serverless.cloud.jobs.started


def test_a_cancelled_run_is_not_tried_again(serverless: Serverless, application: str) -> None:
    run = serverless.running(application, retryPolicy={"maxAttempts": 3})
    serverless.api.cancel_job_run(applicationId=run[0], jobRunId=run[1])
    serverless.end(run, "killed")
    assert (serverless.run(run)["state"], serverless.run(run)["attempt"]) == ("CANCELLED", 1)


def test_a_run_that_has_ended_cannot_be_cancelled(serverless: Serverless, application: str) -> None:
    run = serverless.running(application)
    serverless.end(run)
    with pytest.raises(ClientError, match="cannot be cancelled: it is SUCCESS"):
        serverless.api.cancel_job_run(applicationId=run[0], jobRunId=run[1])


def test_the_same_token_starts_one_run(serverless: Serverless, application: str) -> None:
    first, second = (serverless.submit(application, clientToken="once", name="a") for _ in range(2))
    with pytest.raises(ClientError) as refused:
        serverless.submit(application, clientToken="once", name="b")

    assert first == second
    assert len(serverless.api.list_job_runs(applicationId=application)["jobRuns"]) == 1
    assert refused.value.response["Error"]["Code"] == "ConflictException"


def test_runs_beyond_the_concurrency_queue_and_follow_in_order(serverless: Serverless) -> None:
    application = serverless.create(schedulerConfiguration={"maxConcurrentRuns": 1})
    runs = [serverless.submit(application) for _ in range(3)]
    serverless.cloud.pass_time(2)
    first = [serverless.run(run)["state"] for run in runs]
    serverless.end(runs[0])
    second = [serverless.run(run)["state"] for run in runs]

    assert first == ["RUNNING", "QUEUED", "QUEUED"]
    assert second == ["SUCCESS", "RUNNING", "QUEUED"]


def test_a_run_that_queues_too_long_is_cancelled(serverless: Serverless) -> None:
    application = serverless.create(
        schedulerConfiguration={"maxConcurrentRuns": 1, "queueTimeoutMinutes": 15}
    )
    first, second = serverless.running(application), serverless.running(application)
    serverless.cloud.pass_time(16 * MINUTE)

    assert (serverless.run(first)["state"], serverless.run(second)["state"]) == ("RUNNING", "CANCELLED")
    assert "queue timeout" in serverless.run(second)["stateDetails"]


@pytest.mark.parametrize(("release", "second"), [("emr-7.1.0", "RUNNING"), ("emr-7.13.0", "QUEUED")])
def test_releases_since_7_3_queue_the_sixteenth_run_by_default(
    serverless: Serverless, release: str, second: str
) -> None:
    application = serverless.create(releaseLabel=release)
    runs = [serverless.submit(application) for _ in range(16)]
    serverless.cloud.pass_time(5)
    assert {serverless.run(run)["state"] for run in runs[:15]} == {"RUNNING"}
    assert serverless.run(runs[15])["state"] == second


def test_a_role_that_does_not_trust_the_service_fails_the_run(
    serverless: Serverless, application: str
) -> None:
    other = make_role(serverless.cloud, "untrusting", {"Version": "2012-10-17", "Statement": []})
    missing = "arn:aws:iam::123456789012:role/nobody"
    for role in (other, missing):
        shown = serverless.run(serverless.running(application, executionRoleArn=role))
        assert shown["state"] == "FAILED"
        assert shown["stateDetails"].startswith(f"Could not assume runtime role {role}")


def test_a_runner_that_cannot_start_a_run_fails_it(serverless: Serverless, application: str) -> None:
    serverless.cloud.jobs.broken = "no Java"
    shown = serverless.run(serverless.running(application))
    assert shown["state"] == "FAILED"
    assert "no Java" in shown["stateDetails"]


def test_without_auto_start_a_job_needs_a_started_application(serverless: Serverless) -> None:
    application = serverless.create(autoStartConfiguration={"enabled": False})
    with pytest.raises(ClientError, match=r"must be in one of the following statuses: \[STARTING, STARTED\]"):
        serverless.submit(application)

    serverless.start(application)
    assert serverless.run(serverless.running(application))["state"] == "RUNNING"


def test_runs_are_listed_newest_first_by_state_and_mode(serverless: Serverless, application: str) -> None:
    done = serverless.running(application)
    serverless.end(done)
    streaming = serverless.running(application, mode="STREAMING")

    def listed(**more: Any) -> list[str]:
        return [r["id"] for r in serverless.api.list_job_runs(applicationId=application, **more)["jobRuns"]]

    assert listed() == [streaming[1], done[1]]
    assert listed(states=["SUCCESS", "FAILED"]) == [done[1]]
    assert listed(mode="STREAMING") == [streaming[1]]
    assert listed(createdAtAfter=serverless.run(done)["createdAt"]) == [streaming[1]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"executionTimeoutMinutes": 4}, "RunTimeout must be at least 5 minutes."),
        ({"executionTimeoutMinutes": 0}, "not 0"),
        ({"executionTimeoutMinutes": 10081}, "at most 10080"),
        ({"retryPolicy": {"maxAttempts": 11}}, "maxAttempts must be between 1 and 10"),
        ({"retryPolicy": {"maxFailedAttemptsPerHour": 2}}, "not applicable to mode BATCH"),
        ({"mode": "STREAMING", "retryPolicy": {"maxAttempts": 2}}, "not applicable to mode STREAMING"),
        ({"jobDriver": {"hive": {"query": "s3://q"}}}, "The job driver of a Spark application must be sparkSubmit"),
        ({"executionRoleArn": "arn:aws:iam::999999999999:role/other"}, "Cross-account pass role is not allowed."),
        ({"mode": "SOMETIMES"}, "[BATCH, STREAMING]"),
    ],
)  # fmt: skip
def test_what_is_refused(
    serverless: Serverless, application: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        serverless.submit(application, **changes)
    assert message in refused.value.response["Error"]["Message"]
    assert serverless.api.list_job_runs(applicationId=application)["jobRuns"] == []


@pytest.mark.parametrize("policy", [{"mode": "STREAMING"}, {"retryPolicy": {"maxAttempts": 2}}])
def test_streaming_and_retries_need_7_1(serverless: Serverless, policy: dict[str, Any]) -> None:
    application = serverless.create(releaseLabel="emr-7.0.0")
    with pytest.raises(ClientError, match=r"emr-7\.1\.0 and above"):
        serverless.submit(application, **policy)


def test_a_deleted_application_takes_no_runs(serverless: Serverless, application: str) -> None:
    serverless.api.delete_application(applicationId=application)
    with pytest.raises(ClientError, match=r"is terminated\. Cannot start job run\."):
        serverless.submit(application)

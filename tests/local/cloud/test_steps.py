"""Steps: their order, how many at a time, what a failure brings, and how they are cancelled."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FAILURE

SCOPED = json.dumps({
    "AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}
})  # fmt: skip


def test_steps_run_one_after_the_other(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    first, second = cloud.add_steps(cluster_id, "first", "second")
    assert cloud.steps(cluster_id) == {"first": "RUNNING", "second": "PENDING"}
    assert cloud.state(cluster_id) == "RUNNING"

    cloud.finish(cluster_id, first)
    assert cloud.steps(cluster_id) == {"first": "COMPLETED", "second": "RUNNING"}
    cloud.finish(cluster_id, second)
    assert cloud.state(cluster_id) == "WAITING"


def test_steps_of_a_cluster_that_is_not_up_yet_wait_for_it(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    cloud.add_steps(cluster_id, "early")
    assert cloud.steps(cluster_id) == {"early": "PENDING"}

    cloud.pass_time(10)
    assert cloud.steps(cluster_id) == {"early": "RUNNING"}


def test_as_many_steps_run_as_the_cluster_allows(cloud: Cloud) -> None:
    cluster_id = cloud.ready(StepConcurrencyLevel=2)
    one, _, _ = cloud.add_steps(cluster_id, "one", "two", "three")
    assert cloud.steps(cluster_id) == {"one": "RUNNING", "two": "RUNNING", "three": "PENDING"}

    cloud.finish(cluster_id, one)
    assert cloud.steps(cluster_id) == {"one": "COMPLETED", "two": "RUNNING", "three": "RUNNING"}


def test_a_raised_concurrency_starts_what_waits(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    cloud.add_steps(cluster_id, "one", "two")
    answer = cloud.client("emr").modify_cluster(ClusterId=cluster_id, StepConcurrencyLevel=5)
    cloud.pass_time()

    assert answer["StepConcurrencyLevel"] == 5
    assert cloud.steps(cluster_id) == {"one": "RUNNING", "two": "RUNNING"}


def test_steps_in_parallel_can_only_continue_on_failure(cloud: Cloud) -> None:
    cluster_id = cloud.ready(StepConcurrencyLevel=2)
    with pytest.raises(ClientError, match="ActionOnFailure setting is not valid: CANCEL_AND_WAIT"):
        cloud.add_steps(cluster_id, "one", action="CANCEL_AND_WAIT")
    assert cloud.steps(cluster_id) == {}


def test_after_a_failure_the_next_step_runs_or_all_are_cancelled(cloud: Cloud) -> None:
    continued, cancelled = cloud.ready(), cloud.ready()
    first, _ = cloud.add_steps(continued, "first", "second", action="CONTINUE")
    cloud.finish(continued, first, failure=FAILURE)
    first, _ = cloud.add_steps(cancelled, "first", "second", action="CANCEL_AND_WAIT")
    cloud.finish(cancelled, first, failure=FAILURE)

    assert cloud.steps(continued) == {"first": "FAILED", "second": "RUNNING"}
    assert cloud.steps(cancelled) == {"first": "FAILED", "second": "CANCELLED"}
    assert cloud.state(cancelled) == "WAITING"


def test_a_concurrency_raised_meanwhile_takes_the_sting_out_of_a_failure(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    first, _ = cloud.add_steps(cluster_id, "first", "second", action="TERMINATE_CLUSTER")
    cloud.client("emr").modify_cluster(ClusterId=cluster_id, StepConcurrencyLevel=2)
    cloud.finish(cluster_id, first, failure=FAILURE)

    assert cloud.state(cluster_id) == "RUNNING"
    assert cloud.steps(cluster_id) == {"first": "FAILED", "second": "RUNNING"}


def test_a_failed_step_says_why_and_where_it_is_logged(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    (step_id,) = cloud.add_steps(cluster_id, "bad")
    cloud.finish(cluster_id, step_id, failure=FAILURE)

    status = cloud.client("emr").describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]["Status"]
    assert status["FailureDetails"] == {
        "Reason": "Unknown Error.", "Message": "exit code 1", "LogFile": "s3://logs/x/stderr.gz",
    }  # fmt: skip
    assert status["Timeline"].keys() == {"CreationDateTime", "StartDateTime", "EndDateTime"}


def test_a_waiting_step_is_cancelled_at_once(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    first, second = cloud.add_steps(cluster_id, "first", "second")
    told = cloud.client("emr").cancel_steps(ClusterId=cluster_id, StepIds=[second])
    cloud.finish(cluster_id, first)

    assert told["CancelStepsInfoList"] == [{"StepId": second, "Status": "SUBMITTED"}]
    assert cloud.steps(cluster_id) == {"first": "COMPLETED", "second": "CANCELLED"}
    assert ("start", second) not in cloud.runner.calls


def test_a_running_step_is_cancelled_by_the_runner(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    (step_id,) = cloud.add_steps(cluster_id, "long")
    cloud.client("emr").cancel_steps(ClusterId=cluster_id, StepIds=[step_id])
    cloud.pass_time()
    assert cloud.steps(cluster_id) == {"long": "CANCEL_PENDING"}
    assert ("cancel", step_id) in cloud.runner.calls

    cloud.finish(cluster_id, step_id, failure=FAILURE)
    assert cloud.steps(cluster_id) == {"long": "CANCELLED"}
    assert cloud.state(cluster_id) == "WAITING"


def test_a_step_that_completes_before_it_is_cancelled_has_completed(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    (step_id,) = cloud.add_steps(cluster_id, "quick")
    cloud.client("emr").cancel_steps(ClusterId=cluster_id, StepIds=[step_id])
    cloud.finish(cluster_id, step_id)

    assert cloud.steps(cluster_id) == {"quick": "COMPLETED"}


def test_a_step_that_has_ended_cannot_be_cancelled(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    (step_id,) = cloud.add_steps(cluster_id, "done")
    cloud.finish(cluster_id, step_id)
    (told,) = cloud.client("emr").cancel_steps(ClusterId=cluster_id, StepIds=[step_id])["CancelStepsInfoList"]

    assert told["Status"] == "FAILED"
    assert cloud.steps(cluster_id) == {"done": "COMPLETED"}


def test_terminating_the_cluster_cancels_its_steps(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    running, _ = cloud.add_steps(cluster_id, "running", "waiting")
    cloud.client("emr").terminate_job_flows(JobFlowIds=[cluster_id])
    cloud.finish(cluster_id, running)  # the runner's report comes too late to count

    assert cloud.steps(cluster_id) == {"running": "CANCELLED", "waiting": "CANCELLED"}


def test_a_runner_that_cannot_start_a_step_fails_it(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    cloud.runner.broken = "no Java on this machine"
    (step_id,) = cloud.add_steps(cluster_id, "hopeless")

    status = cloud.client("emr").describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]["Status"]
    assert (status["State"], status["FailureDetails"]["Message"]) == ("FAILED", "no Java on this machine")
    assert cloud.state(cluster_id) == "WAITING"


def test_the_runner_is_told_all_of_a_step(cloud: Cloud) -> None:
    cluster_id = cloud.ready(LogUri="s3://logs/emr/")
    cloud.client("emr").add_job_flow_steps(
        JobFlowId=cluster_id,
        Steps=[{
            "Name": "all", "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {
                "Jar": "s3://artifacts/job.jar", "MainClass": "Main", "Args": ["a", "b"],
                "Properties": [{"Key": "spark.a", "Value": "1"}, {"Key": "spark_a", "Value": "2"}],
            },
        }],
    )  # fmt: skip
    cloud.pass_time()

    step, cluster = cloud.runner.last_step, cloud.runner.last_cluster
    assert step is not None
    assert cluster is not None
    assert (step.jar, step.main_class, step.args) == ("s3://artifacts/job.jar", "Main", ("a", "b"))
    assert step.properties == {"spark.a": "1", "spark_a": "2"}
    assert (cluster.log_uri, cluster.release_label) == ("s3://logs/emr/", "emr-spark-8.0.0")
    assert [(i.role, i.instance_type) for i in cluster.instances] == [
        ("MASTER", "m5.xlarge"), ("CORE", "m5.xlarge"), ("CORE", "m5.xlarge"),
    ]  # fmt: skip


def test_a_step_has_a_role_only_where_the_security_configuration_says_so(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    emr.create_security_configuration(Name="scoped", SecurityConfiguration=SCOPED)
    try:
        plain, scoped = cloud.ready(), cloud.ready(SecurityConfiguration="scoped")
        role = "arn:aws:iam::123456789012:role/service"

        with pytest.raises(ClientError, match="Runtime roles are not supported on this cluster"):
            cloud.add_steps(plain, "x", ExecutionRoleArn=role)
        with pytest.raises(ClientError, match="Runtime roles are required for this cluster"):
            cloud.add_steps(scoped, "x")
        with pytest.raises(ClientError, match="Role is not valid"):
            cloud.add_steps(scoped, "x", ExecutionRoleArn=role + "-not")
        (step_id,) = cloud.add_steps(scoped, "x", ExecutionRoleArn=role)
    finally:
        emr.delete_security_configuration(Name="scoped")
    step = emr.describe_step(ClusterId=scoped, StepId=step_id)["Step"]
    assert step["ExecutionRoleArn"] == role
    assert cloud.runner.last_step is not None
    assert cloud.runner.last_step.execution_role_arn == role


def test_the_257th_open_step_is_refused(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    cloud.add_steps(cluster_id, *[f"s{i}" for i in range(256)])
    with pytest.raises(ClientError, match="Maximum number of active and pending steps"):
        cloud.add_steps(cluster_id, "one too many")


def test_a_request_cancels_at_most_256_steps(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    (step,) = cloud.add_steps(cluster_id, "one")
    with pytest.raises(ClientError, match="at most 256 steps, not 257"):
        cloud.client("emr").cancel_steps(ClusterId=cluster_id, StepIds=[step] * 257)


def test_steps_are_listed_newest_first_and_by_state_or_id(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    first, second, third = cloud.add_steps(cluster_id, "1", "2", "3")

    newest = [s["Id"] for s in emr.list_steps(ClusterId=cluster_id)["Steps"]]
    waiting = [s["Id"] for s in emr.list_steps(ClusterId=cluster_id, StepStates=["PENDING"])["Steps"]]
    named = [s["Id"] for s in emr.list_steps(ClusterId=cluster_id, StepIds=[first])["Steps"]]
    assert (newest, waiting, named) == ([third, second, first], [third, second], [first])

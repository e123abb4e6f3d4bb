"""EMR on EKS: virtual clusters, job templates, job runs over time, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from local.cloud.emr_containers import model
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.containers import DRIVER, RELEASE, Containers

OTHER_DRIVER = {"sparkSqlJobDriver": {"entryPoint": "s3://code/a.sql"}}
LOGS = {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/"}}}


@pytest.fixture
def containers(cloud: Cloud) -> Containers:
    return Containers(cloud)


def test_the_states_are_those_of_the_api() -> None:
    service = get_session().get_service_model("emr-containers")
    assert set(service.shape_for("JobRunState").metadata["enum"]) == set(model.RUN_WORDS.all)
    assert set(service.shape_for("VirtualClusterState").metadata["enum"]) == set(model.VIRTUAL_CLUSTER_STATES)


def test_a_run_goes_through_its_states(containers: Containers) -> None:
    run = containers.submit(containers.create())
    seen = [containers.run(run)["state"]]
    for _ in range(4):
        containers.cloud.pass_time(0.1)
        state = containers.run(run)["state"]
        seen += [state] if state != seen[-1] else []
    containers.end(run)

    shown = containers.run(run)
    assert [*seen, shown["state"]] == ["PENDING", "SUBMITTED", "RUNNING", "COMPLETED"]
    assert shown["createdAt"] < shown["finishedAt"]
    assert "failureReason" not in shown


def test_a_run_shows_what_it_was_given_and_the_runner_is_told(containers: Containers) -> None:
    driver = {
        "sparkSubmitJobDriver": {
            "entryPoint": "s3://code/a.py", "entryPointArguments": ["x"], "sparkSubmitParameters": "--conf a=b",
        },
    }  # fmt: skip
    spark = [{"classification": "spark-defaults", "properties": {"spark.a": "b"}}]
    given = {"jobDriver": driver, "configurationOverrides": {**LOGS, "applicationConfiguration": spark},
             "tags": {"team": "a"}, "clientToken": "t"}  # fmt: skip
    cluster, run_id = containers.running(containers.create(), **given)

    shown, told = containers.run((cluster, run_id)), containers.cloud.jobs.started[run_id]
    assert {name: shown[name] for name in given} == given
    assert (told.service, told.parent_id, told.driver) == ("emr-containers", cluster, "spark-submit")
    assert (told.entry_point, told.arguments, told.parameters) == ("s3://code/a.py", ("x",), "--conf a=b")
    assert list(told.configurations) == spark
    assert told.driver_logs == (
        f"s3://logs/{cluster}/jobs/{run_id}/containers/spark-{run_id}/spark-{run_id}-driver"
    )


def test_a_failed_run_says_why(containers: Containers) -> None:
    run = containers.running(containers.create())
    containers.end(run, "ValueError: no data")
    shown = containers.run(run)
    assert (shown["state"], shown["failureReason"]) == ("FAILED", "USER_ERROR")
    assert "ValueError: no data" in shown["stateDetails"]


def test_a_role_that_is_not_there_fails_the_run(containers: Containers) -> None:
    missing = "arn:aws:iam::123456789012:role/nobody"
    shown = containers.run(containers.running(containers.create(), executionRoleArn=missing))
    assert (shown["state"], shown["failureReason"]) == ("FAILED", "VALIDATION_ERROR")
    assert missing in shown["stateDetails"]


def test_a_driver_is_restarted_as_often_as_the_policy_says(containers: Containers) -> None:
    run = containers.running(containers.create(), retryPolicyConfiguration={"maxAttempts": 2})
    containers.end(run, "error")
    again = containers.run(run)
    containers.end(run, "error")

    assert (again["state"], again["retryPolicyExecution"]) == ("RUNNING", {"currentAttemptCount": 2})
    assert containers.run(run)["state"] == "FAILED"


def test_a_run_is_cancelled_once(containers: Containers) -> None:
    run = containers.running(containers.create())
    containers.api.cancel_job_run(virtualClusterId=run[0], id=run[1])
    containers.cloud.pass_time()
    during = containers.run(run)["state"]
    with pytest.raises(ClientError, match="is not in a cancellable state"):
        containers.api.cancel_job_run(virtualClusterId=run[0], id=run[1])
    containers.end(run, "killed")

    shown = containers.run(run)
    assert (during, shown["state"]) == ("CANCEL_PENDING", "CANCELLED")
    assert shown["stateDetails"] == "JobRun CANCELLED successfully."


def test_the_same_token_starts_one_run(containers: Containers) -> None:
    cluster = containers.create()
    first, second = (containers.submit(cluster, clientToken="once") for _ in range(2))
    with pytest.raises(ClientError, match="ValidationException"):
        containers.submit(cluster, clientToken="once", name="b")
    assert first == second
    assert len(containers.api.list_job_runs(virtualClusterId=cluster)["jobRuns"]) == 1


def test_runs_beyond_the_limits_wait_or_are_refused(containers: Containers) -> None:
    limits = {"maxConcurrentJobRuns": 1, "maxInQueueJobRuns": 1}
    cluster = containers.create(schedulerConfiguration=limits)
    first, second = containers.running(cluster), containers.running(cluster)
    with pytest.raises(ClientError, match="ValidationException"):
        containers.submit(cluster)
    before = containers.run(second)["state"]
    status = containers.api.describe_virtual_cluster(id=cluster)["virtualCluster"]["schedulerStatus"]
    containers.end(first)

    assert (before, containers.run(second)["state"]) == ("SUBMITTED", "RUNNING")
    assert status == {"currentInQueueJobRuns": 1, "currentConcurrentJobRuns": 1}


def test_a_raised_limit_lets_runs_start(containers: Containers) -> None:
    cluster = containers.create(schedulerConfiguration={"maxConcurrentJobRuns": 1})
    containers.running(cluster)
    waiting = containers.running(cluster)
    containers.api.update_virtual_cluster(id=cluster, schedulerConfiguration={"maxConcurrentJobRuns": 2})
    containers.cloud.pass_time(1)
    assert containers.run(waiting)["state"] == "RUNNING"


def test_a_namespace_has_one_virtual_cluster_and_is_free_after_it(containers: Containers) -> None:
    cluster = containers.create()
    with pytest.raises(ClientError, match="A virtual cluster already exists in the given namespace"):
        containers.create()
    run = containers.running(cluster)
    containers.api.delete_virtual_cluster(id=cluster)
    during = containers.api.describe_virtual_cluster(id=cluster)["virtualCluster"]["state"]
    with pytest.raises(ClientError, match="TERMINATING"):
        containers.submit(cluster)
    containers.end(run, "killed")

    assert during == "TERMINATING"
    assert containers.run(run)["state"] == "CANCELLED"
    assert containers.api.describe_virtual_cluster(id=cluster)["virtualCluster"]["state"] == "TERMINATED"
    listed = containers.api.list_virtual_clusters(states=["TERMINATED"])["virtualClusters"]
    assert containers.create() != cluster
    assert [c["id"] for c in listed] == [cluster]


def test_an_eks_cluster_must_be_there(containers: Containers) -> None:
    with pytest.raises(ClientError, match="EKS cluster elsewhere doesn't exist"):
        containers.create(containerProvider={"type": "EKS", "id": "elsewhere"})


TEMPLATE: dict[str, Any] = {
    "executionRoleArn": "${Role}",
    "releaseLabel": RELEASE,
    "jobDriver": {
        "sparkSubmitJobDriver": {
            "entryPoint": "${Script}", "entryPointArguments": ["${Day}"],
            "sparkSubmitParameters": "--conf spark.executor.instances=${Size} --conf spark.x=${sys:y}",
        },
    },
    "configurationOverrides": {
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/${Day}/"}},
    },
    "parameterConfiguration": {
        "Role": {"type": "STRING"}, "Script": {"type": "STRING", "defaultValue": "s3://code/a.py"},
        "Size": {"type": "NUMBER", "defaultValue": "2"}, "Day": {"type": "STRING"},
    },
    "jobTags": {"from": "template", "team": "a"},
}  # fmt: skip
FROM_TEMPLATE = {"executionRoleArn": None, "releaseLabel": None, "jobDriver": None}


def test_a_template_gives_a_run_its_values(containers: Containers) -> None:
    made = containers.api.create_job_template(name="t", jobTemplateData=TEMPLATE, tags={"a": "b"})
    run = containers.running(
        containers.create(), jobTemplateId=made["id"], tags={"team": "b"}, **FROM_TEMPLATE,
        jobTemplateParameters={"Role": containers.role, "Day": "2026-11-23", "Size": "5"},
    )  # fmt: skip

    shown = containers.run(run)
    driver = shown["jobDriver"]["sparkSubmitJobDriver"]
    monitoring = shown["configurationOverrides"]["monitoringConfiguration"]
    assert (shown["executionRoleArn"], shown["state"]) == (containers.role, "RUNNING")
    assert (driver["entryPoint"], driver["entryPointArguments"]) == ("s3://code/a.py", ["2026-11-23"])
    assert driver["sparkSubmitParameters"] == "--conf spark.executor.instances=5 --conf spark.x=${sys:y}"
    assert monitoring["s3MonitoringConfiguration"]["logUri"] == "s3://logs/2026-11-23/"
    assert shown["tags"] == {"from": "template", "team": "b"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jobTemplateParameters": {"Role": "r"}}, "Parameter 'Day' of the job template has no default"),
        ({"jobTemplateParameters": {"Role": "r", "Day": "d", "Who": "w"}}, "has no parameter Who"),
        ({"jobTemplateParameters": {"Role": "r", "Day": "d", "Size": "big"}}, "'Size' of the job template is a NUMBER"),
        ({"releaseLabel": RELEASE}, "releaseLabel cannot be given together with a job template"),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(
    containers: Containers, changes: dict[str, Any], message: str
) -> None:
    made = containers.api.create_job_template(name="t", jobTemplateData=TEMPLATE)
    with pytest.raises(ClientError) as refused:
        containers.submit(containers.create(), jobTemplateId=made["id"], **{**FROM_TEMPLATE, **changes})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert message in refused.value.response["Error"]["Message"]


def test_templates_are_shown_listed_tagged_and_deleted(containers: Containers) -> None:
    api = containers.api
    made = api.create_job_template(name="t", jobTemplateData=TEMPLATE, tags={"a": "b"})
    shown = api.describe_job_template(id=made["id"])["jobTemplate"]
    api.tag_resource(resourceArn=made["arn"], tags={"c": "d"})
    listed = [t["id"] for t in api.list_job_templates()["templates"]]
    tags = api.list_tags_for_resource(resourceArn=made["arn"])["tags"]
    api.delete_job_template(id=made["id"])

    assert (shown["name"], shown["jobTemplateData"]) == ("t", TEMPLATE)
    assert (listed, tags) == ([made["id"]], {"a": "b", "c": "d"})
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.describe_job_template(id=made["id"])


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"releaseLabel": "emr-6.9.0"}, "ResourceNotFoundException", "Release emr-6.9.0 doesn't exist."),
        ({"releaseLabel": "emr-99.0.0-latest"}, "ResourceNotFoundException", "doesn't exist."),
        ({"jobDriver": None}, "ValidationException", "jobDriver is required"),
        ({"jobDriver": {**DRIVER, **OTHER_DRIVER}}, "ValidationException", "Exactly one of the two available"),
        ({"retryPolicyConfiguration": {"maxAttempts": 0}}, "ValidationException", "maxAttempts must be at least 1"),
        ({"jobTemplateId": "0", **FROM_TEMPLATE}, "ResourceNotFoundException", "Job template 0 doesn't exist."),
    ],
)  # fmt: skip
def test_what_is_refused(containers: Containers, changes: dict[str, Any], code: str, message: str) -> None:
    cluster = containers.create()
    with pytest.raises(ClientError) as refused:
        containers.submit(cluster, **changes)
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]
    assert containers.api.list_job_runs(virtualClusterId=cluster)["jobRuns"] == []


def test_runs_are_listed_newest_first_by_state_and_name(containers: Containers) -> None:
    cluster = containers.create()
    done = containers.running(cluster, name="first")
    containers.end(done)
    running = containers.running(cluster, name="second")

    def listed(**more: Any) -> list[str]:
        return [r["id"] for r in containers.api.list_job_runs(virtualClusterId=cluster, **more)["jobRuns"]]

    assert listed() == [running[1], done[1]]
    assert listed(states=["COMPLETED"]) == [done[1]]
    assert listed(name="second") == [running[1]]

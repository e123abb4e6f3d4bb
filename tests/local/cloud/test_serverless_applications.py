"""EMR Serverless applications over time: how they are made, start, idle, change and go, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st
from moto.core.exceptions import ServiceException

from local.cloud.emr_serverless import capacity, model
from tests.local.cloud.conftest import RELEASE, Cloud
from tests.local.cloud.serverless import MINUTE, Serverless

WORKER = {"workerCount": 2, "workerConfiguration": {"cpu": "4 vCPU", "memory": "16 GB", "disk": "20 GB"}}


@pytest.fixture
def serverless(cloud: Cloud) -> Serverless:
    return Serverless(cloud)


def test_the_states_are_those_of_the_api() -> None:
    service = get_session().get_service_model("emr-serverless")
    assert set(service.shape_for("ApplicationState").metadata["enum"]) == set(model.APPLICATION_STATES)
    assert set(service.shape_for("JobRunState").metadata["enum"]) == set(model.RUN_WORDS.all)


def test_an_application_is_created_started_stopped_and_deleted(serverless: Serverless) -> None:
    api = serverless.api
    application = serverless.create(ready=False)
    seen = [serverless.state(application)]
    for act in (None, api.start_application, api.stop_application):
        if act is not None:
            act(applicationId=application)
            seen.append(serverless.state(application))
        serverless.cloud.pass_time(1)
        seen.append(serverless.state(application))
    api.delete_application(applicationId=application)

    assert [*seen, serverless.state(application)] == list(model.APPLICATION_STATES)


def test_it_shows_what_it_was_given_and_the_defaults(serverless: Serverless) -> None:
    given: dict[str, Any] = {
        "initialCapacity": {"DRIVER": WORKER},
        "maximumCapacity": {"cpu": "40 vCPU", "memory": "160 GB"},
        "networkConfiguration": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/"}},
        "runtimeConfiguration": [{"classification": "spark-defaults", "properties": {"spark.a": "b"}}],
        "schedulerConfiguration": {"maxConcurrentRuns": 3, "queueTimeoutMinutes": 30},
    }
    application = serverless.create(**given, tags={"team": "a"}, type="spark")

    shown = serverless.api.get_application(applicationId=application)["application"]
    assert {name: shown[name] for name in given} == given
    assert (shown["type"], shown["architecture"], shown["tags"]) == ("Spark", "X86_64", {"team": "a"})
    assert shown["autoStartConfiguration"] == {"enabled": True}
    assert shown["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 15}


@pytest.mark.parametrize("idle", [15, 60])
def test_an_idle_application_stops_by_itself(serverless: Serverless, idle: int) -> None:
    application = serverless.create(autoStopConfiguration={"enabled": True, "idleTimeoutMinutes": idle})
    serverless.start(application)

    serverless.cloud.pass_time((idle - 1) * MINUTE)
    before = serverless.state(application)
    serverless.cloud.pass_time(2 * MINUTE)

    assert (before, serverless.state(application)) == ("STARTED", "STOPPED")


def test_a_run_holds_off_the_idle_time_and_its_end_begins_it_anew(serverless: Serverless) -> None:
    application = serverless.create()
    run = serverless.running(application)
    serverless.cloud.pass_time(60 * MINUTE)
    during = serverless.state(application)
    serverless.end(run)
    serverless.cloud.pass_time(14 * MINUTE)
    after = serverless.state(application)
    serverless.cloud.pass_time(2 * MINUTE)

    assert (during, after, serverless.state(application)) == ("STARTED", "STARTED", "STOPPED")


def test_an_application_that_is_not_to_stop_idles_for_ever(serverless: Serverless) -> None:
    application = serverless.create(autoStopConfiguration={"enabled": False})
    serverless.start(application)
    serverless.cloud.pass_time(24 * 60 * MINUTE)
    assert serverless.state(application) == "STARTED"


def test_a_started_application_rejects_update_and_delete(serverless: Serverless) -> None:
    application = serverless.create()
    serverless.start(application)
    for act in (serverless.api.update_application, serverless.api.delete_application):
        with pytest.raises(ClientError) as refused:
            act(applicationId=application)
        assert refused.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": f"Application {application} must be in one of the following statuses [CREATED, STOPPED]. "
            "Current status: STARTED",
        }


def test_a_stopped_application_is_updated(serverless: Serverless) -> None:
    application = serverless.create(maximumCapacity={"cpu": "40 vCPU", "memory": "160 GB"})
    updated = serverless.api.update_application(
        applicationId=application, maximumCapacity={"cpu": "80 vCPU", "memory": "320 GB"},
        autoStopConfiguration={"idleTimeoutMinutes": 30}, releaseLabel="emr-7.13.0",
    )["application"]  # fmt: skip

    assert updated["maximumCapacity"]["cpu"] == "80 vCPU"
    assert updated["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 30}
    assert serverless.api.get_application(applicationId=application)["application"] == updated
    assert (updated["releaseLabel"], updated["type"]) == ("emr-7.13.0", "Spark")


def test_an_application_with_a_run_does_not_stop(serverless: Serverless) -> None:
    application = serverless.create()
    run = serverless.running(application)
    with pytest.raises(ClientError, match="must be completed or cancelled before stopping an application"):
        serverless.api.stop_application(applicationId=application)

    serverless.end(run)
    serverless.api.stop_application(applicationId=application)
    serverless.cloud.pass_time(1)
    assert serverless.state(application) == "STOPPED"


def test_what_has_not_started_cannot_be_stopped(serverless: Serverless) -> None:
    with pytest.raises(ClientError, match=r"Application cannot be STOPPED\. .*: \[STARTING, STARTED\]"):
        serverless.api.stop_application(applicationId=serverless.create())


def test_the_same_token_makes_one_application(serverless: Serverless) -> None:
    ask = {"releaseLabel": RELEASE, "type": "SPARK", "clientToken": "once", "name": "a"}
    first, second = (serverless.api.create_application(**ask) for _ in range(2))
    with pytest.raises(ClientError) as refused:
        serverless.api.create_application(**{**ask, "name": "b"})

    assert first["applicationId"] == second["applicationId"]
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_refused_request_does_not_use_up_its_token(serverless: Serverless) -> None:
    ask = {"releaseLabel": RELEASE, "type": "SPARK", "clientToken": "again"}
    with pytest.raises(ClientError):
        serverless.api.create_application(**{**ask, "type": "FLINK"})
    assert serverless.api.create_application(**ask)["applicationId"]


def test_applications_are_listed_by_state_and_in_pages(serverless: Serverless) -> None:
    made = [serverless.create() for _ in range(3)]
    serverless.start(made[0])

    first = serverless.api.list_applications(maxResults=2)
    rest = serverless.api.list_applications(maxResults=2, nextToken=first["nextToken"])
    started = serverless.api.list_applications(states=["STARTED", "STARTING"])["applications"]
    assert [a["id"] for a in first["applications"] + rest["applications"]] == made
    assert [a["id"] for a in started] == made[:1]


def test_tags_come_and_go(serverless: Serverless) -> None:
    application = serverless.create(tags={"team": "a", "env": "dev"})
    arn = serverless.api.get_application(applicationId=application)["application"]["arn"]
    serverless.api.tag_resource(resourceArn=arn, tags={"team": "b", "cost": "1"})
    serverless.api.untag_resource(resourceArn=arn, tagKeys=["env"])

    assert serverless.api.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "b", "cost": "1"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        serverless.api.list_tags_for_resource(resourceArn=arn + "x")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "FLINK"}, "Unsupported engine FLINK"),
        ({"releaseLabel": "emr-99.0.0"}, "release label does not exist"),
        ({"releaseLabel": "emr-5.36.0"}, "release label does not exist"),
        ({"type": "HIVE"}, "Type 'HIVE' is not supported for release label 'emr-spark-8.0.0'"),
        ({"initialCapacity": {"TezTask": WORKER}}, "Worker type 'TezTask' is not valid for Spark"),
        ({"initialCapacity": {"DRIVER": {**WORKER, "workerConfiguration": {"cpu": "3 vCPU", "memory": "8 GB"}}}},
         "3 vCPU is not supported"),
        ({"initialCapacity": {"DRIVER": {**WORKER, "workerConfiguration": {"cpu": "8 vCPU", "memory": "18 GB"}}}},
         "18 GB of memory is not supported with 8 vCPU"),
        ({"initialCapacity": {"EXECUTOR": WORKER}, "maximumCapacity": {"cpu": "4 vCPU", "memory": "100 GB"}},
         "asks for 8 of cpu, more than the maximum capacity of 4"),
        ({"networkConfiguration": {"subnetIds": ["subnet-1"]}}, "must be given together"),
        ({"schedulerConfiguration": {"queueTimeoutMinutes": 5}}, "queueTimeoutMinutes must be between 15 and 720"),
        ({"releaseLabel": "emr-6.9.0", "schedulerConfiguration": {}}, "supported with release labels emr-7.0.0"),
    ],
)  # fmt: skip
def test_what_is_refused(serverless: Serverless, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as refused:
        serverless.create(**changes)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


@given(
    count=st.integers(1, 50), cpu=st.sampled_from(sorted(capacity.MEMORY)), spare=st.integers(-3, 3),
    data=st.data(),
)  # fmt: skip
def test_initial_capacity_fits_exactly_when_its_sum_does(count: int, cpu: int, spare: int, data: Any) -> None:
    memory = data.draw(st.sampled_from(capacity.MEMORY[cpu]))
    worker = {"cpu": f"{cpu} vCPU", "memory": f"{memory}GB"}
    settings = {
        "initialCapacity": {"EXECUTOR": {"workerCount": count, "workerConfiguration": worker}},
        "maximumCapacity": {"cpu": f"{count * cpu} vCPU", "memory": f"{max(1, count * memory + spare)} GB"},
    }
    try:
        capacity.check("Spark", settings)
    except ServiceException:
        assert spare < 0
    else:
        assert spare >= 0


def test_the_account_and_the_region_are_its_own(serverless: Serverless) -> None:
    application = serverless.create()
    other = "eu-west-1" if serverless.cloud.region != "eu-west-1" else "us-east-1"
    with pytest.raises(ClientError, match=f"Application {application} does not exist"):
        Cloud(serverless.cloud.server, serverless.cloud.clock, serverless.cloud.runner, other).client(
            "emr-serverless"
        ).get_application(applicationId=application)

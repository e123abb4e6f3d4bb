"""EMR Serverless applications: what may be said of one, and what is registered."""

from __future__ import annotations

import copy
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from facts.errors import UserError
from facts.workers import WORKER_MEMORY
from infra.compute.serverless import WORKERS, initial_capacities
from infra.naming import Names
from infra.security import serverless_policies
from infra.settings import loader
from infra.settings.application import ApplicationSettings, WorkerSettings
from infra.settings.image import checked_image
from infra.settings.loader import from_config, parse
from jobs.spec import ServerlessTarget, load_catalog
from tests.infra.recording import Recorder, run_program, stack_config, wire_config

Run = tuple[Recorder, dict[str, Any]]
DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"111111111111.dkr.ecr.us-east-1.amazonaws.com/team/spark@{DIGEST}"
NAMES = Names(stack="prod", region="us-east-1", account_id="222222222222")


def mistakes(**changes: Any) -> list[str]:
    tree = from_config(wire_config(stack_config("prod")))
    tree["applications"]["adhoc"].update(changes)
    with pytest.raises(UserError) as refusal:
        parse(tree)
    return [line.strip() for line in str(refusal.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ceiling": None}, "emr:applications.adhoc.ceiling: is null; must be a mapping of keys"),
        ({"ceiling": {"vcpus": "8"}}, 'emr:applications.adhoc.ceiling.vcpus: is "8"; must be a whole number'),
        ({"idle_minutes": 0}, "emr:applications.adhoc.idle_minutes: is 0; must be at least 1"),
        (
            {"ceiling": {"vcpus": 8, "memory_gb": 512, "disk_gb": 4000}},
            "emr:applications.adhoc.ceiling.vcpus: is 8, less than the ready workers have together (12); raise it",
        ),
        (
            {"ready": {"driver": {"count": 1, "vcpus": 8, "memory_gb": 17}}},
            "emr:applications.adhoc.ready.driver.memory_gb: is 17; a worker of 8 vCPUs has 16 to 60, in steps of 4",
        ),
        ({"ready": {"drivers": {"count": 1}}}, "emr:applications.adhoc.ready.drivers: is"),
        (
            {"engine": "Hive"},
            "emr:applications.adhoc.engine: is 'Hive', which emr-spark-8.0.0 has not; releases that have it: emr-7",
        ),
        ({"release": "emr-1"}, 'emr:applications.adhoc.release: is "emr-1"; the EMR release'),
        (
            {"image": IMAGE.partition("@")[0] + ":latest"},
            "emr:applications.adhoc.image: is ",
        ),
    ],
)
def test_one_mistake_is_one_clear_line(changes: dict[str, Any], said: str) -> None:
    lines = mistakes(**changes)
    assert any(line.startswith(said) for line in lines), lines


def test_an_image_is_named_by_its_digest_never_by_a_tag() -> None:
    assert checked_image(IMAGE) == IMAGE
    for tagged in ("111111111111.dkr.ecr.us-east-1.amazonaws.com/spark:1.0", IMAGE.replace("@", ":1.0@")):
        with pytest.raises(ValueError, match=r"by its digest"):
            checked_image(tagged)
    with pytest.raises(ValueError, match="not by a tag: a tag can be moved"):
        checked_image("111111111111.dkr.ecr.us-east-1.amazonaws.com/spark:1.0")
    with pytest.raises(ValueError, match="must be an image in ECR"):
        checked_image(f"docker.io/spark@{DIGEST}")


@given(vcpus=st.sampled_from(list(WORKER_MEMORY)), memory=st.integers(2, 120))
def test_a_worker_is_one_that_the_service_has(vcpus: int, memory: int) -> None:
    said = {"count": 1, "vcpus": vcpus, "memory_gb": memory}
    if memory in WORKER_MEMORY[vcpus]:
        assert WorkerSettings.model_validate(said).memory_gb == memory
    else:
        with pytest.raises(ValidationError, match=f"a worker of {vcpus} vCPUs has"):
            WorkerSettings.model_validate(said)


def test_the_service_has_a_word_for_each_worker_of_each_engine() -> None:
    engines = get_args(ApplicationSettings.model_fields["engine"].annotation)
    assert set(WORKERS) == set(engines)
    workers = {"executor": {"count": 3}, "driver": {"count": 1}}
    ceiling = {"vcpus": 64, "memory_gb": 256, "disk_gb": 2000}
    found = ApplicationSettings.model_validate({"ceiling": ceiling, "ready": workers})
    assert [one["initial_capacity_type"] for one in initial_capacities(found)] == ["Driver", "Executor"]


def test_prod_has_an_application_with_a_ceiling_an_end_and_logs_of_its_own(prod: Run) -> None:
    made, platform = prod
    found = made.one("Application", "adhoc").inputs
    assert found["maximumCapacity"] == {"cpu": "128 vCPU", "memory": "512 GB", "disk": "4000 GB"}
    assert found["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 15}
    assert found["networkConfiguration"]["securityGroupIds"] == ["serverless-adhoc-id"]
    assert len(found["networkConfiguration"]["subnetIds"]) == 3
    monitoring = found["monitoringConfiguration"]
    assert monitoring["s3MonitoringConfiguration"]["encryptionKeyArn"].endswith("key/logs")
    assert monitoring["managedPersistenceMonitoringConfiguration"] == {"enabled": False}
    group = made.one("LogGroup", "serverless-adhoc").inputs
    assert group["name"] == monitoring["cloudwatchLoggingConfiguration"]["logGroupName"]
    assert group["kmsKeyId"].endswith("key/logs")
    assert platform["applications"] == {
        "adhoc": {
            "id": "adhoc-id",
            "arn": "arn:aws:emr-serverless:us-east-1:222222222222:/applications/adhoc-id",
            "release_label": "emr-spark-8.0.0",
            "log_uri": "s3://emr-prod-logs-222222222222-us-east-1/serverless/",
            "log_group": "/emr/prod/serverless/adhoc",
        }
    }


def test_workers_reach_the_endpoints_and_are_reached_by_nobody(prod: Run) -> None:
    made, _ = prod
    reached = [
        rule.inputs
        for rule in made.of("SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "serverless-adhoc-id"
    ]
    assert reached == []
    (inward,) = [r for r in made.of("SecurityGroupIngressRule") if r.name.endswith("serverless-adhoc")]
    assert inward.inputs["securityGroupId"] == "endpoints-id"


def test_an_image_and_a_closed_network_are_said_where_they_matter() -> None:
    config = copy.deepcopy(stack_config("prod"))
    config["emr:applications"]["adhoc"]["image"] = IMAGE
    made, _ = run_program("prod", config)
    assert made.one("Application", "adhoc").inputs["imageConfiguration"] == {"imageUri": IMAGE}

    tree = from_config(wire_config(config))
    tree["network"]["interface_endpoints"] = ["kms", "sts"]
    tree["applications"]["main"] = copy.deepcopy(tree["applications"]["adhoc"])
    with pytest.raises(UserError) as refusal:
        parse(tree)
    assert "'logs' is missing, where the workers of application 'adhoc' write" in str(refusal.value)
    assert "emr:applications.main: has the name of a cluster" in str(refusal.value)


def test_a_stack_may_have_applications_and_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    target = ServerlessTarget(kind="serverless", application="adhoc")
    jobs = tuple(spec.model_copy(update={"runtime": target}) for spec in load_catalog())
    monkeypatch.setattr(loader, "load_catalog", lambda: jobs)
    config = copy.deepcopy(stack_config("prod"))
    config["emr:clusters"] = {}
    made, platform = run_program("prod", config)
    assert not made.of("Cluster")
    assert all("break-glass" in alarm.name for alarm in made.of("MetricAlarm")), "the others are a cluster's"
    assert (platform["clusters"], list(platform["applications"])) == ({}, ["adhoc"])


def test_the_service_takes_a_jobs_role_for_this_accounts_applications_only() -> None:
    statement = serverless_policies.trust(NAMES)
    assert statement["Principal"] == {"Service": "emr-serverless.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "222222222222"},
        "ArnLike": {"aws:SourceArn": "arn:aws:emr-serverless:us-east-1:222222222222:/applications/*"},
    }


def test_a_run_writes_its_logs_below_the_prefix_of_the_service_and_into_its_group() -> None:
    found = serverless_policies.log_needs(NAMES, "adhoc")
    objects = [arn for one in found if "s3:PutObject" in one.actions for arn in one.resources]
    assert objects == ["arn:aws:s3:::emr-prod-logs-222222222222-us-east-1/serverless/*"]
    groups = [arn for one in found if "logs:PutLogEvents" in one.actions for arn in one.resources]
    assert all(":log-group:/emr/prod/serverless/adhoc" in arn for arn in groups)

"""One local Spark for the whole session, an S3 in memory, and a platform made of plain values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from jobs.platform import Place, Platform, parse
from local.cloud import s3_races
from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.jobs.emr import Emr
from tests.local.cloud.fakes import FakeRunner

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def event_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's Spark writes its event log."""
    return tmp_path_factory.mktemp("spark-events")


@pytest.fixture(scope="session")
def spark(event_logs: Path) -> Iterator[SparkSession]:
    """A Spark in this process, on two threads; with the settings that a run is submitted with."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # A minute of tests never pays back what the second compiler costs.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.sources.partitionOverwriteMode": "dynamic",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": event_logs.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    session: Any = SparkSession.builder.master("local[2]").appName("tests").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """A session whose AWS is moto in this process, with the platform's buckets."""
    s3_races.install()
    with mock_aws():
        made = boto3.Session(region_name="us-east-1")
        for name in ("landing", "curated", "checkpoints", "artifacts", "logs", "runs"):
            made.client("s3").create_bucket(Bucket=f"dev-{name}")
        yield made


@pytest.fixture(scope="session")
def outputs() -> dict[str, Any]:
    """What a stack exports, as the contract of the output `platform` has it."""
    return outputs_of_dev()


def a_platform() -> Platform:
    """The platform of those outputs."""
    return parse({"platform": outputs_of_dev()})


def outputs_of_dev() -> dict[str, Any]:
    """What a stack exports, as the contract of the output `platform` has it."""
    buckets = ("landing", "curated", "checkpoints", "artifacts", "logs", "runs")
    return {
        "schema_version": 1,
        "stack": "dev",
        "environment": "dev",
        "region": "us-east-1",
        "account_id": "123456789012",
        "buckets": {name: f"dev-{name}" for name in buckets},
        "coordination_table": "dev-coordination",
        "keys": {"data": "arn:k1", "logs": "arn:k2", "volumes": "arn:k3"},
        "network": {"vpc_id": "vpc-1", "private_subnet_ids": ["subnet-1"]},
        "clusters": {
            "main": {
                "id": "j-1",
                "name": "dev-main",
                "release_label": "emr-spark-8.0.0",
                "log_uri": "s3://dev-logs/elasticmapreduce/",
                "security_configuration": "dev",
            }
        },
        "applications": {
            "adhoc": {
                "id": "app-1",
                "release_label": "emr-spark-8.0.0",
                "log_uri": "s3://dev-logs/serverless/",
            }
        },
        "launch_templates": {
            "once": {"ReleaseLabel": "emr-spark-8.0.0", "LogUri": "s3://dev-logs/elasticmapreduce/"}
        },
        "roles": {
            "submitter": "arn:aws:iam::123456789012:role/submitter",
            "deployer": "arn:aws:iam::123456789012:role/deployer",
            "jobs": {"nightly-etl": "arn:aws:iam::123456789012:role/nightly-etl"},
        },
        "event_log_uri": "s3://dev-logs/spark-events/",
    }


@pytest.fixture(scope="session")
def platform(outputs: dict[str, Any]) -> Platform:
    """The platform of those outputs."""
    return parse({"platform": outputs})


def make_table(session: boto3.Session, name: str) -> None:
    """A coordination table, as infra/storage/coordination.py declares it."""
    table: Any = {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
    }  # fmt: skip
    session.client("dynamodb").create_table(**table)


def make_roles(iam: Any, *roles: str) -> None:
    """Roles and the nodes' profile. moto's IAM is one for the whole process: another module may have made them."""
    there = iam.exceptions.EntityAlreadyExistsException
    for role in roles:
        with suppress(there):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    with suppress(there):
        iam.create_instance_profile(InstanceProfileName="nodes")
        iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[CloudServer, ManualClock, FakeRunner]]:
    """A local EMR with what every cluster needs beside it."""
    clock, runner = ManualClock(), FakeRunner()
    with CloudServer(runner, clock=clock) as started:
        runner.sink = started.sink
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        session.client("s3", endpoint_url=started.endpoint).create_bucket(Bucket="dev-logs")
        iam = session.client("iam", endpoint_url=started.endpoint)
        make_roles(iam, "nodes", "service", "job")
        session.client("emr", endpoint_url=started.endpoint).create_security_configuration(
            Name="roles",
            SecurityConfiguration=dumps(
                {"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}}
            ),
        )
        yield started, clock, runner


@pytest.fixture
def emr(server: tuple[CloudServer, ManualClock, FakeRunner], monkeypatch: pytest.MonkeyPatch) -> Emr:
    """A cluster of its own for each test."""
    started, clock, runner = server
    monkeypatch.setenv("AWS_ENDPOINT_URL", started.endpoint)
    session = boto3.Session(region_name="us-east-1")
    fleets: Any = [
        {
            "InstanceFleetType": kind,
            "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
        }
        for kind in ("MASTER", "CORE")
    ]
    log_uri = "s3://dev-logs/elasticmapreduce/"
    cluster_id = session.client("emr").run_job_flow(
        Name="main", ReleaseLabel="emr-spark-8.0.0", ServiceRole="service", JobFlowRole="nodes",
        Applications=[{"Name": "Spark"}], LogUri=log_uri, SecurityConfiguration="roles",
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": fleets},
    )["JobFlowId"]  # fmt: skip
    cluster = Place(kind="ec2", id=cluster_id, name="main", release_label="emr-spark-8.0.0", log_uri=log_uri)
    found = Emr(server=started, clock=clock, runner=runner, session=session, cluster=cluster)
    found.pass_time(10)
    return found

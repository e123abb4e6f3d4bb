"""One job on every runtime, on a real Spark: the same result, the same shape of record, nothing left running."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from pyarrow import parquet

from jobs import artifacts, spec
from jobs.lifecycle import Event, Lifecycle
from jobs.platform import Platform, parse
from jobs.runs import Record
from jobs.samples import load, nycflights
from jobs.spec import Ec2Target, EksTarget, ServerlessTarget, Target
from tests.e2e.conftest import Here
from tests.jobs.conftest import make_table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("runtimes"), pytest.mark.timeout(1800)]

JOB = "nightly-etl"
RELEASE = "emr-spark-8.0.0"
ROLE = "arn:aws:iam::123456789012:role/"
ZONES = ("landing", "curated", "checkpoints", "artifacts", "logs", "runs")
PLACES: tuple[Target, ...] = (
    Ec2Target(kind="ec2", cluster="main"),
    Ec2Target(kind="ec2", template="once"),
    ServerlessTarget(kind="serverless", application="adhoc"),
    EksTarget(kind="eks", virtual_cluster="team"),
)
FLEETS = [
    {
        "Name": kind.lower(),
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
    }
    for kind in ("MASTER", "CORE")
]


@dataclass
class World:
    """A local AWS with a place of each kind."""

    session: boto3.Session
    platform: Platform
    emr: Any
    events: list[Event] = field(default_factory=list)

    def run(self, target: Target) -> Record:
        """The job's run there, and what was said while it went."""
        job = spec.find(JOB).model_copy(update={"runtime": target})
        artifacts.deploy(self.session, self.platform, job, "dev")
        self.events.clear()
        return Lifecycle(self.session, self.platform, told=self.events.append, logs=True).run(JOB, "dev")

    def rows(self) -> dict[str, list[str]]:
        """What the job has written, by table, in an order of its own."""
        s3, bucket = self.session.client("s3"), self.platform.buckets.curated
        tables: dict[str, list[str]] = {}
        for entry in s3.list_objects_v2(Bucket=bucket, Prefix=f"{JOB}/")["Contents"]:
            if entry["Key"].endswith(".parquet"):
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                rows = parquet.read_table(io.BytesIO(body)).to_pylist()
                table = entry["Key"].split("/")[2]
                tables.setdefault(table, []).extend(
                    json.dumps(row, default=str, sort_keys=True) for row in rows
                )
        return {table: sorted(rows) for table, rows in tables.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The cluster, the launch template, the application and the virtual cluster, made through boto3."""
    here = Here(home=tmp_path_factory.mktemp("runtimes"))
    patch = pytest.MonkeyPatch()
    try:
        assert here.run("local", "up").returncode == 0
        state = json.loads((here.home / "local.json").read_text())
        for name, value in {
            "AWS_ENDPOINT_URL": state["endpoint"],
            "AWS_ACCESS_KEY_ID": state["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": state["secret_access_key"],
        }.items():
            patch.setenv(name, value)
        session = boto3.Session(region_name=state["region"])
        made = _made(session)
        load.load(session.client("s3"), "rt-landing", _january())
        yield World(session=session, platform=made, emr=session.client("emr"))
    finally:
        patch.undo()
        here.run("local", "down")


def _january() -> Iterator[tuple[str, bytes]]:
    return ((key, body) for key, body in nycflights.files() if "/month=" not in key or "/month=1/" in key)


def _made(session: boto3.Session) -> Platform:
    s3, iam, emr = session.client("s3"), session.client("iam"), session.client("emr")
    for zone in ZONES:
        s3.create_bucket(Bucket=f"rt-{zone}")
    make_table(session, "rt-coordination")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*", "Service": "emr-serverless.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
    for role in ("nodes", "service", "job"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_instance_profile(InstanceProfileName="nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
    roles = {"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}}
    emr.create_security_configuration(Name="roles", SecurityConfiguration=json.dumps(roles))
    template: Any = {
        "Name": "once", "ReleaseLabel": RELEASE, "ServiceRole": "service", "JobFlowRole": "nodes",
        "Applications": [{"Name": "Spark"}], "LogUri": "s3://rt-logs/elasticmapreduce/",
        "SecurityConfiguration": "roles", "Instances": {"InstanceFleets": FLEETS},
    }  # fmt: skip
    standing = {**template, "Name": "main"}
    standing["Instances"] = {"InstanceFleets": FLEETS, "KeepJobFlowAliveWhenNoSteps": True}
    serverless: Any = session.client("emr-serverless")
    monitoring = {"s3MonitoringConfiguration": {"logUri": "s3://rt-logs/serverless/"}}
    application = serverless.create_application(
        name="adhoc", releaseLabel=RELEASE, type="SPARK", monitoringConfiguration=monitoring
    )["applicationId"]
    session.client("eks").create_cluster(name="main", roleArn=f"{ROLE}service", resourcesVpcConfig={})
    containers: Any = session.client("emr-containers")
    provider = {"type": "EKS", "id": "main", "info": {"eksInfo": {"namespace": "team"}}}
    virtual = containers.create_virtual_cluster(name="team", containerProvider=provider)["id"]

    def place(id_: str, logs: str) -> dict[str, str]:
        return {"id": id_, "release_label": RELEASE, "log_uri": f"s3://rt-logs/{logs}/"}

    cluster = emr.run_job_flow(**standing)["JobFlowId"]
    platform = {
        "schema_version": 1, "stack": "rt", "environment": "rt", "region": "us-east-1", "account_id": "123456789012",
        "buckets": {zone: f"rt-{zone}" for zone in ZONES}, "coordination_table": "rt-coordination",
        "clusters": {"main": {**place(cluster, "elasticmapreduce"), "name": "main"}},
        "launch_templates": {"once": template},
        "applications": {"adhoc": place(application, "serverless")},
        "virtual_clusters": {"team": place(virtual, "containers")},
        "roles": {"jobs": {JOB: f"{ROLE}job"}},
        "event_log_uri": "s3://rt-logs/spark-events/",
    }  # fmt: skip
    s3.put_object(Bucket="rt-logs", Key="spark-events/", Body=b"")
    return parse({"platform": platform})


@pytest.fixture(scope="module")
def runs(world: World) -> dict[str, tuple[Record, dict[str, list[str]], list[Event]]]:
    """The job once on every place: its record, what it wrote, what was said."""
    found = {}
    for target in PLACES:
        record = world.run(target)
        found[f"{target.kind} {target.place}"] = (record, world.rows(), list(world.events))
    return found


def test_every_runtime_gives_the_same_result(runs: dict[str, Any]) -> None:
    assert [(place, record.state, record.reason) for place, (record, _, _) in runs.items()] == [
        (place, "SUCCEEDED", None) for place in runs
    ]
    (_, first, _), *others = runs.values()
    assert {table: len(rows) for table, rows in first.items()}.keys() == {"by_route", "by_carrier", "by_day"}
    assert sum(map(len, first.values())) > 200
    for _, rows, _ in others:
        assert rows == first


def test_every_record_has_the_same_shape(runs: dict[str, Any]) -> None:
    """What one runtime cannot tell is null, and here that is a cost only."""
    records = {place: record.model_dump(mode="json") for place, (record, _, _) in runs.items()}
    known = {
        place: {name for name, value in record.items() if value is not None} - {"cost_usd"}
        for place, record in records.items()
    }
    (first, *others) = known.values()
    assert others == [first] * len(others)
    same = ("job", "owner", "release", "rows_read", "rows_written", "counts", "tasks", "failed_tasks")
    assert {json.dumps([record[name] for name in same]) for record in records.values()} == {
        json.dumps([records["ec2 main"][name] for name in same])
    }
    assert [place for place, record in records.items() if record["cost_usd"] is None] == ["eks team"]
    assert len({record["place_id"] for record in records.values()}) == 4
    assert all(record["log_uri"].startswith("s3://rt-logs/") for record in records.values())


def test_the_cluster_of_the_runs_own_is_gone(world: World, runs: dict[str, Any]) -> None:
    record, _, _ = runs["ec2 once"]
    cluster = world.emr.describe_cluster(ClusterId=record.place_id)["Cluster"]
    assert cluster["Name"] == record.attempts[-1].token
    assert cluster["Status"]["State"] in ("TERMINATING", "TERMINATED")


@pytest.mark.parametrize("place", ["ec2 main", "ec2 once", "serverless adhoc", "eks team"])
def test_progress_and_the_drivers_log_are_there_while_it_runs(runs: dict[str, Any], place: str) -> None:
    record, _, events = runs[place]
    seen = [event.said.progress for event in events if event.said.progress]
    assert seen, "no progress was seen at all"
    assert seen[-1].tasks_done == record.tasks
    assert any(event.said.lines for event in events if not event.status or not event.status.phase.over)

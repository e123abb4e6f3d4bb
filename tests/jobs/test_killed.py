"""A real command, killed by its id between two calls to a real server: what it leaves, the next command puts right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from jobs import artifacts, spec
from jobs.clock import Clock
from jobs.lifecycle import Lifecycle
from jobs.platform import Platform, parse
from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.jobs import conftest
from tests.local.cloud.fakes import FakeRunner

JOB = "nightly-etl"
# Stops before or after its n-th call of an operation and says so; `cancel`: Ctrl-C at the first pause.
COMMAND = """
import json, sys, time
import boto3
from jobs.clock import Clock
from jobs.lifecycle import Lifecycle
from jobs.platform import parse

outputs, operation, call, when, how = json.loads(sys.argv[1]), *sys.argv[2:]
seen, pauses = [], []

def count(event_name, **_):
    seen.append(event_name)
    if len(seen) == int(call):
        print(event_name, flush=True)
        time.sleep(600)

def pause(seconds):
    pauses.append(seconds)
    if how == "cancel" and len(pauses) == 1:
        raise KeyboardInterrupt
    time.sleep(0.05)

session = boto3.Session(region_name="us-east-1")
session.events.register({"before": "before-send", "after": "after-call"}[when] + f".{operation}", count)
Lifecycle(session, parse({"platform": outputs}), clock=Clock(sleep=pause)).run("nightly-etl", "dev")
"""


@dataclass
class Aws:
    """A local AWS with a cluster whose steps end when a command pauses."""

    server: CloudServer
    clock: ManualClock
    session: boto3.Session
    outputs: dict[str, Any]

    @property
    def platform(self) -> Platform:
        return parse({"platform": self.outputs})

    @property
    def cluster(self) -> str:
        return str(self.outputs["clusters"]["main"]["id"])

    def steps(self) -> list[Any]:
        return list(self.session.client("emr").list_steps(ClusterId=self.cluster)["Steps"])

    def pause(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.server.plane.settle()
        for step in self.steps():
            if step["Status"]["State"] in ("RUNNING", "CANCEL_PENDING"):
                self.server.sink.finished(self.cluster, step["Id"], None)
        self.server.plane.settle()

    def killed_at(self, operation: str, call: int, when: str, how: str) -> str:
        """Run the command, kill it at that call, and return which call it says it was."""
        arguments = [json.dumps(self.outputs), operation, str(call), when, how]
        child = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        said = child.stdout.readline().strip()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        return said

    def run(self) -> Lifecycle:
        lifecycle = Lifecycle(self.session, self.platform, clock=Clock(sleep=self.pause))
        lifecycle.run(JOB, "dev")
        return lifecycle


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[CloudServer, ManualClock]]:
    # The control plane's clock stands at today's time: a command compares it with the table's.
    clock, runner = ManualClock(datetime.now(UTC)), FakeRunner()
    with CloudServer(runner, clock=clock) as started:
        runner.sink = started.sink
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        made: Any = {"endpoint_url": started.endpoint}
        for zone in ("landing", "curated", "checkpoints", "artifacts", "logs", "runs"):
            session.client("s3", **made).create_bucket(Bucket=f"dev-{zone}")
        iam = session.client("iam", **made)
        conftest.make_roles(iam, "nodes", "service", JOB)
        scoped = {
            "AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}
        }
        session.client("emr", **made).create_security_configuration(
            Name="roles", SecurityConfiguration=json.dumps(scoped)
        )
        yield started, clock


@pytest.fixture
def aws(server: tuple[CloudServer, ManualClock], monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    started, clock = server
    monkeypatch.setenv("AWS_ENDPOINT_URL", started.endpoint)
    session, outputs = boto3.Session(region_name="us-east-1"), conftest.outputs_of_dev()
    fleets: Any = [
        {
            "InstanceFleetType": kind, "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
        }
        for kind in ("MASTER", "CORE")
    ]  # fmt: skip
    outputs["clusters"]["main"]["id"] = session.client("emr").run_job_flow(
        Name="main", ReleaseLabel="emr-spark-8.0.0", ServiceRole="service", JobFlowRole="nodes",
        Applications=[{"Name": "Spark"}], LogUri="s3://dev-logs/elasticmapreduce/", SecurityConfiguration="roles",
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": fleets},
    )["JobFlowId"]  # fmt: skip
    conftest.make_table(session, "dev-coordination")
    found = Aws(server=started, clock=clock, session=session, outputs=outputs)
    artifacts.deploy(session, found.platform, spec.find(JOB), "dev")
    found.pause(10)
    yield found
    session.client("dynamodb").delete_table(TableName="dev-coordination")
    for key in session.client("s3").list_objects_v2(Bucket="dev-runs").get("Contents", []):
        session.client("s3").delete_object(Bucket="dev-runs", Key=key["Key"])


# Which call of which operation, before it is sent or after it was answered, in a run or in its cancellation.
POINTS = [
    ("dynamodb.TransactWriteItems", 1, "before", "run"), ("dynamodb.TransactWriteItems", 1, "after", "run"),
    ("emr.ListSteps", 1, "after", "run"), ("emr.AddJobFlowSteps", 1, "before", "run"),
    ("emr.AddJobFlowSteps", 1, "after", "run"), ("emr.ListSteps", 2, "before", "run"),
    ("emr.CancelSteps", 1, "before", "cancel"), ("emr.CancelSteps", 1, "after", "cancel"),
]  # fmt: skip


def test_a_command_killed_between_two_calls_leaves_one_run_and_a_true_record(aws: Aws) -> None:
    for operation, call, when, how in POINTS:
        before = len(aws.steps())
        assert aws.killed_at(operation, call, when, how).endswith(operation)
        lifecycle = aws.run()
        assert lifecycle.shared.open_attempts() == []
        told = {each.token: each for record in lifecycle.store.list_runs() for each in record.attempts}
        steps = aws.steps()
        assert sorted(step["Name"] for step in steps) == sorted(
            token for token, each in told.items() if each.id
        )
        assert {step["Status"]["State"] for step in steps} <= {"COMPLETED", "CANCELLED"}
        for step in steps:
            assert told[step["Name"]].id == step["Id"]
            assert (told[step["Name"]].state == "SUCCEEDED") == (step["Status"]["State"] == "COMPLETED")
        assert (
            1 <= len(steps) - before <= 2
        )  # the killed command's own, and the next one's when that was over

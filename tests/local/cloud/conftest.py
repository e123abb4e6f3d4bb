"""One API server for all tests of this folder, with a clock that the tests move and a runner that runs nothing.

Tests are apart by region: each has an account's EMR of its own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeJobs, FakeRunner
from tests.local.cloud.wire import CheckedResult, check_answer

REGIONS = itertools.cycle(
    [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "eu-west-1",
        "eu-west-2",
        "eu-central-1",
        "eu-north-1",
    ]
)
RELEASE = "emr-spark-8.0.0"
PRIMARY = {
    "InstanceFleetType": "MASTER",
    "TargetOnDemandCapacity": 1,
    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}
CORE = {
    "InstanceFleetType": "CORE",
    "TargetOnDemandCapacity": 4,
    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge", "WeightedCapacity": 2}],
}


@dataclass
class Cloud:
    """A server, the clock it goes by and the runners it tells."""

    server: CloudServer
    clock: ManualClock
    runner: FakeRunner
    region: str
    jobs: FakeJobs = field(default_factory=FakeJobs)

    def client(self, service: str, **config: Any) -> Any:
        """A client; every answer to one of EMR is checked against botocore's shapes."""
        return _client(self.server.endpoint, self.region, service, tuple(config.items()))

    def pass_time(self, seconds: float = 0.0) -> None:
        """Let time pass; all that it brings about has happened when this returns."""
        self.clock.advance(seconds)
        self.server.plane.settle()

    def launch(self, **changes: Any) -> str:
        """A cluster with a primary and a core fleet; `changes` go over the request, `instances` over its part."""
        instances = {
            "KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": [PRIMARY, CORE], **changes.pop("instances", {}),
        }  # fmt: skip
        request = {
            "Name": "main", "ReleaseLabel": RELEASE, "ServiceRole": "service", "JobFlowRole": "nodes",
            "Applications": [{"Name": "Spark"}], "Instances": instances, **changes,
        }  # fmt: skip
        answer: dict[str, str] = self.client("emr").run_job_flow(**request)
        return answer["JobFlowId"]

    def ready(self, **changes: Any) -> str:
        """A cluster that is up."""
        cluster_id = self.launch(**changes)
        self.pass_time(10)
        return cluster_id

    def state(self, cluster_id: str) -> str:
        """The state of a cluster."""
        return str(self.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"])

    def add_steps(self, cluster_id: str, *names: str, action: str = "CONTINUE", **more: Any) -> list[str]:
        """Add steps; they have been given to the runner, as far as they may, when this returns."""
        steps = [
            {
                "Name": n,
                "ActionOnFailure": action,
                "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [n]},
            }
            for n in names
        ]
        answer = self.client("emr").add_job_flow_steps(JobFlowId=cluster_id, Steps=steps, **more)
        self.pass_time()
        return list(answer["StepIds"])

    def finish(self, cluster_id: str, step_id: str, *, failure: Any = None) -> None:
        """Have the runner report the end of a step."""
        self.server.sink.finished(cluster_id, step_id, failure)
        self.pass_time()

    def steps(self, cluster_id: str) -> dict[str, str]:
        """The states of a cluster's steps by their names."""
        found = self.client("emr").list_steps(ClusterId=cluster_id)["Steps"]
        return {s["Name"]: s["Status"]["State"] for s in found}


@cache
def _client(endpoint: str, region: str, service: str, config: tuple[tuple[str, Any], ...]) -> Any:
    """Clients are dear to make (botocore reads its models) and cheap to keep."""
    make: Any = boto3.client  # the stubs know services by literal names only
    client = make(
        service, endpoint_url=endpoint, region_name=region, aws_access_key_id="AKIA2222222222222222",
        aws_secret_access_key="secret", config=Config(**dict(config)),
    )  # fmt: skip
    if service in ("emr", "emr-serverless", "emr-containers"):
        client.meta.events.register(f"before-parse.{service}", check_answer)
    return client


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[CloudServer, ManualClock, FakeRunner, FakeJobs]]:
    clock, runner, jobs = ManualClock(), FakeRunner(), FakeJobs()
    server = CloudServer(runner, clock=clock, jobs=jobs)
    runner.sink = server.sink
    with pytest.MonkeyPatch.context() as patch, server:
        patch.setattr("local.cloud.emr.responses.ActionResult", CheckedResult)
        patch.setattr("local.cloud.rest.ActionResult", CheckedResult)
        yield server, clock, runner, jobs


@pytest.fixture
def cloud(_server: tuple[CloudServer, ManualClock, FakeRunner, FakeJobs]) -> Iterator[Cloud]:
    """The shared server, as a test finds it: no clusters in its region, the roles there, an idle runner."""
    server, clock, runner, jobs = _server
    runner.calls.clear()
    runner.sizes.clear()
    runner.broken = jobs.broken = None
    found = Cloud(server, clock, runner, next(REGIONS), jobs)
    iam = found.client("iam")
    if not any(r["RoleName"] == "service" for r in iam.list_roles()["Roles"]):
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        iam.create_role(RoleName="service", AssumeRolePolicyDocument=document)
        iam.create_instance_profile(InstanceProfileName="nodes")
    yield found
    for control in (server.control, server.serverless, server.containers):
        control.forget("123456789012", found.region)
    found.pass_time(10)

"""What is not there says so, in its own protocol and by name, and no client tries again."""

from __future__ import annotations

import socket
import urllib.request
from json import loads
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from facts.errors import UserError
from local.cloud.emr import model
from local.cloud.emr.responses import OPERATIONS
from local.cloud.emr_containers import backend as containers
from local.cloud.emr_serverless import backend as serverless
from local.cloud.server import CloudServer, bind
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FakeRunner

# service, operation, its parameters, the name in the message: one for every protocol.
ABSENT = [
    ("emr", "describe_studio", {"StudioId": "es-1"}, "elasticmapreduce:DescribeStudio"),
    ("emr", "describe_job_flows", {}, "elasticmapreduce:DescribeJobFlows"),
    ("ec2", "describe_fast_launch_images", {}, "ec2:DescribeFastLaunchImages"),
    ("iam", "get_service_last_accessed_details", {"JobId": "0" * 36}, "iam:GetServiceLastAccessedDetails"),
    ("emr-serverless", "get_dashboard_for_job_run", {"applicationId": "a", "jobRunId": "b"},
     "emr-serverless:GetDashboardForJobRun"),
    ("emr-containers", "describe_managed_endpoint", {"id": "a", "virtualClusterId": "b"},
     "emr-containers:DescribeManagedEndpoint"),
    ("route53", "get_geo_location", {}, "route53:GET /2013-04-01/geolocation"),
    ("outposts", "list_sites", {}, "the service 'outposts' is not part of this local AWS"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "parameters", "name"), ABSENT, ids=[a[3] for a in ABSENT])
def test_what_is_absent_says_so_once(
    cloud: Cloud, service: str, operation: str, parameters: dict[str, Any], name: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service), operation)(**parameters)

    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert error["Code"] == "NotImplemented"
    assert name in error["Message"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (501, 0)


def test_a_defect_is_told_in_the_protocol_too(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(cloud.server.control.lifecycle, "launch", broken)
    emr = boto3.client(
        "emr", endpoint_url=cloud.server.endpoint, region_name=cloud.region, aws_access_key_id="a",
        aws_secret_access_key="b", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    with pytest.raises(
        ClientError, match="RunJobFlow failed inside this local AWS: RuntimeError: a defect"
    ) as told:
        emr.run_job_flow(
            Name="x", ReleaseLabel="emr-spark-8.0.0", ServiceRole="service", JobFlowRole="nodes",
            Instances={"MasterInstanceType": "m5.xlarge"},
        )  # fmt: skip
    assert told.value.response["Error"]["Code"] == "InternalFailure"


@pytest.mark.parametrize(
    ("service", "operations"),
    [
        ("emr", OPERATIONS),
        ("emr-serverless", serverless.OPERATIONS),
        ("emr-containers", containers.OPERATIONS),
    ],
)
def test_every_operation_of_ours_exists(service: str, operations: tuple[str, ...]) -> None:
    assert set(operations) <= set(get_session().get_service_model(service).operation_names)


@pytest.mark.parametrize(
    ("shape", "states"),
    [
        ("ClusterState", {*model.CLUSTER_ACTIVE, "TERMINATING", *model.CLUSTER_ENDED}),
        ("StepState", {*model.STEP_OPEN, *model.STEP_ENDED}),
    ],
)
def test_our_tables_of_states_are_the_apis(shape: str, states: set[str]) -> None:
    assert set(get_session().get_service_model("emr").shape_for(shape).metadata["enum"]) == states


def test_the_status_path_tells_the_clusters(cloud: Cloud) -> None:
    cluster_id = cloud.ready(Name="shown")
    with urllib.request.urlopen(f"{cloud.server.endpoint}/_emrctl/status", timeout=5) as answer:
        clusters = [c for c in loads(answer.read())["clusters"] if c["id"] == cluster_id]

    assert clusters[0]["state"] == "WAITING"
    assert [(p["role"], p["on_demand"]) for p in clusters[0]["pools"]] == [("MASTER", 1), ("CORE", 4)]


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            UserError, match=f"port {port} is in use by another process; give another with --port"
        ):
            bind(port)


def test_the_server_listens_on_loopback_only(cloud: Cloud) -> None:
    assert cloud.server._listener.getsockname()[0] == "127.0.0.1"


def test_objects_of_html_are_not_taken_for_errors(cloud: Cloud) -> None:
    s3 = Cloud(cloud.server, cloud.clock, cloud.runner, "us-east-1").client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="index.html", Body=b"<html/>", ContentType="text/html")
    assert s3.get_object(Bucket="pages", Key="index.html")["Body"].read() == b"<html/>"


def test_boto3s_waiters_pass(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.launch()
    # A waiter sleeps half a minute between its questions: here that passes on the test's clock.
    monkeypatch.setattr("botocore.waiter.time.sleep", cloud.pass_time)
    emr.get_waiter("cluster_running").wait(ClusterId=cluster_id)

    (step_id,) = cloud.add_steps(cluster_id, "work")
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: cloud.finish(cluster_id, step_id))
    emr.get_waiter("step_complete").wait(ClusterId=cluster_id, StepId=step_id)

    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    monkeypatch.setattr("botocore.waiter.time.sleep", cloud.pass_time)
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster_id)
    assert cloud.runner.calls == [("start", step_id), ("terminate", cluster_id)]


def test_two_servers_in_one_process_have_clusters_of_their_own(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    with CloudServer(FakeRunner(), clock=cloud.clock) as server:
        other = Cloud(server, cloud.clock, cloud.runner, cloud.region)
        theirs = [c["Id"] for c in other.client("emr").list_clusters()["Clusters"]]
    ours = [c["Id"] for c in cloud.client("emr").list_clusters()["Clusters"]]

    assert (theirs, ours) == ([], [cluster_id])

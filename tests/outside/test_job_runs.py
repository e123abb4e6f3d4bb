"""Job runs without a cluster, for real: each attempt a Spark of its own, seen through boto3 and the CLI only."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.outside.cli import Cli
from tests.outside.conftest import JOB, Endpoint

pytestmark = [pytest.mark.xdist_group("outside"), pytest.mark.slow]
SECONDS = 240.0
LOGS = {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://runs-data/logs"}}}


def ends(state: Callable[[], str], *wanted: str) -> str:
    """The first of `wanted` that `state` comes to; fails the test when it takes too long."""
    deadline = time.monotonic() + SECONDS
    while (found := state()) not in wanted:
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.25)
    return found


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The bucket and the role of the tests' runs."""

    aws: Endpoint
    role: str

    def driver(self, *arguments: str) -> dict[str, Any]:
        """The job, with these arguments."""
        return {"entryPoint": "s3://runs-data/job.py", "entryPointArguments": list(arguments)}

    def log(self, key: str) -> str:
        """A driver's log."""
        body = self.aws.client("s3").get_object(Bucket="runs-data", Key=key)["Body"].read()
        return gzip.decompress(body).decode()


@pytest.fixture(scope="module")
def runs(aws: Endpoint) -> Runs:
    """The code in a bucket, and a role that may read it and write logs."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="runs-data")
    s3.put_object(Bucket="runs-data", Key="job.py", Body=JOB.encode())
    return Runs(aws=aws, role=aws.role("runs-job", "emr-serverless.amazonaws.com", ["s3:*"]))


@pytest.fixture(scope="module")
def application(runs: Runs) -> str:
    """An application that starts with its first run."""
    made = runs.aws.client("emr-serverless").create_application(
        name="outside", releaseLabel="emr-spark-8.0.0", type="SPARK", clientToken=uuid4().hex
    )
    return str(made["applicationId"])


def submit(runs: Runs, application: str, *arguments: str) -> str:
    """Start a run whose logs go to the bucket."""
    told = runs.aws.client("emr-serverless").start_job_run(
        applicationId=application,
        clientToken=uuid4().hex,
        executionRoleArn=runs.role,
        jobDriver={"sparkSubmit": runs.driver(*arguments)},
        configurationOverrides=LOGS,
    )
    return str(told["jobRunId"])


def state(runs: Runs, application: str, run: str) -> str:
    """The state of a run."""
    client = runs.aws.client("emr-serverless")
    return str(client.get_job_run(applicationId=application, jobRunId=run)["jobRun"]["state"])


def test_the_command_line_starts_a_run_that_succeeds(runs: Runs, application: str) -> None:
    cli = Cli(endpoint=runs.aws)
    run = cli(
        "emr-serverless", "start-job-run", "--application-id", application, "--execution-role-arn", runs.role,
        "--job-driver", json.dumps({"sparkSubmit": runs.driver("sum")}),
        "--configuration-overrides", json.dumps(LOGS),
    )["jobRunId"]  # fmt: skip

    def shown() -> str:
        told = cli("emr-serverless", "get-job-run", "--application-id", application, "--job-run-id", run)
        return str(told["jobRun"]["state"])

    assert ends(shown, "SUCCESS", "FAILED") == "SUCCESS"
    folder = f"logs/applications/{application}/jobs/{run}/SPARK_DRIVER"
    assert "the sum is 45" in runs.log(f"{folder}/stdout.gz")
    assert "SparkContext" in runs.log(f"{folder}/stderr.gz")


def test_a_run_that_raises_fails_with_its_reason(runs: Runs, application: str) -> None:
    run = submit(runs, application, "fail")
    assert ends(lambda: state(runs, application, run), "SUCCESS", "FAILED") == "FAILED"
    client = runs.aws.client("emr-serverless")
    told = client.get_job_run(applicationId=application, jobRunId=run)["jobRun"]
    assert "this job was told to fail" in told["stateDetails"]
    # Spark's PythonRunner joins what Python says on both streams, and gives it out on the first.
    stdout = runs.log(f"logs/applications/{application}/jobs/{run}/SPARK_DRIVER/stdout.gz")
    assert "ValueError: this job was told to fail" in stdout


def test_a_run_is_cancelled_while_it_runs(runs: Runs, application: str) -> None:
    run = submit(runs, application, "wait")
    ends(lambda: state(runs, application, run), "RUNNING")
    runs.aws.client("emr-serverless").cancel_job_run(applicationId=application, jobRunId=run)
    assert ends(lambda: state(runs, application, run), "CANCELLED", "SUCCESS", "FAILED") == "CANCELLED"


def test_a_run_of_emr_on_eks_completes(runs: Runs) -> None:
    runs.aws.client("eks").create_cluster(
        name="outside", roleArn=runs.role, resourcesVpcConfig={"subnetIds": []}, version="1.31"
    )
    client = runs.aws.client("emr-containers")
    cluster = client.create_virtual_cluster(
        name="outside", clientToken=uuid4().hex,
        containerProvider={"id": "outside", "type": "EKS", "info": {"eksInfo": {"namespace": "team"}}},
    )["id"]  # fmt: skip
    run = client.start_job_run(
        virtualClusterId=cluster, clientToken=uuid4().hex, executionRoleArn=runs.role,
        releaseLabel="emr-7.13.0-latest", jobDriver={"sparkSubmitJobDriver": runs.driver("sum")},
        configurationOverrides=LOGS,
    )["id"]  # fmt: skip

    def shown() -> str:
        return str(client.describe_job_run(virtualClusterId=cluster, id=run)["jobRun"]["state"])

    assert ends(shown, "COMPLETED", "FAILED") == "COMPLETED"
    folder = f"logs/{cluster}/jobs/{run}/containers/spark-{run}/spark-{run}-driver"
    assert "the sum is 45" in runs.log(f"{folder}/stdout.gz")

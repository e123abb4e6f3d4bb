"""The AWS CLI, with only an endpoint set: clusters, steps, job runs, buckets."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.outside.cli import Cli
from tests.outside.conftest import JOB, Endpoint

pytestmark = pytest.mark.xdist_group("outside")
FLEETS = [
    {
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}, {"InstanceType": "m6i.xlarge"}],
    }
    for kind in ("MASTER", "CORE")
]
SMALL = (
    "--conf", "spark.driver.memory=512m", "--conf", "spark.executor.memory=512m",
    "--conf", "spark.dynamicAllocation.enabled=false", "--conf", "spark.executor.instances=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def cli(aws: Endpoint) -> Cli:
    """The CLI, with the roles and the bucket that the tests' clusters name."""
    aws.role("cli-service", "elasticmapreduce.amazonaws.com", ["ec2:*"])
    aws.role("cli-nodes", "ec2.amazonaws.com", ["s3:*"])
    iam = aws.client("iam")
    iam.create_instance_profile(InstanceProfileName="cli-nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="cli-nodes", RoleName="cli-nodes")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="cli-data")
    s3.put_object(Bucket="cli-data", Key="job.py", Body=JOB.encode())
    return Cli(endpoint=aws)


def create(cli: Cli) -> str:
    """A cluster of two fleets."""
    made = cli(
        "emr", "create-cluster", "--name", "cli", "--release-label", "emr-spark-8.0.0", "--applications",
        "Name=Spark", "--service-role", "cli-service", "--ec2-attributes", "InstanceProfile=cli-nodes",
        "--log-uri", "s3://cli-data/emr/", "--instance-fleets", json.dumps(FLEETS),
    )  # fmt: skip
    return str(made["ClusterId"])


def test_a_cluster_from_create_to_end(cli: Cli) -> None:
    cluster = create(cli)
    cli("emr", "wait", "cluster-running", "--cluster-id", cluster)
    shown = cli("emr", "describe-cluster", "--cluster-id", cluster)["Cluster"]
    assert (shown["Status"]["State"], shown["InstanceCollectionType"]) == ("WAITING", "INSTANCE_FLEET")
    fleets = cli("emr", "list-instance-fleets", "--cluster-id", cluster)["InstanceFleets"]
    assert {f["InstanceFleetType"]: f["ProvisionedOnDemandCapacity"] for f in fleets} == {
        "MASTER": 1,
        "CORE": 1,
    }
    assert cli.refused(
        "emr", "modify-instance-fleet", "--cluster-id", cluster, "--instance-fleet", "InstanceFleetId=if-NO"
    ).endswith(
        "(InvalidRequestException) when calling the ModifyInstanceFleet operation: Instance fleet id 'if-NO' is not "
        "valid."
    )
    cli("emr", "terminate-clusters", "--cluster-ids", cluster)
    cli("emr", "wait", "cluster-terminated", "--cluster-id", cluster)


def test_a_folder_is_synchronised_there_and_back(cli: Cli, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    (there / "deep").mkdir(parents=True)
    (there / "small").write_text("a line\n")
    (there / "deep" / "large").write_bytes(bytes(9 << 20))  # above the CLI's threshold for uploads in parts
    for file in (there / "small", there / "deep" / "large"):
        os.utime(
            file, (1e9, 1e9)
        )  # S3 has whole seconds: what was written in the same one would be sent again
    done = cli.run("s3", "sync", "--no-progress", str(there), "s3://cli-data/sync")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr
    assert cli.run("s3", "sync", "--no-progress", str(there), "s3://cli-data/sync").stdout == ""
    (there / "small").unlink()
    cli.run("s3", "sync", "--delete", "--no-progress", str(there), "s3://cli-data/sync")
    cli.run("s3", "sync", "--no-progress", "s3://cli-data/sync", str(back))
    assert {str(f.relative_to(back)): f.stat().st_size for f in back.rglob("*") if f.is_file()} == {
        "deep/large": 9 << 20
    }


@pytest.mark.slow
def test_steps_run_and_one_is_cancelled(cli: Cli, aws: Endpoint) -> None:
    cluster = create(cli)
    step = _step("sum")
    (done, waits, never) = cli(
        "emr", "add-steps", "--cluster-id", cluster, "--steps", json.dumps([step, _step("wait"), _step("never")])
    )["StepIds"]  # fmt: skip
    cli("emr", "wait", "step-complete", "--cluster-id", cluster, "--step-id", done)
    log = f"emr/{cluster}/steps/{done}/stdout.gz"
    aws.client("s3").get_waiter("object_exists").wait(Bucket="cli-data", Key=log)
    told = cli("emr", "cancel-steps", "--cluster-id", cluster, "--step-ids", waits, never,
               "--step-cancellation-option", "SEND_INTERRUPT")  # fmt: skip
    assert {info["StepId"]: info["Status"] for info in told["CancelStepsInfoList"]} == {
        waits: "SUBMITTED",
        never: "SUBMITTED",
    }
    cli("emr", "terminate-clusters", "--cluster-ids", cluster)
    cli("emr", "wait", "cluster-terminated", "--cluster-id", cluster)
    states = {
        s["Id"]: s["Status"]["State"] for s in cli("emr", "list-steps", "--cluster-id", cluster)["Steps"]
    }
    assert states == {done: "COMPLETED", waits: "CANCELLED", never: "CANCELLED"}


def _step(argument: str) -> dict[str, Any]:
    words = ["spark-submit", "--deploy-mode", "cluster", *SMALL, "s3://cli-data/job.py", argument]
    return {
        "Name": argument, "Type": "CUSTOM_JAR", "ActionOnFailure": "CONTINUE", "Jar": "command-runner.jar",
        "Args": words,
    }  # fmt: skip

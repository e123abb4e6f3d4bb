"""A backlog on a real YARN makes a cluster's task fleet grow, and when it is gone it shrinks again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECONDS = 240.0
# Six executors of a node each, until the flag is in S3; prints on how many nodes they were in the end.
BACKLOG = """
import time
from pyspark.sql import SparkSession

def wait(_):
    import boto3, os
    s3 = boto3.client("s3")
    while not s3.list_objects_v2(Bucket="scaling", Prefix="flag").get("Contents"):
        time.sleep(0.2)
    return os.environ["CONTAINER_ID"]

spark = SparkSession.builder.getOrCreate()
found = set(spark.sparkContext.parallelize(range(6), 6).map(wait).collect())
spark.sparkContext.parallelize([len(found)], 1).saveAsTextFile("s3://scaling/executors")
spark.stop()
"""
CONF = {
    "spark.executor.instances": "6", "spark.executor.cores": "1", "spark.executor.memory": "2g",
    "spark.driver.memory": "512m", "spark.dynamicAllocation.enabled": "false", "spark.task.cpus": "1",
}  # fmt: skip


def _fleet(role: str, market: str) -> dict[str, Any]:
    types = [{"InstanceType": "m5.xlarge"}]
    return {"InstanceFleetType": role, f"Target{market}Capacity": 1, "InstanceTypeConfigs": types}


def _cluster(here: Here) -> str:
    """A primary, a core and a spot task node; managed scaling may add one more."""
    iam, s3 = here.client("iam"), here.client("s3")
    s3.create_bucket(Bucket="scaling")
    s3.put_object(Bucket="scaling", Key="backlog.py", Body=BACKLOG.encode())
    for role in ("service", "nodes"):
        iam.create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []})
        )
    iam.create_instance_profile(InstanceProfileName="nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
    fleets = [_fleet("MASTER", "OnDemand"), _fleet("CORE", "OnDemand"), _fleet("TASK", "Spot")]
    limits = {
        "UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 3,
        "MaximumCoreCapacityUnits": 1, "MaximumOnDemandCapacityUnits": 1,
    }  # fmt: skip
    made = here.client("emr").run_job_flow(
        Name="scaling", ReleaseLabel="emr-spark-8.0.0", Applications=[{"Name": "Spark"}], ServiceRole="service",
        JobFlowRole="nodes", LogUri="s3://scaling/logs/", ManagedScalingPolicy={"ComputeLimits": limits},
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": fleets},
    )  # fmt: skip
    return str(made["JobFlowId"])


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS:.0f} s: {what}"
        time.sleep(0.5)


def test_a_backlog_makes_the_task_fleet_grow_and_its_end_shrink(here: Here) -> None:
    assert here.run("local", "up").returncode == 0
    emr, s3 = here.client("emr"), here.client("s3")
    cluster = _cluster(here)

    def spot() -> int:
        fleets = emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
        return int(
            next(one["ProvisionedSpotCapacity"] for one in fleets if one["InstanceFleetType"] == "TASK")
        )

    def nodes() -> int:
        return int(here.json("local", "status")["spark"][0]["nodes"])

    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig={"Delay": 1})
    words = [word for key, value in CONF.items() for word in ("--conf", f"{key}={value}")]
    step = emr.add_job_flow_steps(
        JobFlowId=cluster,
        Steps=[{
            "Name": "backlog", "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {
                "Jar": "command-runner.jar", "Args": ["spark-submit", *words, "s3://scaling/backlog.py"],
            },
        }],
    )["StepIds"][0]  # fmt: skip
    _until(lambda: spot() == 2, "the fleet grows")
    _until(lambda: nodes() == 3, "a node stands for what came")
    s3.put_object(Bucket="scaling", Key="flag", Body=b"")
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step, WaiterConfig={"Delay": 1})

    here.json("local", "clock", "--advance", "1000s")
    _until(lambda: spot() == 1, "the fleet shrinks")
    _until(lambda: nodes() == 2, "its node goes")
    (told,) = here.json("local", "status")["clusters"]
    grown, shrunk = (move["reason"] for move in told["scaling"])
    assert grown.startswith("managed scaling from 2 to 3 units:"), grown
    assert shrunk == "managed scaling from 3 to 2 units: no more than 2 units were needed in 15 minutes"

"""A cluster on a real YARN, through the API: its size changes under a job, nodes are lost, many steps run at once."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from tests.e2e.conftest import Here
from tests.local.spark.yarn_world import RELEASES, until

pytestmark = [pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]
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


def _cluster(here: Here, release: str) -> str:
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
        Name="scaling", ReleaseLabel=release, Applications=[{"Name": "Spark"}], ServiceRole="service",
        JobFlowRole="nodes", LogUri="s3://scaling/logs/", ManagedScalingPolicy={"ComputeLimits": limits},
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": fleets},
    )  # fmt: skip
    return str(made["JobFlowId"])


_until = partial(until, seconds=240.0)
COUNT = """
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
assert spark.range(1000).selectExpr("sum(id)").first()[0] == 499500
spark.stop()
"""
# Four tasks that write what they were given; those on a node that is gone run again on another.
WORK = """
import sys, time
from pyspark.sql import SparkSession

def work(number):
    import boto3
    s3 = boto3.client("s3")
    s3.put_object(Bucket="scaling", Key=f"at-work/{number}")
    while not s3.list_objects_v2(Bucket="scaling", Prefix="flag").get("Contents"):
        time.sleep(0.2)
    return number * number

spark = SparkSession.builder.getOrCreate()
total = sum(spark.sparkContext.parallelize(range(4), 4).map(work).collect())
spark.sparkContext.parallelize([total], 1).saveAsTextFile("s3://scaling/total")
spark.stop()
"""


@pytest.mark.parametrize("release", RELEASES)
def test_a_step_that_loses_its_spot_node_ends_right(here: Here, release: str) -> None:
    assert here.run("local", "up").returncode == 0
    emr, s3 = here.client("emr"), here.client("s3")
    cluster = _cluster(here, release)
    s3.put_object(Bucket="scaling", Key="work.py", Body=WORK.encode())
    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig={"Delay": 1})
    conf = {
        **CONF,
        "spark.executor.instances": "2",
        "spark.executor.cores": "2",
        "spark.executor.memory": "1g",
    }
    step = _submit(here, cluster, "work.py", conf)

    def at_work() -> int:
        return len(s3.list_objects_v2(Bucket="scaling", Prefix="at-work/").get("Contents", []))

    _until(lambda: at_work() == 4, "all tasks run")
    (taken,) = here.json("local", "spot", "reclaim", "--cluster", cluster, "--notice", "2s")["reclaimed"]
    _until(lambda: taken["instance"] not in _nodes(here), "the node is gone")
    _until(lambda: len(_nodes(here)) == 2, "another node stands in its place")
    s3.put_object(Bucket="scaling", Key="flag", Body=b"")
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step, WaiterConfig={"Delay": 1})
    (part,) = [
        one["Key"]
        for one in s3.list_objects_v2(Bucket="scaling", Prefix="total/part")["Contents"]
        if one["Size"]
    ]
    assert s3.get_object(Bucket="scaling", Key=part)["Body"].read() == b"14\n"


def _nodes(here: Here) -> set[str]:
    """The instances that a NodeManager stands for."""
    processes = here.json("local", "status")["spark"][0]["processes"]
    return {one["name"] for one in processes if one["kind"] == "nodemanager"}


def _submit(here: Here, cluster: str, script: str, conf: dict[str, str]) -> str:
    words = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    jar = {"Jar": "command-runner.jar", "Args": ["spark-submit", *words, f"s3://scaling/{script}"]}
    steps = [{"Name": script, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}]
    return str(here.client("emr").add_job_flow_steps(JobFlowId=cluster, Steps=steps)["StepIds"][0])


@pytest.mark.parametrize("release", RELEASES)
def test_a_backlog_makes_the_task_fleet_grow_and_its_end_shrink(here: Here, release: str) -> None:
    assert here.run("local", "up").returncode == 0
    emr, s3 = here.client("emr"), here.client("s3")
    cluster = _cluster(here, release)

    def spot() -> int:
        fleets = emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
        return int(
            next(one["ProvisionedSpotCapacity"] for one in fleets if one["InstanceFleetType"] == "TASK")
        )

    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig={"Delay": 1})
    step = _submit(here, cluster, "backlog.py", CONF)
    _until(lambda: spot() == 2, "the fleet grows")
    _until(lambda: len(_nodes(here)) == 3, "a node stands for what came")
    s3.put_object(Bucket="scaling", Key="flag", Body=b"")
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step, WaiterConfig={"Delay": 1})

    here.json("local", "clock", "--advance", "1000s")
    _until(lambda: spot() == 1, "the fleet shrinks")
    _until(lambda: len(_nodes(here)) == 2, "its node goes")
    (told,) = here.json("local", "status")["clusters"]
    grown, shrunk = (move["reason"] for move in told["scaling"])
    assert grown.startswith("managed scaling from 2 to 3 units:"), grown
    assert shrunk == "managed scaling from 3 to 2 units: no more than 2 units were needed in 15 minutes"


@pytest.mark.parametrize("release", RELEASES)
def test_ten_steps_at_concurrency_four_finish(here: Here, release: str) -> None:
    assert here.run("local", "up").returncode == 0
    emr, s3 = here.client("emr"), here.client("s3")
    cluster = _cluster(here, release)
    emr.modify_cluster(ClusterId=cluster, StepConcurrencyLevel=4)
    s3.put_object(Bucket="scaling", Key="count.py", Body=COUNT.encode())
    conf = {"spark.driver.memory": "512m", "spark.executor.memory": "512m", "spark.executor.instances": "1",
            "spark.dynamicAllocation.enabled": "false", "spark.submit.deployMode": "cluster"}  # fmt: skip
    steps = [_submit(here, cluster, "count.py", conf) for _ in range(10)]

    seen: list[int] = []

    def ended() -> bool:
        told = [one["Status"] for one in emr.list_steps(ClusterId=cluster)["Steps"]]
        states = [one["State"] for one in told]
        assert "FAILED" not in states, [one.get("FailureDetails") for one in told]
        seen.append(states.count("RUNNING"))
        return states.count("COMPLETED") == len(steps)

    _until(ended, "all steps end")
    assert max(seen) == 4

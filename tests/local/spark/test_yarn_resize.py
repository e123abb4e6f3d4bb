"""A cluster that grows and shrinks while it works: nodes follow its instances, and work is finished first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from local.spark import sizing
from tests.local.spark.yarn_world import World, instance, until, world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]
COUNT = (
    "from pyspark.sql import SparkSession\n"
    "spark = SparkSession.builder.getOrCreate()\nprint(spark.range(10).count())\nspark.stop()\n"
)
# Two executors, one task each, until the flag is in S3.
UNTIL_FLAG = """
import time
from pyspark.sql import SparkSession

def wait(_):
    import boto3
    s3 = boto3.client("s3")
    for _ in range(600):
        if s3.list_objects_v2(Bucket="data", Prefix="flag").get("Contents"):
            return
        time.sleep(0.2)
    raise TimeoutError("no flag")

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).map(wait).collect()
spark.stop()
"""
FILLS_NODES = {
    "spark.executor.instances": "2", "spark.executor.cores": "1", "spark.executor.memory": "1500m",
    "spark.task.maxFailures": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def emr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("yarn")) as made:
        yield made


def nodes(emr: World) -> dict[str, psutil.Process]:
    """The NodeManagers by the id of the instance that they stand for."""
    (told,) = emr.runner.status()
    processes = told["processes"]
    assert isinstance(processes, list)
    return {p["name"]: psutil.Process(p["pid"]) for p in processes if p["kind"] == "nodemanager"}


def test_nodes_follow_the_instances_and_work_is_finished_first(emr: World) -> None:
    assert emr.sink.outcome(emr.step(emr.script(COUNT))) is None
    assert set(nodes(emr)) == {"ci-CORE2"}

    grown = replace(emr.cluster, instances=[*emr.cluster.instances, instance(3, "TASK")])
    emr.runner.resize(grown)
    until(lambda: set(nodes(emr)) == {"ci-CORE2", "ci-TASK3"}, "the task node")
    working = emr.step(emr.script(UNTIL_FLAG), conf=FILLS_NODES)
    until(lambda: emr.running("CoarseGrained", on="ci-TASK3"), "executors on it")
    task = nodes(emr)["ci-TASK3"]

    emr.runner.resize(emr.cluster)
    meanwhile = emr.step(emr.script(COUNT))
    assert emr.sink.started(meanwhile), "a step is not held up by a node that leaves"
    assert task.is_running()
    assert "ci-TASK3" in nodes(emr), "it has work"

    emr.s3.put_object(Bucket="data", Key="flag", Body=b"")
    assert emr.sink.outcome(working) is None, emr.step_log(working, "stderr")
    assert emr.sink.outcome(meanwhile) is None, emr.step_log(meanwhile, "stderr")
    until(lambda: set(nodes(emr)) == {"ci-CORE2"}, "the core node alone")
    assert not emr.running("ci-TASK3")


def test_a_large_fleet_is_few_nodes(emr: World) -> None:
    assert emr.sink.outcome(emr.step(emr.script(COUNT))) is None
    large = replace(
        emr.cluster, instances=[*emr.cluster.instances, *(instance(n, "TASK") for n in range(10, 30))]
    )
    emr.runner.resize(large)
    until(lambda: len(nodes(emr)) == sizing.MAX_NODES, "as many nodes as there may be")
    assert "ci-CORE2" in nodes(emr)
    assert emr.sink.outcome(emr.step(emr.script(COUNT))) is None

"""What goes wrong on a real YARN, and the other deploy mode: minutes, so only in `make test-all`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from local.processes import end_instance
from local.spark import toolchain
from tests.local.spark.yarn_world import RELEASES, World, world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("yarn"), pytest.mark.timeout(1200)]

COUNT = """
import os, sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(10).write.mode("overwrite").parquet("s3://data/client/")
print("counted", spark.read.parquet("s3://data/client/").count(), spark.conf.get("spark.submit.deployMode"))
if "fail" in sys.argv:
    raise KeyError("no such airport")
"""
# More than the container has: half a gigabyte for Java, 384 MB beside it.
GREEDY = """
from pyspark.sql import SparkSession

def eat(n):
    import time
    held = [bytearray(50_000_000) for _ in range(40)]
    time.sleep(20)
    return len(held)

spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.parallelize(range(1), 1).map(eat).collect())
"""
WAIT = """
import time
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).map(lambda _: time.sleep(600)).collect()
"""
FLEETS = [
    {"Classification": "spark-defaults", "Properties": {"spark.yarn.submit.waitAppCompletion": "true"}},
    {
        "Classification": "capacity-scheduler",
        "Properties": {
            "yarn.scheduler.capacity.root.queues": "default,teama",
            "yarn.scheduler.capacity.root.default.capacity": "50",
            "yarn.scheduler.capacity.root.teama.capacity": "50",
            "yarn.scheduler.capacity.root.teama.maximum-capacity": "100",
        },
    },
    {"Classification": "hive-site", "Properties": {"a": "b"}},
]


@pytest.fixture(scope="module", params=RELEASES)
def emr(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("yarn"), configurations=FLEETS, release=request.param) as made:
        yield made


def test_client_mode_has_the_driver_in_the_steps_own_logs(emr: World) -> None:
    step = emr.step(emr.script(COUNT), mode="client")
    assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
    assert emr.step_log(step, "stdout") == "counted 10 client\n"
    assert "hive-site: has no counterpart on this machine" in emr.step_log(step, "controller")


def test_a_failing_driver_in_client_mode_says_its_own_error(emr: World) -> None:
    step = emr.step(emr.script(COUNT), "fail", mode="client")
    assert emr.sink.failure(step).message == "KeyError: 'no such airport'"
    assert "KeyError" in emr.step_log(step, "stdout")


def test_a_teams_queue_of_the_configuration_is_there(emr: World) -> None:
    step = emr.step(emr.script(COUNT), conf={"spark.yarn.queue": "teama"})
    assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
    assert re.search(r"queue: (root\.)?teama", emr.step_log(step, "stderr"))


def test_a_class_that_is_not_there_is_named_in_the_drivers_log(emr: World) -> None:
    jar = next(toolchain.ensure().s3a.glob("arns-*.jar"))
    emr.s3.put_object(Bucket="code", Key="app.jar", Body=jar.read_bytes())
    step = emr.step("--class", "org.example.Nowhere", "s3://code/app.jar")
    assert "finished with failed status" in emr.sink.failure(step).message
    assert emr.container_logs("ClassNotFoundException: org.example.Nowhere")


@pytest.mark.parametrize(
    ("key", "what"), [("spark.executor.memory", "executor"), ("spark.driver.memory", "AM")]
)
def test_more_than_any_node_has_is_refused_with_both_sizes(emr: World, key: str, what: str) -> None:
    step = emr.step(emr.script(COUNT), conf={key: "13g"})
    message = emr.sink.failure(step).message
    assert re.search(rf"Required {what} memory \(3328", message), "a quarter of what was asked"
    assert "3072 MB" in message, "a quarter of what YARN has on m5.xlarge"


def test_yarn_kills_what_outgrows_its_container(emr: World) -> None:
    step = emr.step(
        emr.script(GREEDY), conf={"spark.executor.maxNumFailures": "1", "spark.task.maxFailures": "1"}
    )
    assert "finished with failed status" in emr.sink.failure(step).message
    assert emr.container_logs("Container killed by YARN for exceeding physical memory limits")


def test_what_a_killed_server_leaves_is_found_by_its_mark(emr: World) -> None:
    """Last of the module. The reaper ends by the mark alone: containers and Python workers must carry it."""
    step = emr.step(emr.script(WAIT))
    emr.wait_for_containers(2)
    assert emr.unmarked() == []
    assert end_instance(emr.instance) > 0
    emr.sink.failure(step)
    assert emr.processes() == []
    assert emr.marked() == []

"""Promises of YARN that a platform builds on: queues share, masters stay off task nodes, clusters do not mix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.spark.yarn import containers_of, processes_of
from tests.local.spark.yarn_world import RELEASES, World, instance, until, world

pytestmark = [pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]
# As many tasks as there could be executors, each until the flag is in S3.
UNTIL_FLAG = """
import time
from pyspark.sql import SparkSession

def wait(_):
    import boto3
    s3 = boto3.client("s3")
    while not s3.list_objects_v2(Bucket="data", Prefix="FLAG").get("Contents"):
        time.sleep(0.2)

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(8), 8).map(wait).collect()
spark.stop()
"""
MANY = {"spark.executor.instances": "8", "spark.executor.memory": "512m", "spark.executor.cores": "1",
        "spark.executor.maxNumFailures": "100", "spark.task.maxFailures": "100"}  # fmt: skip
QUEUES = "yarn.scheduler.capacity.root"
PREEMPTION = "yarn.resourcemanager.monitor.capacity.preemption"
TEAMS = [
    {
        "Classification": "capacity-scheduler",
        "Properties": {
            f"{QUEUES}.queues": "etl,science",
            f"{QUEUES}.etl.capacity": "75",
            f"{QUEUES}.science.capacity": "25",
            f"{QUEUES}.etl.maximum-capacity": "100",
            f"{QUEUES}.science.maximum-capacity": "100",
            f"{QUEUES}.etl.user-limit-factor": "4",  # all steps are one user's, hadoop's
            f"{QUEUES}.science.user-limit-factor": "4",
            "yarn.scheduler.capacity.maximum-am-resource-percent": "1",
        },
    },
    {
        "Classification": "yarn-site",
        "Properties": {
            "yarn.resourcemanager.scheduler.monitor.enable": "true",
            f"{PREEMPTION}.monitoring_interval": "500",
            f"{PREEMPTION}.max_wait_before_kill": "1000",
            f"{PREEMPTION}.total_preemption_per_round": "1.0",
            f"{PREEMPTION}.natural_termination_factor": "1.0",
        },
    },
]
LABELS = [
    {
        "Classification": "capacity-scheduler",
        "Properties": {"yarn.scheduler.capacity.maximum-am-resource-percent": "1"},
    },
    {
        "Classification": "yarn-site",
        "Properties": {
            "yarn.node-labels.enabled": "true",
            "yarn.node-labels.am.default-node-label-expression": "CORE",
        },
    },
]


@contextmanager
def cluster(home: Path, release: str, configurations: list[dict[str, Any]]) -> Iterator[World]:
    """A cluster of a core and a task node."""
    with world(home, configurations=configurations, release=release) as made:
        made.cluster = replace(made.cluster, instances=[*made.cluster.instances, instance(3, "TASK")])
        yield made


def containers(emr: World) -> Counter[str]:
    """How many containers each application has, by its number."""
    return Counter("_".join(one.split("_")[1:3]) for one in containers_of(emr.cluster.cluster_id))


def nodes_of(emr: World, what: str) -> Counter[str]:
    """How many containers with `what` in a command line each node has."""
    folders = set()
    for process in emr.running(what, on="container_"):
        with suppress(psutil.Error, OSError):  # it ends while it is looked at
            folders.add(Path(process.cwd()))
    return Counter(next(f.name for f in folder.parents if f.name.startswith("ci-")) for folder in folders)


@pytest.mark.parametrize("release", RELEASES)
def test_two_teams_queues_share_as_configured(release: str, tmp_path: Path) -> None:
    with cluster(tmp_path, release, TEAMS) as emr:
        script = emr.script(UNTIL_FLAG.replace("FLAG", "teams"))
        science = emr.step(script, conf={**MANY, "spark.yarn.queue": "science"})
        until(lambda: containers(emr).total() == 6, "a team alone has the whole cluster")
        (first,) = containers(emr)
        etl = emr.step(script, conf={**MANY, "spark.yarn.queue": "etl"})

        def shared() -> bool:
            found = containers(emr)
            return found.total() == 6 and found[first] in (1, 2)  # a quarter of it, in whole containers

        until(shared, "the other gets its three quarters back")
        emr.s3.put_object(Bucket="data", Key="teams", Body=b"")
        assert emr.sink.outcome(etl) is None, emr.step_log(etl, "stderr")
        assert emr.sink.outcome(science) is None, emr.step_log(science, "stderr")
        emr.s3.delete_object(Bucket="data", Key="teams")


@pytest.mark.parametrize("release", RELEASES)
def test_a_master_never_sits_on_a_task_node_and_what_goes_is_decommissioned(
    release: str, tmp_path: Path
) -> None:
    with cluster(tmp_path, release, LABELS) as emr:
        script = emr.script(UNTIL_FLAG.replace("FLAG", "labels"))
        conf = {**MANY, "spark.executor.instances": "1", "spark.decommission.enabled": "true"}
        steps = [emr.step(script, conf=conf) for _ in range(3)]
        until(lambda: nodes_of(emr, "ApplicationMaster").total() == 3, "three masters run")
        assert set(nodes_of(emr, "ApplicationMaster")) == {"ci-CORE2"}
        until(lambda: nodes_of(emr, "ExecutorBackend")["ci-TASK3"] == 3, "the task node has the executors")
        # The masters fill the core node: one makes room for executors that come anew when the task node goes.
        emr.runner.cancel_step(emr.cluster.cluster_id, cancelled := steps.pop())
        emr.sink.failure(cancelled)

        emr.runner.leave(emr.cluster.cluster_id, "ci-TASK3")
        api = emr.runner._clusters[emr.cluster.cluster_id].yarn.api  # type: ignore[union-attr]
        until(lambda: len(api.running_nodes("DECOMMISSIONING")) == 1, "YARN lets it go")
        emr.s3.put_object(Bucket="data", Key="labels", Body=b"")
        for step in steps:
            assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
        until(lambda: len(api.running_nodes("DECOMMISSIONED")) == 1, "its work is done")
        emr.s3.delete_object(Bucket="data", Key="labels")


@pytest.mark.parametrize("release", RELEASES)
def test_two_clusters_do_not_see_each_other(release: str, tmp_path: Path) -> None:
    with world(tmp_path, release=release) as emr:
        script = emr.script(UNTIL_FLAG.replace("FLAG", "two"))
        one, other = emr.cluster, replace(emr.cluster, cluster_id=f"{emr.cluster.cluster_id}B")
        first = emr.step(script)
        emr.cluster = other
        second = emr.step(script)
        emr.wait_for_containers(2)
        emr.cluster = one
        emr.wait_for_containers(2)
        mine, theirs = processes_of(one.cluster_id), processes_of(other.cluster_id)
        assert not {p.pid for p in mine} & {p.pid for p in theirs}
        told = {row["cluster_id"]: row for row in emr.runner.status()}
        for row in told.values():
            assert isinstance(row["metrics"], dict)
            assert row["metrics"]["apps_running"] == 1
            assert row["metrics"]["nodes_active"] == 1

        emr.runner.terminate(other.cluster_id)
        emr.sink.failure(second)
        assert processes_of(other.cluster_id) == []
        emr.s3.put_object(Bucket="data", Key="two", Body=b"")
        assert emr.sink.outcome(first) is None, emr.step_log(first, "stderr")
        emr.s3.delete_object(Bucket="data", Key="two")

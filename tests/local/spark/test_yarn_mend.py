"""A YARN whose daemons are killed from outside: the next step runs all the same; and nothing is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.local.spark.yarn_world import World, world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]
COUNT = (
    "from pyspark.sql import SparkSession\n"
    "spark = SparkSession.builder.getOrCreate()\nprint(spark.range(10).count())\nspark.stop()\n"
)


@pytest.fixture(scope="module")
def emr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("yarn")) as made:
        yield made


def kill(found: list[psutil.Process]) -> None:
    for process in found:
        process.kill()
    assert psutil.wait_procs(found, timeout=10)[1] == []


def run(emr: World, *, mode: str = "cluster") -> None:
    step = emr.step(emr.script(COUNT), mode=mode)
    assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")


@pytest.mark.parametrize(
    "victim",
    [pytest.param("nodemanager.NodeManager", marks=pytest.mark.more), "resourcemanager.ResourceManager"],
)
def test_the_next_step_gets_what_has_died_anew(emr: World, victim: str) -> None:
    run(emr)
    before = {p.pid for p in emr.running(victim)}
    kill(emr.running(victim))
    told = emr.runner.metrics(emr.cluster.cluster_id)
    if victim.startswith("nodemanager"):
        assert told is not None
        assert told.unhealthy == ("ci-CORE2",)
    else:
        assert told is None, "nobody answers"
    run(emr)
    after = {p.pid for p in emr.running(victim)}
    assert len(after) == 1
    assert not after & before


def test_a_step_whose_resource_manager_dies_under_it_fails_soon(emr: World) -> None:
    run(emr)
    wait = "import time\nfrom pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()\ntime.sleep(900)\n"
    step = emr.step(emr.script(wait))
    assert emr.sink.started(step)
    kill(emr.running("resourcemanager.ResourceManager"))
    assert emr.sink.failure(step).reason == "Unknown Error."


@pytest.mark.more
def test_client_mode_works_too_and_temporary_files_stay_in_the_cluster_s_folder(emr: World) -> None:
    strewn = ("/tmp/jetty-*", "/tmp/hadoop-yarn-*")
    before = {str(p) for pattern in strewn for p in Path("/").glob(pattern.lstrip("/"))}
    run(emr, mode="client")
    emr.runner.terminate(emr.cluster.cluster_id)
    run(emr)
    emr.runner.terminate(emr.cluster.cluster_id)
    after = {str(p) for pattern in strewn for p in Path("/").glob(pattern.lstrip("/"))}
    assert after <= before
    assert not [p for p in emr.home.rglob("*") if p.name.startswith(("jetty-", "blockmgr-"))]

"""The runner before a YARN runs: no Java, a cancel while jars are downloaded, an end meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facts.errors import UserError
from local.contracts import Cluster, Instance, Step, StepFailure
from local.keys import Key
from local.spark import SparkRunner
from local.spark.java import Java
from local.spark.lanes import Lane
from local.spark.toolchain import Toolchain

SECONDS = 20
CLUSTER = Cluster(
    cluster_id="j-1", name="main", release_label="emr-spark-8.0.0", log_uri=None, instance_profile="nodes",
    configurations=[],
    instances=[Instance(instance_id="ci-1", ec2_instance_id="i-1", role="MASTER", instance_type="m5.xlarge",
                        market="ON_DEMAND")],
)  # fmt: skip
STEP = Step(
    step_id="s-1", name="n", jar="command-runner.jar", main_class=None, args=["spark-submit", "x.py"], properties={},
    execution_role_arn="arn:aws:iam::123456789012:role/job",
)  # fmt: skip


class _Sink:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.started = False
        self.failure: StepFailure | None = None

    def running(self, cluster_id: str, step_id: str) -> None:
        self.started = True

    def finished(self, cluster_id: str, step_id: str, failure: StepFailure | None) -> None:
        self.failure = failure
        self.ended.set()

    def message(self) -> str:
        assert self.ended.wait(SECONDS), "the step hangs"
        assert self.failure is not None
        assert not self.started
        return self.failure.message


class _Download:
    """A toolchain that is long in coming."""

    def __init__(self, tools: Toolchain) -> None:
        self.asked, self.there = threading.Event(), threading.Event()
        self._tools = tools

    def __call__(self, _lane: Lane) -> Toolchain:
        self.asked.set()
        assert self.there.wait(SECONDS)
        return self._tools


@pytest.fixture
def download(tmp_path: Path) -> _Download:
    """Its Java does not exist: no process can start."""
    nowhere = tmp_path / "nowhere"
    return _Download(
        Toolchain(java=Java(home=nowhere, version=17), spark=nowhere, pyspark=nowhere,
                  spark_version="4.0.1", python=nowhere, s3a=nowhere, beside=nowhere, yarn=nowhere)
    )  # fmt: skip


def runner(tmp_path: Path, sink: _Sink, tools: Callable[[Lane], Toolchain]) -> SparkRunner:
    key = Key(access_key_id="a", secret_access_key="s")
    return SparkRunner(tmp_path, "http://127.0.0.1:9", "us-east-1", key, sink, tools=tools)


def test_a_machine_without_java_fails_the_step_with_the_way_out(tmp_path: Path) -> None:
    def no_java(_lane: Lane) -> Toolchain:
        raise UserError("no Java; install one")

    sink = _Sink()
    one = runner(tmp_path, sink, no_java)
    one.start_step(CLUSTER, STEP)
    assert sink.message() == "no Java; install one"
    one.stop()


def test_a_defect_of_ours_ends_the_step_too(tmp_path: Path) -> None:
    def broken(_lane: Lane) -> Toolchain:
        raise RuntimeError("a defect")

    sink = _Sink()
    runner(tmp_path, sink, broken).start_step(CLUSTER, STEP)
    assert "the Spark runner failed" in sink.message()


def test_a_step_cancelled_while_jars_come_never_starts(tmp_path: Path, download: _Download) -> None:
    sink = _Sink()
    one = runner(tmp_path, sink, download)
    one.start_step(CLUSTER, STEP)
    assert download.asked.wait(SECONDS)
    one.cancel_step(CLUSTER.cluster_id, STEP.step_id)
    download.there.set()
    assert sink.message() == "Cancelled"
    assert "ERROR Cancelled" in (tmp_path / "clusters/j-1/steps/s-1/controller").read_text()
    one.stop()


def test_a_cluster_that_ends_while_jars_come_starts_nothing(tmp_path: Path, download: _Download) -> None:
    sink = _Sink()
    one = runner(tmp_path, sink, download)
    one.start_step(CLUSTER, STEP)
    assert download.asked.wait(SECONDS)
    ending = threading.Thread(target=one.terminate, args=(CLUSTER.cluster_id,))
    ending.start()
    deadline = time.monotonic() + SECONDS
    while not one._clusters[CLUSTER.cluster_id].ended and time.monotonic() < deadline:
        time.sleep(0.01)
    download.there.set()
    assert sink.message() == "the cluster is ending"
    ending.join(SECONDS)
    assert not ending.is_alive()
    assert list(one.status()) == []


def test_a_yarn_that_cannot_start_fails_the_step_with_its_reason(tmp_path: Path, download: _Download) -> None:
    sink = _Sink()
    one = runner(tmp_path, sink, download)
    download.there.set()
    one.start_step(CLUSTER, STEP)
    assert sink.message().startswith("the cluster's YARN does not start: [Errno 2] No such file")
    (told,) = one.status()
    assert (told["ready"], told["nodes"], told["processes"]) == (False, 0, [])
    one.stop()


def test_what_is_not_there_is_cancelled_resized_and_ended_in_peace(
    tmp_path: Path, download: _Download
) -> None:
    one = runner(tmp_path, _Sink(), download)
    one.cancel_step("j-none", "s-none")
    one.resize(CLUSTER)
    one.terminate("j-none")
    one.stop()
    assert not download.asked.is_set()

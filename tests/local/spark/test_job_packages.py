"""What a job run brings along: its archive's Python is the driver's, and on a real Spark the executors'."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from jobs import packed
from local.cloud.server import CloudServer
from local.contracts import JobRun
from local.keys import Key
from local.spark import SparkJobs
from tests.jobs import specs, wheels
from tests.jobs.jars import jar
from tests.local.spark.test_jobs import REGION, RUN, Jobs, Sink, client, cloud, jobs, log_of

__all__ = ["cloud", "jobs"]
SCRIPT = """
import json, os
from pyspark import SparkFiles
from pyspark.sql import SparkSession

def found(_=None):
    import greeting
    return [greeting.WORD, greeting.__file__.endswith("/environment/lib/any/greeting/__init__.py")]

def jar(_):
    return os.path.exists(SparkFiles.get("driver.jar"))

spark = SparkSession.builder.getOrCreate()
loader = spark._jvm.Thread.currentThread().getContextClassLoader()
executor = spark.sparkContext.parallelize([0], 1)
print(json.dumps({
    "driver": found(), "executor": executor.map(found).first(), "jar": executor.map(jar).first(),
    "class path": loader.getResource("marker.txt") is not None,
}))
spark.stop()
"""


def _archive(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        script = tarfile.TarInfo(name)
        script.size, script.mode = len(b"#!/bin/sh\necho unpacked\n"), 0o755
        tar.addfile(script, io.BytesIO(b"#!/bin/sh\necho unpacked\n"))
    return packed.getvalue()


def _with_archive(uri: str, run_id: str) -> JobRun:
    python = "./environment/bin/python"
    settings = {"spark.archives": uri, "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": python}
    defaults = ({"classification": "spark-defaults", "properties": settings},)
    return replace(RUN, run_id=run_id, configurations=defaults, driver_logs=f"s3://logs/{run_id}")


def test_a_driver_has_the_python_of_its_archive(cloud: CloudServer, jobs: Jobs) -> None:
    client(cloud, "s3").put_object(Bucket="logs", Key="code/e.tar.gz", Body=_archive("bin/python"))
    run = _with_archive("s3://logs/code/e.tar.gz#environment", "00a1")

    assert jobs.start('echo "$PYSPARK_PYTHON"; "$PYSPARK_PYTHON"', run).outcome() is None
    assert log_of(cloud, run, "stdout") == "./environment/bin/python\nunpacked\n"


@pytest.mark.parametrize("key", ["gone", "evil", "none"])
def test_an_archive_that_cannot_be_unpacked_fails_the_run(cloud: CloudServer, jobs: Jobs, key: str) -> None:
    s3 = client(cloud, "s3")
    s3.put_object(Bucket="logs", Key="code/evil.tar.gz", Body=_archive("../../evil"))
    s3.put_object(Bucket="logs", Key="code/none.tar.gz", Body=b"no archive")
    uri = f"s3://logs/code/{key}.tar.gz#environment"

    failure = jobs.start("echo started", _with_archive(uri, f"00a-{key}")).outcome()
    assert failure is not None
    assert f"the archive {uri} cannot be unpacked" in failure


@pytest.mark.slow
@pytest.mark.xdist_group("yarn")
@pytest.mark.timeout(600)
def test_an_environment_and_jars_that_jobs_bring_reach_driver_and_executors(
    cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = wheels.wheel(tmp_path, "greeting", __init__="WORD = 'hello'\n")
    for name, value in wheels.of(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "deps.lock").write_text(f"greeting==1.0 {pin}\n")
    recipe = packed.recipe(specs.job(dependencies={"lock": "deps.lock"}), tmp_path)
    assert recipe is not None
    s3 = client(cloud, "s3")
    s3.put_object(Bucket="logs", Key="code/own.tar.gz", Body=packed.build(recipe))
    s3.put_object(Bucket="logs", Key="code/own.py", Body=SCRIPT.encode())
    run = _with_archive("s3://logs/code/own.tar.gz#environment", "00real")
    s3.put_object(Bucket="logs", Key="code/driver.jar", Body=jar("hello"))
    run = replace(
        run, entry_point="s3://logs/code/own.py", arguments=(), parameters="--jars s3://logs/code/driver.jar"
    )
    runner = SparkJobs(
        tmp_path / "home",
        cloud.endpoint,
        REGION,
        {"emr-serverless": Key(access_key_id="a", secret_access_key="s")},
    )
    sink = Sink()
    try:
        runner.start_run(run, sink)
        assert sink.ended.wait(500)
    finally:
        runner.stop()
    assert sink.failure is None, log_of(cloud, run, "stderr")
    assert json.loads(log_of(cloud, run, "stdout")) == {
        "driver": ["hello", True],
        "executor": ["hello", True],
        "jar": True,
        "class path": True,
    }

"""What a job brings along reaches driver and executors: modules in `--py-files`, an environment in `--archives`."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs import packed
from jobs.runtimes import ec2
from jobs.runtimes.base import Submission
from local.spark import toolchain
from local.spark.lanes import lane
from tests.jobs import specs, wheels
from tests.jobs.jars import jar
from tests.local.spark.yarn_world import RELEASES, SMALL, world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]
# Both modules are asked for where the driver runs and where a task runs.
JOB = """
import json, sys
from pyspark.sql import SparkSession

def found(_=None):
    import packed, zipped
    return [packed.WHAT, zipped.WHAT, sys.prefix.endswith("/environment")]

spark = SparkSession.builder.getOrCreate()
print(json.dumps({"driver": found(), "executor": spark.sparkContext.parallelize([0], 1).map(found).first()}))
spark.stop()
"""
# As a job's wheel, `jobs.packed` and `jobs.jars` bring them.
OWN = """
import json, os, sys
from pyspark.sql import SparkSession

def found(_=None):
    import greeting, zipped
    in_place = greeting.__file__.endswith("/environment/lib/any/greeting/__init__.py")
    return [greeting.WORD, zipped.WHAT, in_place, os.path.exists("driver.jar")]

spark = SparkSession.builder.getOrCreate()
loader = spark._jvm.Thread.currentThread().getContextClassLoader()
print(json.dumps({
    "driver": found(), "executor": spark.sparkContext.parallelize([0], 1).map(found).first(),
    "class path": loader.getResource("marker.txt") is not None,
}))
spark.stop()
"""
IN_THE_ARCHIVE = "./environment/bin/python"


def _environment(folder: Path, python: Path) -> bytes:
    """A virtual environment with a module of its own, packed as venv-pack packs one: its root is the archive's."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "packed.py").write_text("WHAT = 'packed'\n")
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return into.getvalue()


def _zipped() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("zipped.py", "WHAT = 'zipped'\n")
    return into.getvalue()


def _reports(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"driver"')]


@pytest.mark.parametrize("release", RELEASES)
def test_modules_and_a_packed_environment_reach_driver_and_executors(release: str, tmp_path: Path) -> None:
    python = toolchain.ensure(lane=lane(release)).python
    with world(tmp_path / "home", release=release) as emr:
        emr.s3.put_object(
            Bucket="code", Key="environment.tar.gz", Body=_environment(tmp_path / "venv", python)
        )
        emr.s3.put_object(Bucket="code", Key="modules.zip", Body=_zipped())
        words = [
            "--py-files",
            "s3://code/modules.zip",
            "--archives",
            "s3://code/environment.tar.gz#environment",
        ]
        step = emr.step(*words, emr.script(JOB), conf={"spark.pyspark.python": IN_THE_ARCHIVE})
        assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
        (key,) = emr.container_logs('{"driver"')
        (told,) = _reports(emr.log(key))
        assert told == {"driver": ["packed", "zipped", True], "executor": ["packed", "zipped", True]}

        # In client mode the driver runs beside the cluster, with the cluster's own Python, as on EMR.
        client = JOB.replace("found()", "None")
        step = emr.step(*words, emr.script(client), mode="client", conf={
            "spark.pyspark.driver.python": str(python), "spark.pyspark.python": IN_THE_ARCHIVE,
        })  # fmt: skip
        assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
        (told,) = _reports(emr.step_log(step, "stdout"))
        assert told["executor"] == ["packed", "zipped", True]


def test_an_environment_and_jars_that_jobs_bring_reach_driver_and_executors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = wheels.wheel(tmp_path, "greeting", __init__="WORD = 'hello'\n")
    for name, value in wheels.of(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "deps.lock").write_text(f"greeting==1.0 {pin}\n")
    job = specs.job(dependencies={"lock": "deps.lock"})
    recipe = packed.recipe(job, tmp_path)
    assert recipe is not None
    with world(tmp_path / "home") as emr:
        emr.s3.put_object(Bucket="code", Key="1/environment.tar.gz", Body=packed.build(recipe))
        emr.s3.put_object(Bucket="code", Key="modules.zip", Body=_zipped())
        emr.s3.put_object(Bucket="code", Key="1/driver.jar", Body=jar("hello"))
        sent = Submission(
            token="t", since=datetime.now(UTC), name="packed", role_arn="", main_uri=emr.script(OWN),
            wheel_uri="s3://code/modules.zip", archive_uri="s3://code/1/environment.tar.gz", arguments=(),
            jar_uris=("s3://code/1/driver.jar",),
            conf=SMALL, resources=job.resources, deploy_mode="cluster", timeout_minutes=5, tags={},
        )  # fmt: skip
        step = emr.step(*ec2.spark_submit(sent)[1:])
        assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
        (key,) = emr.container_logs('{"driver"')
        (told,) = _reports(emr.log(key))
        there = ["hello", "zipped", True, True]
        assert told == {"driver": there, "executor": there, "class path": True}

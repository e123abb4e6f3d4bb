"""Which releases run here, and that the table agrees with what is installed and with the facts."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from facts.errors import UserError
from facts.releases import labels, release
from local.spark import environment, lock
from local.spark.lanes import DEFAULT, LANES, Lane, lane


def test_every_release_of_the_facts_runs_here_on_a_spark_of_its_line() -> None:
    assert set(LANES) == set(labels())
    for one in LANES.values():
        assert one.pyspark.split(".")[:2] == release(one.label).spark.split(".")[:2]


def test_the_default_is_the_pyspark_that_is_installed() -> None:
    assert DEFAULT.pyspark == version("pyspark")
    assert DEFAULT.requirements is None


@pytest.mark.parametrize("one", LANES.values(), ids=lambda one: one.label)
def test_its_tables_are_those_of_the_facts(one: Lane) -> None:
    facts = release(one.label)
    versions = {jar.artifact: jar.version for jar in lock.read(one.jars)}
    spark = ".".join(one.pyspark.split(".")[:2])
    assert versions[f"iceberg-spark-runtime-{spark}_{facts.scala}"] == facts.iceberg
    assert versions[f"delta-spark_{facts.scala}"] == facts.delta
    assert f"spark-hadoop-cloud_{facts.scala}" in versions


def test_the_lock_of_an_environment_has_its_pyspark() -> None:
    for one in LANES.values():
        if one.requirements is not None:
            assert f"pyspark=={one.pyspark} " in one.requirements.read_text()


@pytest.mark.parametrize("label", ["emr-7.13.0-latest", "emr-7.13.0-20260401"])
def test_an_image_of_emr_on_eks_is_its_release(label: str) -> None:
    assert lane(label).label == "emr-7.13.0"


@pytest.mark.parametrize("label", ["emr-6.15.0", "", "emr-7.13.0-1"])
def test_another_release_is_refused_with_those_that_run(label: str) -> None:
    with pytest.raises(UserError, match=r"does not run on this machine; emr-7\.13\.0, emr-spark-8\.0\.0 do"):
        lane(label)


def test_an_environment_that_cannot_be_made_says_why_and_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    wanted = tmp_path / "x.lock"
    wanted.write_text("pyspark==3.5.6 --hash=sha256:00\n")
    broken = Lane(label="emr-7.13.0", pyspark="3.5.6", jars="spark-3.5", requirements=wanted)
    with pytest.raises(
        UserError, match=r"the environment of emr-7\.13\.0 cannot be made: .*needs Python 3\.9 or 3\.11"
    ):
        environment.ensure(broken)
    assert not list((tmp_path / "cache" / "releases").glob("*/ready"))

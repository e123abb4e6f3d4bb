"""SPARK_HOME in the cache: the same for every checkout, so that what was learnt about its jars stays true."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.spark import home


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pyspark of a few files, and a cache of its own."""
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    for name in ("bin/spark-submit", "jars/a.jar", "python/lib/x.zip", "sbin/y.sh", "sql/__init__.py"):
        file = tmp_path / "one" / "pyspark" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    _known(tmp_path / "one")
    return tmp_path / "one" / "pyspark"


def _known(packages: Path) -> None:
    """What pip notes beside a package that it has installed."""
    about = packages / "pyspark-4.0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pyspark\nVersion: 4.0.1\n")
    (about / "RECORD").write_text("pyspark/jars/a.jar,sha256=x,1\n")


def test_two_checkouts_share_jars_with_their_path_and_date(package: Path, tmp_path: Path) -> None:
    first = home.ensure(package)
    date = (first / "jars" / "a.jar").stat().st_mtime_ns
    other = Path(shutil.copytree(package, tmp_path / "two" / "pyspark"))
    _known(other.parent)
    os.utime(other / "jars" / "a.jar", ns=(0, 0))
    assert home.ensure(other) == first
    assert (first / "jars" / "a.jar").stat().st_mtime_ns == date
    assert sorted(one.name for one in first.iterdir()) == ["bin", "jars", "python", "sbin"]


def test_it_outlives_the_checkout_that_made_it_and_takes_no_space(package: Path) -> None:
    made = home.ensure(package)
    assert (made / "jars" / "a.jar").samefile(package / "jars" / "a.jar")
    shutil.rmtree(package)
    assert (made / "bin" / "spark-submit").read_text() == "bin/spark-submit"


def test_on_another_file_system_it_is_copied(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: str, _target: str) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert (home.ensure(package) / "jars" / "a.jar").read_text() == "jars/a.jar"


def test_another_hadoop_takes_the_place_of_its_own_clients(package: Path, tmp_path: Path) -> None:
    for folder, name in (
        (package / "jars", "hadoop-client-api-3.3.4.jar"),
        (tmp_path, "hadoop-client-api-3.4.1.jar"),
    ):
        (folder / name).write_text(name)
    own, other = home.ensure(package), home.ensure(package, [tmp_path / "hadoop-client-api-3.4.1.jar"])
    assert own != other
    assert [path.name for path in home.clients(own)] == ["hadoop-client-api-3.3.4.jar"]
    assert [path.name for path in home.clients(other)] == ["hadoop-client-api-3.4.1.jar"]


def test_what_an_interrupted_one_left_is_made_anew(package: Path) -> None:
    made = home.ensure(package)
    (made / "jars" / "half.jar").touch()
    made.rename(made.with_name(f"{made.name}.partial"))
    assert [one.name for one in (home.ensure(package) / "jars").iterdir()] == ["a.jar"]


def test_pyspark_is_found_without_importing_it() -> None:
    code = (
        "import sys; from local.spark import SparkRunner, home; home.find_installed();"
        "print([m for m in ('pyspark', 'boto3', 'moto', 'py4j') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"

"""Class-data archives: made whole or not at all, and passed over when they cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from facts.errors import UserError
from local.spark import archives, jars, java, toolchain, training
from local.spark.java import Java
from local.spark.toolchain import Toolchain


def test_lists_merge_without_ids_and_without_other_loaders() -> None:
    one = "# a comment\njava/lang/Object id: 0\nx/Own id: 7 super: 0 source: a.jar\n@lambda-proxy a b\n"
    two = "java/lang/Object id: 3\njava/lang/String id: 4\n\n"
    assert archives.merged([one, two]) == ["java/lang/Object", "@lambda-proxy a b", "java/lang/String"]


def test_the_key_changes_with_a_jar_and_with_its_place(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"1")
    first = archives.key(tmp_path, [jar])
    assert archives.key(tmp_path, [jar]) == first
    jar.write_bytes(b"12")
    assert archives.key(tmp_path, [jar]) != first
    assert archives.key(tmp_path, []) != archives.key(tmp_path / "elsewhere", [])


def fake_java(folder: Path, *, exit_code: int = 0) -> Path:
    """A Java that makes the archive file it is asked for."""
    binary = folder / "java"
    folder.mkdir(parents=True, exist_ok=True)
    binary.write_text(
        "#!/bin/sh\nfor word; do case $word in -XX:SharedArchiveFile=*) echo > ${word#*=};; esac; done\n"
        f"exit {exit_code}\n"
    )
    binary.chmod(0o755)
    return binary


def train(lists: Path) -> None:
    for kind in archives.KINDS:
        (lists / f"{kind}-1.lst").write_text("java/lang/Object id: 0\n")


PATHS: dict[archives.Kind, list[Path]] = {"spark": [], "yarn": []}


def test_archives_of_both_kinds_are_made_once(tmp_path: Path) -> None:
    target = tmp_path / "archives" / "key"
    archives.make(target, fake_java(tmp_path), PATHS, train)
    assert {p.name for p in target.iterdir()} == {"spark.jsa", "yarn.jsa"}

    def again(_: Path) -> None:
        raise AssertionError("they are there")

    archives.make(target, fake_java(tmp_path), PATHS, again)


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    import subprocess

    target = tmp_path / "archives" / "key"
    with pytest.raises(subprocess.CalledProcessError):
        archives.make(target, fake_java(tmp_path, exit_code=1), PATHS, train)
    assert not target.exists()
    assert not list((tmp_path / "archives").glob("*.partial"))
    archives.make(target, fake_java(tmp_path), PATHS, train)


@pytest.fixture
def _found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine where everything is there but the archives."""
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(java, "find", lambda: Java(home=tmp_path, version=17))
    monkeypatch.setattr(jars, "ensure", lambda names, *_: {name: tmp_path / name for name in names})


@pytest.mark.usefixtures("_found")
def test_training_that_fails_is_said_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_tools: Toolchain, _lists: Path) -> None:
        raise training.TrainingError("no room")

    monkeypatch.setattr(training, "run", fails)
    said: list[str] = []
    tools = training.ensure(said.append)
    assert tools.archives is None
    assert tools.sharing("spark") == []
    assert said[-1] == "no class-data archives: no room; Spark runs, and starts slower"


@pytest.mark.usefixtures("_found")
def test_a_step_takes_archives_that_are_there_and_makes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(_tools: Toolchain, _lists: Path) -> None:
        raise AssertionError("a step does not wait for training")

    monkeypatch.setattr(training, "run", never)
    tools = toolchain.ensure()
    assert tools.archives is None
    archives.folder(archives.key(tmp_path, [*tools.spark_jars, *tools.yarn_jars])).mkdir(parents=True)
    assert "-Xshare:auto" in toolchain.ensure().sharing("yarn")


@pytest.mark.usefixtures("_found")
@pytest.mark.parametrize(("name", "odd"), [("a b", "' '"), ("50%", "'%'"), ("a,b", "','"), ("a:b", "':'")])
@pytest.mark.parametrize("variable", ["EMRCTL_HOME", "EMRCTL_CACHE"])
def test_a_folder_in_which_spark_loses_its_files_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, odd: str, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / name))
    with pytest.raises(UserError, match=f"for {odd} is in the path; .*{variable}"):
        toolchain.ensure()

"""Finding Java, with small scripts that answer as a Java would."""

from __future__ import annotations

from pathlib import Path

import pytest

from facts.errors import UserError
from local.spark import java


def fake(home: Path, says: str, *, exit_code: int = 0) -> Path:
    """A Java home whose `java` prints `says` on standard error, as `java -version` does."""
    binary = home / "bin" / "java"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\nexit {exit_code}\n")
    binary.chmod(0o755)
    return home


def settings(home: Path | str, version: str) -> str:
    return (
        f"Property settings:\n    java.home = {home}\n    java.specification.version = {version}\n"
        f'    java.vm.version = {version}.0.1+7\n\nopenjdk version "{version}.0.1" 2025-01-21'
    )


@pytest.mark.parametrize("version", [17, 21])
def test_java_home_is_taken_before_path(tmp_path: Path, version: int) -> None:
    named = fake(tmp_path / "named", settings(tmp_path / "named", str(version)))
    other = fake(tmp_path / "other", settings(tmp_path / "other", "20"))
    found = java.find({"JAVA_HOME": str(named), "PATH": str(other / "bin")})
    assert (found.home, found.version) == (named, version)
    assert found.binary == named / "bin" / "java"


def test_a_link_on_path_leads_to_the_real_home(tmp_path: Path) -> None:
    """/usr/bin/java is a link: the home is what Java says, not where the link lies."""
    home = fake(tmp_path / "jvm", settings(tmp_path / "jvm", "17"))
    linked = tmp_path / "bin"
    linked.mkdir()
    (linked / "java").symlink_to(home / "bin" / "java")
    assert java.find({"PATH": f"{linked}:/usr/bin:/bin"}).home == home


@pytest.mark.parametrize("version", ["1.8", "11", "16", "22", "25"])
def test_a_version_that_spark_does_not_run_on_is_refused_with_both_limits(
    tmp_path: Path, version: str
) -> None:
    home = fake(tmp_path, settings(tmp_path, version))
    with pytest.raises(
        UserError, match=f"JAVA_HOME.* is version {version.split('.')[-1]}; .*17 to 21"
    ) as error:
        java.find({"JAVA_HOME": str(home)})
    assert "JAVA_HOME" in str(error.value)
    assert "\n" not in str(error.value)


def test_no_java_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no Java: JAVA_HOME is not set and no java is on PATH; install"):
        java.find({"PATH": str(tmp_path)})


def test_java_home_without_java_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"JAVA_HOME is {tmp_path}, where there is no bin/java"):
        java.find({"JAVA_HOME": str(tmp_path)})


@pytest.mark.parametrize(("says", "exit_code"), [("no such libjvm.so", 1), ("hello", 0), ("", 0)])
def test_a_java_that_does_not_run_is_told_with_its_last_words(
    tmp_path: Path, says: str, exit_code: int
) -> None:
    home = fake(tmp_path, says, exit_code=exit_code)
    with pytest.raises(UserError, match="does not run") as error:
        java.find({"JAVA_HOME": str(home)})
    assert (says or "no output") in str(error.value)

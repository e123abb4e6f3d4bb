"""The verbs that look at jobs as files: validate, show, schema; and the options of run."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from emrctl.main import build
from emrctl.options import pairs
from facts.errors import UserError
from jobs.validation import check
from tests.jobs.specs import GOOD, write


def _emrctl(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_the_catalog_is_good() -> None:
    done = _emrctl("jobs", "validate")
    assert done.exit_code == 0, done.stdout
    assert done.stdout.endswith("no mistakes\n")
    assert _emrctl("jobs", "validate", "nightly-etl").stdout == "1 file, no mistakes\n"


def test_every_mistake_of_every_file_is_told_and_the_exit_code_is_2(tmp_path: Path) -> None:
    one = write(tmp_path, "one", timeout_minutes=0, environments={"prod": {"retry": {"max_attempts": 9}}})
    two = write(tmp_path, "two", release="emr-1.2.3")
    three = write(tmp_path, "three", entry_point="jobs.workloads.gone")
    four = tmp_path / "four.yaml"
    four.write_text("owner: a\nowner: b\n")
    files = [str(file) for file in (one, two, three, four, one)]
    done = _emrctl("jobs", "validate", *files)
    assert done.exit_code == 2
    for told in (
        "one.yaml:22: timeout_minutes: is 0",
        "environments.prod.retry.max_attempts: is 9",
        ": release: 'emr-1.2.3' is unknown; known are: emr-",
        ": package: job 'three': entry_point 'jobs.workloads.gone' is no module of its packages",
        "four.yaml:2: owner: stands twice",
        "four.yaml:1: runtime: is missing",
    ):
        assert told.replace("one.yaml:22: ", "") in done.stdout, told
    shown = json.loads(_emrctl("jobs", "validate", *files, "--json").stdout)
    assert shown["files"] == files[:-1]  # each once
    lines = done.stdout.splitlines()
    assert [f"{m['file']}:{m['line']}: {m['key']}: {m['what']}" for m in shown["mistakes"]] == lines[:-1]
    assert lines[-1] == f"4 files, {len(lines) - 1} mistakes"
    first = shown["mistakes"][0]
    assert (
        Path(first["file"]).read_text().splitlines()[first["line"] - 1].startswith(first["key"].split(".")[0])
    )


def test_a_job_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UserError, match=r"there is no job 'nightly'; the catalog has: .*nightly-etl"):
        check(["nightly"])
    assert _emrctl("jobs", "validate", "no/such.yaml").stdout.startswith(
        "no/such.yaml:1: cannot be read: No such file"
    )


def test_a_hostile_file_name_tells_a_terminal_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ev\x1b[31mil\n.yaml"
    file.write_text("name: x\n")
    shown = _emrctl("jobs", "validate", str(file)).stdout
    assert "ev\\x1b[31mil\\n.yaml:1: " in shown
    assert "\x1b" not in shown
    assert all(line.startswith(str(tmp_path)) for line in shown.splitlines()[:-1])


def test_a_job_is_shown_as_its_environment_has_it() -> None:
    shown = json.loads(_emrctl("jobs", "show", "nightly-etl", "--json").stdout)
    assert shown["resources"]["executors"] == GOOD["resources"]["executors"]
    assert "environments" not in shown
    assert "timeout_minutes: 30\n" in _emrctl("jobs", "show", "nightly-etl", "--environment", "prod").stdout


def test_the_schema_is_one() -> None:
    printed = json.loads(_emrctl("jobs", "schema").stdout)
    jsonschema.Draft202012Validator(printed).validate(GOOD)


def test_pairs() -> None:
    assert pairs(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    for said in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(UserError, match=r"^--param: '"):
            pairs(said)

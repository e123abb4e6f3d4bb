"""A new job: made whole or not at all, and its test passes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from emrctl.main import build
from facts.errors import UserError
from jobs import scaffold, wheel
from jobs.spec import load
from jobs.spec.sizes import mebibytes
from jobs.validation import check
from local.spark.sizing import node_size

FOLDERS = ("jobs/catalog", "jobs/workloads", "jobs/transforms", "tests/jobs")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with the packages that a new job needs, and Spark's fixture for its test."""
    for folder in ("jobs/workloads", "jobs/transforms", "jobs/spec"):
        shutil.copytree(wheel.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    return tmp_path


def _files(root: Path) -> set[Path]:
    return {file for file in root.rglob("*") if file.is_file() or file.is_symlink()}


def test_a_new_job_is_valid_packs_and_is_in_form(root: Path) -> None:
    before = _files(root)
    made = scaffold.make("late-arrivals", root)
    assert _files(root) - before == set(made)
    assert [file.relative_to(root).as_posix() for file in made] == [
        "jobs/catalog/late-arrivals.yaml",
        "jobs/workloads/late_arrivals.py",
        "jobs/transforms/late_arrivals.py",
        "tests/jobs/test_late_arrivals.py",
    ]
    spec = load(made[0])
    assert spec.entry_point == "jobs.workloads.late_arrivals"
    assert "jobs/workloads/late_arrivals.py" in wheel.sources(spec, root)
    assert check([str(made[0])], root=root).mistakes == ()
    # It runs as it is on a local stack as well, whose nodes are smaller; YARN adds Spark's least overhead of 384 MB.
    for memory in (spec.resources.driver.memory, spec.resources.executors.memory):
        assert mebibytes(memory) + 384 <= node_size("m5.xlarge").memory_mb
    python = [str(file) for file in made[1:]]
    shutil.copy(wheel.ROOT / "pyproject.toml", root)
    for command in (["check", "--no-cache", *python], ["format", "--check", "--no-cache", *python]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_test_of_a_new_job_passes_with_a_real_spark(tmp_path: Path) -> None:
    for folder in ("jobs", "facts", "local"):
        shutil.copytree(wheel.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (
        "tests/jobs/conftest.py",
        "tests/jobs/emr.py",
        "tests/local/cloud/fakes.py",
        "pyproject.toml",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel.ROOT / file, tmp_path / file)
    made = scaffold.make("late-arrivals", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(made[-1])],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "1 passed" in done.stdout
    broken = (
        made[2]
        .read_text()
        .replace('F.make_date("year", "month", "day")', 'F.make_date("year", "month", F.lit(1))')
    )
    made[2].write_text(broken)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(made[-1])],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 failed" in done.stdout


@pytest.mark.parametrize(
    "taken", ["jobs/catalog/x.yaml", "jobs/workloads/x.py", "jobs/transforms/x.py", "tests/jobs/test_x.py"]
)
@pytest.mark.parametrize("how", ["file", "dangling link"])
def test_a_name_that_is_taken_anywhere_is_refused_and_nothing_is_made(
    root: Path, taken: str, how: str
) -> None:
    if how == "file":
        (root / taken).write_text("mine\n")
    else:
        (root / taken).symlink_to(root / "nowhere")
    before = _files(root)
    with pytest.raises(UserError, match=f"{taken} is there already; choose another name"):
        scaffold.make("x", root)
    assert _files(root) == before


@given(name=st.text(max_size=50) | st.from_regex(r"[a-z./\-_\x00]{1,45}", fullmatch=True))
def test_no_name_leads_anywhere_else(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    root = tmp_path_factory.mktemp("root")
    for folder in FOLDERS:
        (root / "in" / folder).mkdir(parents=True)
    try:
        made = scaffold.make(name, root / "in")
    except UserError as error:
        made, said = (), str(error)
    else:
        said = ""
    assert len(said.splitlines()) <= 1
    assert len(said) < 300
    assert _files(root) == set(made)
    assert {file.parent for file in made} == ({root / "in" / folder for folder in FOLDERS} if made else set())


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        "X",
        "",
        "x" * 41,
        "a--b",
        "a_b",
        "-a",
        "a\n",
        "a\0",
        "class",
        "a b",
        "é",
        "a.b",
        "$x",
        "${x}",
    ],
)
def test_a_name_that_is_none_is_refused(root: Path, name: str) -> None:
    before = _files(root)
    with pytest.raises(UserError, match=r"is no name for a job|is a word of Python"):
        scaffold.make(name, root)
    assert _files(root) == before


def test_nothing_is_left_when_the_disk_says_no_half_way(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(root)
    really = Path.open

    def full(self: Path, *arguments: str, **options: str) -> object:
        if self.name == "test_x.py":
            raise OSError(28, "No space left on device", str(self))
        return really(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(
        UserError, match=r"test_x.py cannot be written: No space left on device; nothing was made"
    ):
        scaffold.make("x", root)
    assert _files(root) == before


def test_outside_of_a_checkout_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder: a job is made in a checkout of the platform"):
        scaffold.make("x", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_verb_tells_what_it_made_and_what_comes_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaffold.make, "__defaults__", (root,))
    monkeypatch.chdir(root)
    done = CliRunner().invoke(build(), ["jobs", "init", "late-arrivals"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:4] == [
        "jobs/catalog/late-arrivals.yaml",
        "jobs/workloads/late_arrivals.py",
        "jobs/transforms/late_arrivals.py",
        "tests/jobs/test_late_arrivals.py",
    ]
    assert "  emrctl jobs run late-arrivals" in done.stdout
    again = CliRunner().invoke(build(), ["jobs", "init", "late-arrivals"])
    assert isinstance(again.exception, UserError)
    made = json.loads(CliRunner().invoke(build(), ["jobs", "init", "other", "--json"]).stdout)
    assert (made["job"], len(made["files"])) == ("other", 4)

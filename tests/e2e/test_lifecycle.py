"""A demo that is run twice, interrupted, killed, taken down; each in a home of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from local.processes import MARK
from tests.e2e.conftest import ROOT, Demo, Here

pytestmark = pytest.mark.timeout(1500)
MORE = pytest.mark.more  # of the same: another moment


def _ours(here: Here) -> list[str]:
    """Processes that live in this home: their environment or their arguments name it."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(here.home) in process.environ().get("EMRCTL_HOME", "") or any(
                str(here.home) in word for word in process.cmdline()
            ):
                found.append(" ".join(process.cmdline())[:120])
        except psutil.Error:
            continue
    return found


def _listeners(pid: int) -> set[int]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        connection.laddr[1]
        for process in family
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def _open(port: int) -> bool:
    """Whether anything listens there, but for the local AWS of a test beside this one, which may get the port next."""
    return any(
        connection.laddr
        and connection.laddr[1] == port
        and connection.status == psutil.CONN_LISTEN
        and not _of_a_local_aws(connection.pid)
        for connection in psutil.net_connections(kind="tcp")
    )


def _of_a_local_aws(pid: int | None) -> bool:
    try:
        return pid is not None and MARK in psutil.Process(pid).environ()
    except psutil.Error:
        return False


def test_down_on_nothing_succeeds(here: Here) -> None:
    done = here.run("down")
    assert done.returncode == 0, done.stderr


@pytest.mark.xdist_group("demo")
@pytest.mark.slow
def test_twice_in_a_row_changes_no_resource_and_adds_one_run(demo: Demo) -> None:
    def state() -> dict[str, str]:
        return {entry["urn"]: entry.get("id", "") for entry in demo.resources()}

    before, runs = state(), len(demo.json("runs", "list"))
    demo.json("demo")
    assert state() == before
    assert len(demo.json("runs", "list")) == runs + 1


@pytest.mark.slow
def test_down_leaves_no_process_and_no_port(here: Here) -> None:
    assert here.run("demo").returncode == 0
    ports = _listeners(json.loads((here.home / "local.json").read_text())["pid"])
    assert ports
    done = here.run("down")
    assert done.returncode == 0, done.stderr
    assert _ours(here) == []
    assert [port for port in ports if _open(port)] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=MORE), pytest.param(3, marks=MORE)])
@pytest.mark.parametrize("sent", [pytest.param(signal.SIGINT, marks=MORE), signal.SIGKILL])
def test_interrupted_at_any_moment_a_second_demo_finishes(
    here: Here, seed: int, sent: signal.Signals
) -> None:
    # Seeds spread the moment over the whole of a demo: resources, data, submission, the running step.
    wait = random.Random(seed * 10 + sent).uniform(2, 60)
    with here.start("demo") as process:
        deadline = time.monotonic() + wait
        try:
            process.communicate(timeout=deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, sent)
        process.communicate(timeout=120)
    again = here.run("demo", "--json")
    assert again.returncode == 0, f"interrupted after {wait:.1f} s: {again.stderr}"
    assert json.loads(again.stdout)["run"]["state"] == "SUCCEEDED"


@pytest.mark.slow
@pytest.mark.more
def test_the_local_aws_killed_with_all_it_held_comes_back(here: Here) -> None:
    assert here.run("demo").returncode == 0
    os.kill(json.loads((here.home / "local.json").read_text())["pid"], signal.SIGKILL)
    again = here.run("demo", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["run"]["state"] == "SUCCEEDED"


@pytest.mark.slow
def test_a_killed_aws_comes_back_as_the_last_update_left_it(here: Here) -> None:
    def state() -> dict[str, str]:
        return {entry["urn"]: entry.get("id", "") for entry in here.resources()}

    assert here.run("local", "up").returncode == 0
    assert here.run("stack", "up", "dev").returncode == 0
    before, status = state(), here.json("local", "status")
    _wait_for_a_snapshot(here)
    os.kill(status["pid"], signal.SIGKILL)
    again = here.json("local", "up")
    preview = here.json("stack", "preview", "dev")
    up = here.run("stack", "up", "dev")

    assert again["snapshot"]["problem"] is None
    assert again["endpoint"] == status["endpoint"]
    assert set(preview["changeSummary"]) == {"same"}, preview["changeSummary"]
    assert up.returncode == 0, up.stderr
    assert state() == before
    assert [c["id"] for c in here.json("local", "status")["clusters"]] == [
        c["id"] for c in status["clusters"]
    ]


def _wait_for_a_snapshot(here: Here) -> None:
    deadline = time.monotonic() + 30
    while here.json("local", "status")["snapshot"] is None:
        assert time.monotonic() < deadline


def test_a_wrong_setting_is_refused_before_any_resource(here: Here, tmp_path: Path) -> None:
    project = _copy_of_the_project(tmp_path)
    file = project / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "  emr:netwrok:\n    zones: 2\n")
    up = here.run("local", "up")
    assert up.returncode == 0, up.stderr
    done = here.run("stack", "up", "dev", cwd=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "allowed here are" in said
    assert "emr:netwrok: is no setting (did you mean 'network'?)" in said
    assert "Traceback" not in said
    assert (
        here.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"] == []
    )


def _copy_of_the_project(folder: Path) -> Path:
    """The committed stack files beside links to the code, for a test that changes a setting."""
    project = folder / "project"
    project.mkdir()
    for name in ("infra", "policies", "jobs", "facts"):
        (project / name).symlink_to(ROOT / name)
    for file in ROOT.glob("Pulumi*.yaml"):
        (project / file.name).write_text(file.read_text())
    return project

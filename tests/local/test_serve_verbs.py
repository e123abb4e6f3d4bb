"""What the verbs of `emrctl local` print, and how they exit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from emrctl.verbs import local_down, local_logs, local_status, local_up
from facts.errors import UserError
from local import control
from local.state import LocalState

STATE = LocalState(
    pid=7, started_at="2025-11-01T12:00:00+00:00", instance="i", endpoint="http://127.0.0.1:9", provider_port=8,
    region="us-east-1", account_id="123456789012", access_key_id="AKIA", secret_access_key="hidden",
)  # fmt: skip
STATUS: dict[str, Any] = {
    "endpoint": "http://127.0.0.1:9", "provider_port": 8, "region": "us-east-1", "account_id": "123456789012",
    "pid": 7, "started_at": "", "uptime_seconds": 61.2, "memory_bytes": 2**28, "processes": [{"pid": 8}],
    "iam": {"enforced": True, "not_evaluated": ["policy p: the condition key x:y is not evaluated"]},
    "clusters": [{
        "id": "j-1", "name": "main", "state": "RUNNING",
        "pools": [{"role": "CORE", "on_demand": 1, "target_on_demand": 2, "spot": 0, "target_spot": 0,
                   "short": {"ON_DEMAND": 1}},
                  {"role": "TASK", "on_demand": 0, "target_on_demand": 0, "spot": 0, "target_spot": 0, "short": {}}],
        "bootstrap_actions": [{"name": "setup", "run": False}],
        "steps": [{"name": "nightly", "state": "RUNNING"}],
    }],
    "applications": [{"id": "00f1", "name": "spark", "state": "STARTED",
                      "runs": [{"id": "00g1", "state": "QUEUED"}]}],
    "snapshot": None,
    "virtual_clusters": [{"id": "v1", "name": "team-a", "state": "RUNNING", "runs": []}],
}  # fmt: skip


def run(command: Any, *words: str) -> Any:
    """The outcome of a verb."""
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(words))


def test_up_says_where_and_how_soon_and_keeps_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(started: bool) -> Any:
        def up(home: Path, *, port: int, enforce_iam: bool, fresh: bool, **_more: Any) -> control.Up:
            return control.Up(state=replace(STATE, enforce_iam=enforce_iam), started=started, seconds=1.94)

        return up

    monkeypatch.setattr(control, "up", answer(True))
    first, as_json = run(local_up.command), run(local_up.command, "--json")
    enforced = run(local_up.command, "--enforce-iam")
    monkeypatch.setattr(control, "up", answer(False))
    again = run(local_up.command)

    assert first.output == "local AWS is up at http://127.0.0.1:9 (ready in 1.9 s)\n"
    assert "(ready in 1.9 s, IAM enforced)" in enforced.output
    assert json.loads(as_json.output)["endpoint"] == "http://127.0.0.1:9"
    assert "hidden" not in as_json.output
    assert (again.exit_code, again.output) == (0, "local AWS is up already at http://127.0.0.1:9\n")


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            {"age_seconds": 185.2, "holds": {"clusters": 1, "buckets": 7, "objects": 0}, "problem": None},
            "restored from a snapshot of 3 min ago: 1 cluster, 7 buckets",
        ),
        ({"age_seconds": 0.4, "holds": {"clusters": 0}}, "restored from a snapshot of 0 s ago"),
        ({"age_seconds": 200_000, "holds": {"objects": 1}}, "restored from a snapshot of 2 d ago: 1 object"),
        (
            {"problem": "its moto is 5.2.4, and this local AWS has 5.2.5; it is put aside in /h/aside"},
            "the last snapshot is not restored, this AWS is empty: its moto is 5.2.4, and this local AWS has "
            "5.2.5; it is put aside in /h/aside",
        ),
    ],
)
def test_up_says_what_came_back(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], line: str) -> None:
    up = control.Up(state=STATE, started=True, seconds=1.94, snapshot=told)
    monkeypatch.setattr(control, "up", lambda _home, **_asked: up)
    assert run(local_up.command).output.splitlines()[1:] == [line]
    assert json.loads(run(local_up.command, "--json").output)["snapshot"] == told


def test_up_passes_on_how_it_is_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def up(_home: Any, **words: Any) -> control.Up:
        asked.append(words)
        return control.Up(state=STATE, started=True, seconds=1)

    monkeypatch.setattr(control, "up", up)
    run(local_up.command)
    run(local_up.command, "--fresh", "--provisioning", "4m", "--run-bootstrap")
    same = {"port": 0, "enforce_iam": False}
    assert asked == [
        {**same, "fresh": False, "provisioning_seconds": None, "run_bootstrap": False},
        {**same, "fresh": True, "provisioning_seconds": 240.0, "run_bootstrap": True},
    ]


def test_how_clusters_come_up_cannot_be_changed_while_it_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.state.read", lambda _home: STATE)
    assert not control.up(tmp_path).started
    with pytest.raises(UserError, match="is up; end it with 'emrctl local down' first: how clusters come up"):
        control.up(tmp_path, run_bootstrap=True)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            {
                "made_at": "2025-11-01T12:00:00+00:00",
                "age_seconds": 7300,
                "holds": {"buckets": 2},
                "problem": None,
            },
            "snapshot   2 h ago: 2 buckets",
        ),
        ({"problem": "OSError: disk full"}, "snapshot   none; a later one failed: OSError: disk full"),
    ],
)
def test_status_shows_the_last_snapshot(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], line: str
) -> None:
    monkeypatch.setattr(control, "status", lambda home: STATUS | {"snapshot": told})
    assert line in run(local_status.command).output.splitlines()


def test_down_says_what_could_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "down", lambda home: control.Down(server=True, strays=0, kept=False))
    told = run(local_down.command)
    assert told.stdout == "local AWS has ended\n"
    assert "could not be kept" in told.stderr


def test_status_shows_clusters_with_their_capacity_and_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "status", lambda home: STATUS)
    shown, as_json = run(local_status.command), run(local_status.command, "--json")

    assert shown.exit_code == 0
    for part in (
        "pid 7, up 0:01:01, 256 MB",
        "j-1",
        "CORE: 1/2 on demand",
        "TASK: empty",
        "nightly: RUNNING",
        "application 00f1 spark STARTED: 00g1 QUEUED",
        "virtual cluster v1 team-a RUNNING: no job run",
        "IAM        enforced",
        "EC2 lacks 1",
        "j-1: bootstrap actions not run: setup",
        "not evaluated: policy p: the condition key x:y",
    ):
        assert part in shown.output
    assert json.loads(as_json.output) == {"up": True, **STATUS}


def test_status_of_nothing_exits_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "status", lambda home: None)
    shown, as_json = run(local_status.command), run(local_status.command, "--json")

    assert (shown.exit_code, as_json.exit_code) == (3, 3)
    assert "emrctl local up" in shown.output
    assert json.loads(as_json.output) == {"up": False}


@pytest.mark.parametrize(
    ("found", "output"),
    [
        (
            control.Down(server=True, strays=0),
            "local AWS has ended; what it held is kept for the next 'up'\n",
        ),
        (control.Down(server=False, strays=0), "no local AWS is up\n"),
        (control.Down(server=False, strays=2), "2 processes that it had left behind ended too\n"),
    ],
)
def test_down_succeeds_whatever_there_was(
    monkeypatch: pytest.MonkeyPatch, found: control.Down, output: str
) -> None:
    monkeypatch.setattr(control, "down", lambda home: found)
    told = run(local_down.command)
    assert (told.exit_code, told.output) == (0, output)


def test_logs_without_a_log_say_what_to_do() -> None:
    told = run(local_logs.command)
    assert isinstance(told.exception, UserError)
    assert "start a local AWS with 'emrctl local up'" in str(told.exception)

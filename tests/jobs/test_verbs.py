"""The verbs of jobs and runs: exit codes, JSON, and what is said of a failure."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from emrctl import platform as connection
from emrctl import runs
from emrctl.main import build
from facts.errors import UserError
from jobs.platform import Platform
from jobs.spec import Concurrency, Retry
from tests.jobs.world import World


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> World:
    """The verbs' AWS is the fake one, and their clock its clock."""
    made = World(platform)
    monkeypatch.setattr(connection, "connect", lambda *_: (made.session, platform))
    monkeypatch.setattr("jobs.underway.Clock", lambda: made.time.clock)
    return made


def _emrctl(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_a_run_that_succeeds(world: World) -> None:
    done = _emrctl("jobs", "run", "nightly-etl", "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["state"] == "SUCCEEDED"
    assert "COMPLETED" in done.stderr
    assert json.loads(_emrctl("runs", "list", "--json").stdout) == [record]
    assert json.loads(_emrctl("runs", "show", record["run_id"], "--json").stdout) == record
    shown = _emrctl("runs", "show", record["run_id"][-6:])
    assert f"run       {record['run_id']} of nightly-etl SUCCEEDED" in shown.stdout
    assert record["run_id"] in _emrctl("runs", "list").stdout


@pytest.mark.parametrize(
    ("outcome", "interrupt_at", "code"),
    [("FAILED", None, 1), ("for ever", None, 124), ("COMPLETED", 20.0, 130)],
)
def test_the_exit_code_is_the_jobs_result(
    world: World, outcome: str, interrupt_at: float | None, code: int
) -> None:
    world.emr.outcomes = itertools.repeat(outcome)
    world.time.interrupt_at = interrupt_at
    assert _emrctl("jobs", "run", "nightly-etl").exit_code == code


def test_no_wait_sends_and_returns(world: World) -> None:
    sent = _emrctl("jobs", "run", "nightly-etl", "--no-wait", "--json")
    assert sent.exit_code == 0
    run_id = json.loads(sent.stdout)["run_id"]
    assert [step.state for step in world.emr.steps] == ["PENDING"]
    assert f"{run_id}  nightly-etl  OPEN" in _emrctl("runs", "list").stdout


def test_the_breaker_is_shown_overridden_and_closed(world: World) -> None:
    world.have(retry=Retry(max_attempts=1))
    world.emr.outcomes = itertools.repeat("FAILED")
    assert _emrctl("jobs", "breaker", "nightly-etl").exit_code == 0
    for _ in range(3):
        _emrctl("jobs", "run", "nightly-etl")
    refused = _emrctl("jobs", "run", "nightly-etl")
    assert isinstance(refused.exception, UserError)
    assert refused.exception.code == 1
    assert "--force' starts a run all the same" in str(refused.exception)
    shown = _emrctl("jobs", "breaker", "nightly-etl", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["phase"]) == (1, "open")
    assert _emrctl("jobs", "run", "nightly-etl", "--force").exit_code == 1  # it ran, and failed again
    assert len(world.emr.steps) == 4
    closed = _emrctl("jobs", "breaker", "nightly-etl", "--reset")
    assert (closed.exit_code, "is closed, 0 failed runs in a row" in closed.stdout) == (0, True)


def test_every_run_under_way_is_watched_until_none_is(world: World) -> None:
    world.have(concurrency=Concurrency(limit=3))
    for _ in range(3):
        _emrctl("jobs", "run", "nightly-etl", "--no-wait")
    once = json.loads(_emrctl("runs", "watch", "--once", "--json").stdout)
    assert (once["under_way"], once["states"]) == (3, {"PENDING": 3})
    watched = _emrctl("runs", "watch").stdout.splitlines()
    assert watched[-1] == "0 under way: 3 COMPLETED"
    assert len(json.loads(_emrctl("runs", "list", "--json").stdout)) == 3


def test_the_catalog_is_listed_without_any_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "connect", None)
    listed = json.loads(_emrctl("jobs", "list", "--json").stdout)
    assert [job["name"] for job in listed] == ["nightly-etl"]
    assert "nightly-etl" in _emrctl("jobs", "list").stdout


def test_a_deploy_says_what_it_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first: dict[str, Any] = json.loads(
        _emrctl("jobs", "deploy", "nightly-etl", "--channel", "prod", "--json").stdout
    )
    assert (first["moved"], first["channel"]) == (True, "prod")
    again = _emrctl("jobs", "deploy", "nightly-etl", "--channel", "prod").stdout
    assert "was there already; channel 'prod' pointed at it before" in again


def test_of_a_failure_the_drivers_traceback_is_shown() -> None:
    traceback = "Traceback (most recent call last):\n  x\nValueError: boom"
    driver = f"noise\nTraceback (most recent call last):\n  old\n{traceback}\n"
    logs = {"stderr": "yarn says no\n", "driver stdout": driver, "controller": "c\n"}
    assert runs.failing_lines(logs) == f"driver stdout:\n{traceback}"
    assert runs.failing_lines({"stderr": "a\nb\n", "driver stderr": "c\n"}) == "stderr:\na\nb"
    assert runs.failing_lines({"controller": "c\n"}) == "controller:\nc"
    assert runs.failing_lines({}) == ""


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (runs.size(None), "-"), (runs.size(999), "999 B"), (runs.size(3_800_000), "3.8 MB"),
        (runs.size(2 * 10**15), "2000.0 TB"), (runs.seconds(59.94), "59.9 s"), (runs.seconds(272.4), "4 min 32 s"),
        (runs.number(336776), "336,776"), (runs.money(None), "not known"), (runs.money(0.0426), "about 0.0426 USD"),
    ],
)  # fmt: skip
def test_numbers_for_people(shown: str, text: str) -> None:
    assert shown == text

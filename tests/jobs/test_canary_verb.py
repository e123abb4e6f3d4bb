"""`emrctl jobs canary`: its report, its JSON and its exit codes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from emrctl import platform as connection
from emrctl.main import build
from facts.errors import UserError
from jobs import pointers
from jobs.platform import Platform
from tests.jobs.canary_world import TABLE, CanaryWorld
from tests.jobs.fakes import client_error


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> CanaryWorld:
    """The verbs' AWS is the fake one, and their clock its clock."""
    made = CanaryWorld(platform)
    monkeypatch.setattr(connection, "connect", lambda *_: (made.session, platform))
    monkeypatch.setattr("jobs.underway.Clock", lambda: made.time.clock)
    return made


def _canary(*options: str) -> Result:
    return CliRunner().invoke(build(), ["jobs", "canary", "nightly-etl", *options])


def test_a_good_one_says_so_and_moves_nothing(world: CanaryWorld) -> None:
    world.run_live()
    done = _canary()
    assert (done.exit_code, world.prod()) == (0, world.live), done.output
    assert done.stdout.startswith("# Canary of nightly-etl: good\n")
    assert f"{world.new[:12]} is as good as the live version. Nothing was moved" in done.stdout
    assert "nightly-etl: the new version, dev, for 2026-01-01T22" in done.stderr  # in New York
    assert (
        "nightly-etl (canary)" in CliRunner().invoke(build(), ["runs", "list"], env={"COLUMNS": "200"}).stdout
    )


def test_a_worse_one_exits_with_1_whatever_is_asked_for(world: CanaryWorld, tmp_path: Path) -> None:
    world.change(lambda report: report["profiles"][TABLE].update(rows=90))
    file = tmp_path / "report.md"
    done = _canary("--promote", "--report", str(file))
    assert (done.exit_code, world.prod()) == (1, world.live)
    assert done.stdout.startswith(f"{world.new[:12]} is worse in 1 of 12 checks. Nothing was moved")
    assert "rows 100 → 90, 10 % apart, at most 5 %" in file.read_text(encoding="utf-8")
    shown = (
        CliRunner().invoke(build(), ["runs", "show", world.lifecycle().store.list_runs()[0].run_id]).stdout
    )
    assert "shadow    of a canary, written to s3://dev-checkpoints/_shadow/nightly-etl/" in shown


def test_promoted_and_as_json(world: CanaryWorld) -> None:
    done = _canary("--promote", "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert (done.exit_code, world.prod()) == (0, world.new)
    assert (document["outcome"], document["promoted"]) == ("good", True)
    assert document["canary"]["record"]["shadow"] is True
    assert document["live"]["record"]["digest"] == world.live == document["live"]["digest"]
    assert {check["verdict"] for check in document["checks"]} == {"ok"}


@pytest.mark.parametrize(
    ("outcome", "interrupt_at", "code"),
    [("FAILED", None, 1), ("for ever", None, 124), ("COMPLETED", 20.0, 130)],
)
def test_a_version_that_does_not_come_to_its_end_exits_as_its_run(
    world: CanaryWorld, outcome: str, interrupt_at: float | None, code: int
) -> None:
    world.emr.outcomes = itertools.repeat(outcome)
    world.time.interrupt_at = interrupt_at
    assert _canary("--promote").exit_code == code
    assert world.prod() == world.live


def test_what_is_not_known_exits_with_2(world: CanaryWorld) -> None:
    for digest in (world.live, world.new):
        world.reports[digest].pop("profiles")
    assert _canary("--promote").exit_code == 2
    assert world.prod() == world.live


def test_a_report_that_cannot_be_written_is_shown_instead(world: CanaryWorld, tmp_path: Path) -> None:
    done = _canary("--report", str(tmp_path / "none" / "report.md"))
    assert isinstance(done.exception, UserError)
    assert "cannot be written: No such file or directory; the report is above" in str(done.exception)
    assert "# Canary of nightly-etl: good" in done.stdout


def test_who_may_not_move_the_channel_is_told_who_may(
    world: CanaryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise client_error("AccessDenied", 403)

    monkeypatch.setattr(pointers, "point", denied)
    done = _canary("--promote")
    assert (done.exit_code, world.prod()) == (2, world.live)
    assert "> who runs this may not move channel 'prod'; the role 'deployer' may" in done.stdout

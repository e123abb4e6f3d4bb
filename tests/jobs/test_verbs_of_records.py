"""The verbs that read the run store: list with its filters, query in its three forms, schema."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from emrctl import platform as connection
from emrctl.main import build
from facts.errors import UserError
from jobs.platform import Platform
from jobs.querying import columns
from jobs.runs import RunStore, State
from tests.jobs import rows
from tests.jobs.world import World

FAILED_ONLY: tuple[State, ...] = ("FAILED",)


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A store with runs of three days; the verbs' AWS is a fake, and so is the user's cache."""
    made = World(platform)
    monkeypatch.setattr(connection, "connect", lambda *_: (made.session, platform))
    monkeypatch.setattr("jobs.underway.Clock", lambda: made.time.clock)
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path))
    store = RunStore(made.session.client("s3"), platform.buckets.runs)
    store.write(rows.record("20260101T000000Z-aaaaaa", state="TIMED_OUT"))
    store.write(rows.record("20260102T000000Z-bbbbbb"))
    store.write(rows.failed("20260102T020000Z-cccccc"))
    return made


def _emrctl(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def _listed(*options: str) -> list[str]:
    done = _emrctl("runs", "list", "--json", *options)
    assert done.exit_code == 0, done.output
    return [row["run_id"][-6:-5] for row in json.loads(done.stdout)]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), "cba"),
        (("--failed",), "ca"),
        (("--state", "FAILED"), "c"),
        (("--state", "TIMED_OUT"), "a"),
        (("--failed", "--limit", "1"), "c"),
        (("--since", "2026-01-02"), "cb"),
        (("--since", "2026-01-02T02"), "c"),
        (("--since", "24h"), "cb"),  # the world was born at 03:04 of the second day
        (("--since", "90m"), "c"),
        (("--since", "9d", "--failed", "--job", "nightly-etl"), "a"),
    ],
)
def test_filters_of_the_list(world: World, options: tuple[str, ...], found: str) -> None:
    assert _listed(*options) == list(found)


def test_a_filter_reads_no_more_than_it_must(world: World) -> None:
    store = RunStore(world.session.client("s3"), "dev-runs")
    states: Any = itertools.cycle(["FAILED", "SUCCEEDED"])
    for number in range(300):
        store.write(rows.record(f"20260103T000000Z-{number:06}", state=next(states)))
    before = world.faults.calls
    assert len(store.list_runs(limit=20, states=FAILED_ONLY)) == 20
    assert world.faults.calls - before == 1 + 100


def test_open_runs_are_left_out_where_a_records_state_is_asked_for(world: World) -> None:
    _emrctl("jobs", "run", "nightly-etl", "--no-wait")
    assert len(_listed()) == 4
    assert len(_listed("--since", "1m")) == 1
    assert _listed("--state", "SUCCEEDED") == ["b"]


@pytest.mark.parametrize("said", ["soon", "7w", "-1d", "2026-13-01", "12345d"])
def test_a_since_that_is_none_says_what_is(world: World, said: str) -> None:
    refused = _emrctl("runs", "list", f"--since={said}")
    assert isinstance(refused.exception, UserError)
    assert "--since: " in str(refused.exception)
    assert "or how long ago, such as 90m, 12h or 7d" in str(refused.exception)


def test_the_verbs_states_are_the_stores() -> None:
    from emrctl.verbs import runs_list

    assert runs_list.RecordState == State


SQL = (
    "SELECT state, run_id, created_at, date, cost_usd, tags, failure.evidence[1].text AS quote, "
    "ended_at - created_at AS took FROM runs WHERE run_id LIKE '20260102%' ORDER BY run_id"
)


def test_a_question_is_answered_as_json(world: World) -> None:
    done = _emrctl("runs", "query", SQL, "--json")
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)
    assert first == {
        "state": "SUCCEEDED", "run_id": "20260102T000000Z-bbbbbb", "created_at": "2026-01-02T03:04:05Z",
        "date": "2026-01-02", "cost_usd": 0.01, "tags": {"a": "b"}, "quote": None, "took": 0.0,
    }  # fmt: skip
    assert (second["cost_usd"], second["tags"], second["quote"]) == (None, {}, 'ValueError: "x", "row": {}')


def test_a_question_is_answered_as_csv(world: World) -> None:
    done = _emrctl("runs", "query", SQL, "--csv")
    head, first, second = csv.reader(io.StringIO(done.stdout))
    assert head[:3] == ["state", "run_id", "created_at"]
    assert first[:6] == [
        "SUCCEEDED",
        "20260102T000000Z-bbbbbb",
        "2026-01-02T03:04:05Z",
        "2026-01-02",
        "0.01",
        '{"a": "b"}',
    ]
    assert (second[4], second[6]) == ("", 'ValueError: "x", "row": {}')


def test_a_question_is_answered_as_a_table(world: World) -> None:
    done = _emrctl(
        "runs",
        "query",
        "SELECT state, count(*) AS runs, avg(cost_usd) AS usd FROM runs GROUP BY ALL ORDER BY ALL",
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines == [
        ["state", "runs", "usd"],
        ["FAILED", "1", "-"],
        ["SUCCEEDED", "1", "0.01"],
        ["TIMED_OUT", "1", "0.01"],
    ]
    assert "[bold]" in _emrctl("runs", "query", "SELECT '[bold]' AS mark").stdout


def test_numbers_that_json_does_not_know_are_null(world: World) -> None:
    done = _emrctl(
        "runs",
        "query",
        "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, 1.5::DECIMAL(4,2) AS c, 1::HUGEINT AS d",
        "--json",
    )
    assert json.loads(done.stdout) == [{"a": None, "b": None, "c": 1.5, "d": 1}]


def test_one_form_at_a_time(world: World) -> None:
    refused = _emrctl("runs", "query", "SELECT 1", "--json", "--csv")
    assert "--json and --csv: name one of them" in str(refused.exception)
    refused = _emrctl("runs", "list", "--failed", "--state", "FAILED")
    assert "--failed and --state: name one of them" in str(refused.exception)


def test_the_schema_for_other_tools_needs_no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "connect", None)
    assert _emrctl("runs", "schema").stdout.strip() == columns.spark_ddl()
    assert json.loads(_emrctl("runs", "schema", "--json").stdout)["tags"] == "MAP<STRING, STRING>"
    assert _emrctl("runs", "schema", "--for", "duckdb").stdout.startswith(
        "{schema_version: 'BIGINT', run_id: 'VARCHAR'"
    )

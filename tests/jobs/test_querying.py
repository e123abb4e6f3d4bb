"""SQL over the run store: its types, its copy, what it refuses, and rows of other versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import boto3
import duckdb
import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel

from facts.errors import UserError
from jobs.querying import columns
from jobs.querying.asking import Answer, ask
from jobs.querying.copies import Copy
from jobs.runs import Ended, Record, RunStore
from tests.jobs import rows
from tests.jobs.fakes import FakeS3


@pytest.fixture
def copy(session: boto3.Session, tmp_path: Path) -> Copy:
    return Copy(s3=session.client("s3"), bucket="dev-runs", folder=tmp_path / "runs")


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Of a store with one run in it."""
    s3, row = FakeS3(), rows.record().model_dump(mode="json")
    s3.objects["dev-runs", rows.keys_of(row)] = json.dumps(row).encode()
    return Copy(s3=cast(Any, s3), bucket="dev-runs", folder=tmp_path_factory.mktemp("runs"))


def _put(copy: Copy, *found: dict[str, Any]) -> None:
    for row in found:
        copy.s3.put_object(Bucket="dev-runs", Key=rows.keys_of(row), Body=json.dumps(row).encode())


def _reads(copy: Copy) -> list[str]:
    """The keys that are fetched from now on."""
    fetched: list[str] = []
    copy.s3.meta.events.register(
        "provide-client-params.s3.GetObject", lambda params, **_: fetched.append(params["Key"])
    )
    return fetched


def _one(copy: Copy, sql: str) -> Any:
    (row,) = ask(copy, sql).rows
    return row[0] if len(row) == 1 else row


def test_runs_and_attempts_have_the_types_of_the_model(copy: Copy) -> None:
    described = ask(copy, "DESCRIBE runs").rows
    assert {row[0]: row[1] for row in described} == {**_as_duckdb_says(Record), "date": "DATE"}
    assert len(_as_duckdb_says(Record)) == len(Record.model_fields)
    attempts = {row[0]: row[1] for row in ask(copy, "DESCRIBE attempts").rows}
    own = {name: "VARCHAR" for name in ("run_id", "job", "runtime", "place")}
    assert attempts == {**own, "date": "DATE", **_as_duckdb_says(Ended)}
    assert _one(copy, "SELECT count(*) FROM runs") == 0


def _as_duckdb_says(model: type[BaseModel]) -> dict[str, str]:
    with duckdb.connect() as database:
        types = columns.columns(columns.DUCKDB, model)
        told = database.execute("SELECT " + ", ".join(f"typeof(NULL::{type_})" for type_ in types.values()))
        return dict(zip(types, told.fetchall()[0], strict=True))


def test_what_is_asked_for_is_what_was_recorded(copy: Copy) -> None:
    store = RunStore(copy.s3, "dev-runs")
    good, bad = store.write(rows.record()), store.write(rows.failed())
    answer = ask(copy, "SELECT * FROM runs ORDER BY run_id")
    assert [_without_date(row) for row in answer.dicts()] == [good.model_dump(), bad.model_dump()]
    found = ask(
        copy, "SELECT number, state, twins, date FROM attempts WHERE job = 'late-arrivals' ORDER BY number"
    )
    assert [row[:3] for row in found.rows] == [(1, "FAILED", ["s-8", "s-9"]), (2, "FAILED", [])]
    assert _one(copy, "SELECT failure.evidence[1].line FROM runs WHERE failure_class = 'code_error'") == 3
    assert _one(copy, "SELECT counts['flights'] FROM runs WHERE state = 'SUCCEEDED'") == 7
    assert _one(copy, "SELECT CAST(created_at AS VARCHAR) FROM runs WHERE date = DATE '2026-01-03'") == (
        "2026-01-03 03:04:05.123456+00"
    )


def _without_date(row: dict[str, Any]) -> dict[str, Any]:
    assert row.pop("date") == row["created_at"].date()
    return dict(_tuples(row))


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return {key: _tuples(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def test_a_record_is_fetched_once(copy: Copy) -> None:
    _put(copy, rows.record().model_dump(mode="json"))
    fetched = _reads(copy)
    assert [_one(copy, "SELECT count(*) FROM runs") for _ in range(2)] == [1, 1]
    assert len(fetched) == 1
    _put(copy, rows.failed().model_dump(mode="json"))
    assert _one(copy, "SELECT count(*) FROM runs") == 2
    assert len(fetched) == 2
    file = copy.folder / "dev-runs" / "records.ndjson"
    assert file.stat().st_mode & 0o777 == 0o600  # rows quote logs
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_s3_lists_is_what_is_there(copy: Copy) -> None:
    """The copy keeps nothing that is gone, and nothing in the place of what another stack of that name has now."""
    first, second = rows.record().model_dump(mode="json"), rows.failed().model_dump(mode="json")
    _put(copy, first, second)
    assert _one(copy, "SELECT count(*) FROM runs") == 2
    copy.s3.delete_object(Bucket="dev-runs", Key=rows.keys_of(first))
    _put(copy, {**second, "owner": "others"})
    assert _one(copy, "SELECT owner FROM runs") == "others"
    assert len((copy.folder / "dev-runs" / "records.ndjson").read_text().splitlines()) == 1


def test_who_may_not_list_is_told_nothing_from_the_copy(copy: Copy, session: boto3.Session) -> None:
    _put(copy, rows.record().model_dump(mode="json"))
    ask(copy, "SELECT 1 FROM runs")
    session.client("s3").delete_object(
        Bucket="dev-runs", Key=rows.keys_of(rows.record().model_dump(mode="json"))
    )
    session.client("s3").delete_bucket(Bucket="dev-runs")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ask(copy, "SELECT * FROM runs")


@pytest.mark.parametrize(
    "left", [b'{"key": "records/v1/cut off', b'{"key": "a", "etag": "b", "row": {"run_id": "x"}}']
)
def test_a_command_killed_while_it_keeps_does_no_harm(copy: Copy, left: bytes) -> None:
    _put(copy, rows.record().model_dump(mode="json"))
    ask(copy, "SELECT 1 FROM runs")
    file = copy.folder / "dev-runs" / "records.ndjson"
    file.write_bytes(file.read_bytes() + left)
    _put(copy, rows.failed().model_dump(mode="json"))
    assert _one(copy, "SELECT count(*) FROM runs") == 2
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_many_ask_and_write_at_once(copy: Copy) -> None:
    """Of two records of one run one wins, for every reader the same."""
    store = RunStore(copy.s3, "dev-runs")
    ids = [f"20260102T0304{number:02}Z-aaaaaa" for number in range(10)]

    def work(number: int) -> Any:
        run_id = ids[number % 10]
        won = store.write(rows.record(run_id, owner=f"writer-{number // 10}"))
        found = _one(copy, f"SELECT owner FROM runs WHERE run_id = '{run_id}'")
        return run_id, won.owner, found

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(work, range(40)))
    assert all(won == found for _, won, found in told)
    assert len({(run_id, won) for run_id, won, _ in told}) == 10
    assert _one(copy, "SELECT count(*), count(DISTINCT run_id) FROM runs") == (10, 10)


def test_rows_of_older_and_newer_versions_lose_no_column_that_is_known(copy: Copy) -> None:
    now, old, new = rows.failed().model_dump(mode="json"), rows.older(), rows.newer()
    _put(copy, now, old, new)
    found = {row["run_id"]: row for row in ask(copy, "SELECT * FROM runs").dicts()}
    assert found[old["run_id"]]["cost_usd"] == 0.01
    assert found[old["run_id"]]["failure"] is None  # what it did not know is null
    assert found[new["run_id"]]["schema_version"] == 2
    assert found[new["run_id"]]["failure_class"] == "disk_full"  # a word of its own
    same = {name for name in now if name not in ("run_id", "schema_version", "failure_class", "failure")}
    assert {name: found[new["run_id"]][name] for name in same} == {
        name: found[now["run_id"]][name] for name in same
    }
    listed = {record.run_id: record for record in RunStore(copy.s3, "dev-runs").list_runs()}
    assert listed[new["run_id"]].failure_class == "unknown"
    assert listed[new["run_id"]].attempts == listed[now["run_id"]].attempts
    assert listed[old["run_id"]].mitigations == ()


REFUSED = [
    ("COPY runs TO '/tmp/emrctl-stolen.csv'", "the SQL is COPY; allowed is one SELECT"),
    ("DELETE FROM runs", "the SQL is DELETE; allowed"),
    ("CREATE TABLE mine AS SELECT 1", "the SQL is CREATE; allowed"),
    ("ATTACH '/tmp/emrctl-other.db'", "the SQL is ATTACH; allowed"),
    ("INSTALL httpfs", "the SQL is LOAD; allowed"),
    ("SET enable_external_access = true", "the SQL is SET; allowed"),
    ("RESET lock_configuration", "the SQL is SET; allowed"),
    ("SELECT 1; DROP TABLE runs", "the SQL is SELECT, DROP; allowed"),
    ("", "the SQL is nothing; allowed"),
    ("SELECT * FROM read_csv('/etc/passwd')", "file system operations are disabled"),
    ("SELECT * FROM read_text('/proc/self/environ')", "file system operations are disabled"),
    ("SELECT * FROM glob('/etc/*')", "file system operations are disabled"),
    ("SELECT * FROM '/etc/passwd'", "Table with name /etc/passwd does not exist"),
    ("SELECT * FROM read_json('http://127.0.0.1:1/x')", "file system operations are disabled"),
    ("SELECT * FROM read_parquet('s3://dev-landing/x')", "disabled"),
    ("SELECT getenv('HOME')", "getenv does not exist"),
    ("SELECT * FROM sql", "Table with name sql does not exist"),  # a variable of ours
    ("SELECT * FROM run", 'with name run does not exist! Did you mean "runs"'),
    ("SELECT duratoin_seconds FROM runs", "duratoin_seconds"),
    ("SELEC 1", 'syntax error at or near "SELEC"; \'DESCRIBE runs\''),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "told"), REFUSED)
def test_what_is_no_question_is_refused_in_a_line(one_run: Copy, sql: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        ask(one_run, sql)
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "sql",
    ["SUMMARIZE runs", "EXPLAIN SELECT 1", "WITH a AS (SELECT 1 AS n) FROM a", "VALUES (1)", "SHOW TABLES"],
)
def test_what_only_asks_is_answered(one_run: Copy, sql: str) -> None:
    assert ask(one_run, sql).rows


def test_a_record_that_breaks_its_types_is_named(copy: Copy) -> None:
    _put(copy, rows.record().model_dump(mode="json"), {**rows.newer(), "rows_read": {"flights": 1}})
    with pytest.raises(UserError, match=r"dddddd\.json breaks .*cast .*; a newer version .*schema 2\)"):
        ask(copy, "SELECT 1 FROM runs")
    copy.s3.put_object(Bucket="dev-runs", Key="records/v1/job=a/date=2026-01-02/x.json", Body=b"[1]")
    with pytest.raises(UserError, match=r"s3://dev-runs/records/v1/job=a/.*x\.json is no run record"):
        ask(copy, "SELECT 1 FROM runs")


def test_two_columns_of_one_name_are_no_object() -> None:
    answer = Answer(columns=("a", "a"), types=("BIGINT", "BIGINT"), rows=[(1, 2)])
    with pytest.raises(UserError, match="two columns are called 'a'; name one with AS"):
        answer.dicts()


def test_a_type_that_no_table_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="has no type in a table"):
        columns.type_of(object, columns.DUCKDB)

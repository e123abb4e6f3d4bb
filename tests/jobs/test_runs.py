"""The run store: what is written once stays, and what is read back is what was written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from facts.errors import UserError
from jobs.runs import RunStore
from tests.jobs.rows import record as _record


@pytest.fixture
def store(session: boto3.Session) -> RunStore:
    return RunStore(session.client("s3"), "dev-runs")


def test_a_record_is_one_json_row_in_a_partition_of_its_job_and_day(
    store: RunStore, session: boto3.Session
) -> None:
    record = store.write(_record())
    (found,) = session.client("s3").list_objects_v2(Bucket="dev-runs")["Contents"]
    key = "records/v1/job=nightly-etl/date=2026-01-02/20260102T030405Z-aaaaaa.json"
    assert found["Key"] == key
    body = session.client("s3").get_object(Bucket="dev-runs", Key=key)["Body"].read()
    assert len(body.splitlines()) == 1
    assert json.loads(body)["schema_version"] == 1
    assert store.get_run(record.run_id) == store.list_runs()[0] == record


def test_a_record_is_written_once(store: RunStore) -> None:
    first = store.write(_record())
    assert store.write(_record(state="FAILED")) == first
    assert store.list_runs() == [first]


def test_many_writers_at_once_lose_nothing(store: RunStore) -> None:
    ids = [f"20260102T0304{number:02}Z-aaaaaa" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run_id: store.write(_record(run_id)), ids * 2))
    assert [record.run_id for record in store.list_runs()] == ids[::-1]
    assert [record.run_id for record in store.list_runs(limit=2)] == ids[:-3:-1]


def test_runs_of_one_job(store: RunStore) -> None:
    store.write(_record())
    store.write(_record(job="nightly"))
    assert [record.job for record in store.list_runs("nightly")] == ["nightly"]


def test_a_part_of_an_id_is_enough_while_it_fits_one(store: RunStore) -> None:
    store.write(_record("20260102T030405Z-aaaaaa"))
    store.write(_record("20260102T030406Z-bbbbbb"))
    assert store.get_run("bbb").run_id == "20260102T030406Z-bbbbbb"
    with pytest.raises(UserError, match=r"'20260102' fits 2 runs: .*; give more of the id"):
        store.get_run("20260102")
    with pytest.raises(UserError, match="there is no run 'zzz'; 'emrctl runs list' shows"):
        store.get_run("zzz")


def test_a_newer_versions_row_is_read_and_a_broken_one_named(store: RunStore, session: boto3.Session) -> None:
    s3 = session.client("s3")
    row = {**_record().model_dump(mode="json"), "schema_version": 2, "new_column": 1}
    s3.put_object(
        Bucket="dev-runs", Key="records/v1/job=a/date=2026-01-02/1.json", Body=json.dumps(row).encode()
    )
    assert store.list_runs()[0].schema_version == 2
    s3.put_object(Bucket="dev-runs", Key="records/v1/job=a/date=2026-01-02/2.json", Body=b'{"run_id": 1}')
    with pytest.raises(UserError, match="a run record cannot be read"):
        store.list_runs()


@pytest.mark.parametrize(
    ("body", "read"), [(b'{"a": 1}', {"a": 1}), (b"{cut off", None), (b"[]", None), (None, None)]
)
def test_a_report_is_a_json_object_or_nothing(
    store: RunStore, session: boto3.Session, body: bytes | None, read: object
) -> None:
    if body is not None:
        session.client("s3").put_object(Bucket="dev-runs", Key="reports/t.json", Body=body)
    assert store.report("s3://dev-runs/reports/t.json") == read

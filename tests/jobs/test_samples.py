"""The sample data: what the package holds, typed, and uploaded once."""

from __future__ import annotations

import io

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facts.errors import UserError
from jobs.samples import load, nycflights


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(nycflights.files())


def _table(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def test_every_row_of_every_table_is_there_flights_and_weather_by_month(files: dict[str, bytes]) -> None:
    rows: dict[str, int] = {}
    for key, content in files.items():
        table = key.removeprefix(nycflights.PREFIX).partition("/")[0]
        rows[table] = rows.get(table, 0) + _table(content).num_rows
        assert ("/month=" in key) is (table in nycflights.PARTITIONED)
    assert rows == {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airlines": 16, "airports": 1_458}
    assert len(files) == 27


def test_types_hold_nulls_and_instants(files: dict[str, bytes]) -> None:
    january = _table(files["nycflights13/flights/month=1/part-0.parquet"])
    assert "month" not in january.column_names
    assert january.schema.field("dep_time").type == pa.int32()
    assert january.schema.field("time_hour").type == pa.timestamp("us", tz="UTC")
    assert january["dep_time"].null_count == 521  # cancelled in January 2013
    assert january["tailnum"].null_count > 0
    assert "NA" not in january["tailnum"].to_pylist()
    assert january["time_hour"][0].as_py().isoformat() == "2013-01-01T10:00:00+00:00"  # 05:00 in New York


def test_the_same_data_is_the_same_bytes(files: dict[str, bytes]) -> None:
    assert dict(nycflights.files()) == files


def test_an_unchanged_file_is_not_uploaded_again(session: boto3.Session) -> None:
    s3 = session.client("s3")
    files = [("a/1", b"one"), ("a/2", b"two")]
    heard: list[str] = []
    loaded = load.load(s3, "dev-landing", files, lambda file: heard.append(file.key))
    assert [(file.key, file.size, file.uploaded) for file in loaded] == [("a/1", 3, True), ("a/2", 3, True)]
    assert sorted(heard) == ["a/1", "a/2"]
    again = load.load(s3, "dev-landing", [("a/1", b"one"), ("a/2", b"TWO"), ("a/3", b"three")])
    assert [file.uploaded for file in again] == [False, True, True]
    assert s3.get_object(Bucket="dev-landing", Key="a/2")["Body"].read() == b"TWO"


def test_a_file_of_another_hand_is_replaced(session: boto3.Session) -> None:
    s3 = session.client("s3")
    s3.put_object(Bucket="dev-landing", Key="a/1", Body=b"one")
    assert load.load(s3, "dev-landing", [("a/1", b"one")])[0].uploaded  # its digest is not known


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nycflights, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install 'emr-platform\[local\]'"):
        next(nycflights.files())

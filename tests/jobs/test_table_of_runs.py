"""The records as one table: Spark, pandas and DuckDB read the same rows of the same types from the same files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pandas as pd
import pytest

from jobs.querying import columns
from jobs.querying.asking import ask
from jobs.querying.copies import Copy
from tests.jobs import rows
from tests.jobs.fakes import FakeS3

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ROWS = [
    rows.record().model_dump(mode="json"),
    rows.failed().model_dump(mode="json"),
    rows.older(),
    rows.newer(),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of three versions in the folders of their jobs and days."""
    return rows.written(tmp_path_factory.mktemp("store"), *_ROWS)


def _ours(table: Path, folder: Path) -> list[dict[str, Any]]:
    """As `emrctl runs query` sees them."""
    s3 = FakeS3()
    s3.objects = {("runs", rows.keys_of(row)): json.dumps(row).encode() for row in _ROWS}
    found = ask(Copy(s3=cast(Any, s3), bucket="runs", folder=folder), "SELECT * FROM runs ORDER BY run_id")
    return found.dicts()


def test_duckdb_reads_the_files_as_the_verb_does(table: Path, tmp_path: Path) -> None:
    types = ", ".join(f"{name}: '{type_}'" for name, type_ in columns.columns(columns.DUCKDB).items())
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        read = f"read_json('{table}/*/*/*.json', format = 'newline_delimited', columns = {{{types}}})"
        found = database.execute(f"SELECT * FROM {read} ORDER BY run_id")
        names = [column[0] for column in found.description or ()]
        assert [dict(zip(names, row, strict=True)) for row in found.fetchall()] == _ours(table, tmp_path)


def test_pandas_reads_the_same(table: Path, tmp_path: Path) -> None:
    files = sorted(table.glob("*/*/*.json"), key=lambda file: file.name)
    frame = pd.concat([pd.read_json(file, lines=True, dtype=False, convert_dates=False) for file in files])
    ours = _ours(table, tmp_path)
    for name in columns.columns(columns.DUCKDB):
        told = [_known(_told(value), _told(row[name])) for value, row in zip(frame[name], ours, strict=True)]
        assert told == [_told(row[name]) for row in ours], name


@pytest.mark.slow
def test_spark_reads_the_same_with_the_folders_as_columns(
    table: Path, tmp_path: Path, spark: SparkSession
) -> None:
    frame = spark.read.schema(columns.spark_ddl()).json(str(table)).orderBy("run_id")
    types = dict(frame.dtypes)
    assert types["created_at"] == "timestamp"
    assert types["tags"] == types["parameters"] == "map<string,string>"
    assert types["rows_read"] == "bigint"
    assert types["attempts"].startswith("array<struct<number:bigint,")
    assert types["date"] == "date"
    ours = _ours(table, tmp_path)
    theirs = [row.asDict(recursive=True) for row in frame.collect()]
    assert set(theirs[0]) == set(ours[0])
    for their, our in zip(theirs, ours, strict=True):
        assert {name: _told(value) for name, value in their.items()} == {
            name: _told(value) for name, value in our.items()
        }
    exploded = frame.selectExpr("job", "explode(attempts) AS a").where("a.state = 'FAILED'")
    assert exploded.where("date = DATE '2026-01-03'").count() == 4  # folders are left out by their names


def _known(theirs: Any, ours: Any) -> Any:
    """Theirs without what only a newer version's rows have: pandas is not told which columns there are."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {name: _known(each, ours[name]) for name, each in theirs.items() if name in ours}
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [_known(*pair) for pair in zip(theirs, ours, strict=True)]
    return theirs


def _told(value: Any) -> Any:
    """A value apart from how each tool holds it: times as instants, nothing as null."""
    if (
        isinstance(value, str)
        and value.endswith("Z")
        and value[:4].isdigit()
        and "T" in value
        and "-" in value[:5]
    ):
        return datetime.fromisoformat(value).timestamp()
    if isinstance(value, datetime):  # Spark's are of this machine's zone, without saying so
        return value.timestamp()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items() if _told(each) is not None}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    if hasattr(value, "asDict"):
        return _told(value.asDict())
    return value.item() if hasattr(value, "item") else value

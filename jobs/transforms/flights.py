"""From the raw tables to one row a flight with everything that the statistics need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

from jobs.transforms.keys import one_per_key

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Statute miles. Below three a pilot may not fly by sight: https://www.ecfr.gov/current/title-14/section-91.155
POOR_VISIBILITY = 3.0


def enrich(flights: DataFrame, weather: DataFrame, planes: DataFrame) -> DataFrame:
    """Every row of `flights` once, with the weather at its origin in its scheduled hour and its plane.

    The hour is an instant (`time_hour`), not a wall clock's: at the end of summer time one wall-clock hour
    has two weather rows, and joining by it would count its flights twice. A flight without weather or plane
    stays, marked by `has_weather` or `has_plane`.
    """
    joined = flights.join(F.broadcast(_hours(weather)), ["origin", "time_hour"], "left").join(
        F.broadcast(_fleet(planes)), ["tailnum"], "left"
    )
    return joined.select(
        F.col("month").cast("int").alias("month"),
        # The airline's day, as scheduled: `time_hour` is UTC, where an evening departure is the day after.
        F.make_date("year", "month", "day").alias("date"),
        "carrier",
        "origin",
        "dest",
        F.col("dep_time").isNull().alias("cancelled"),
        F.col("dep_delay").cast("int").alias("dep_delay"),
        F.col("arr_delay").cast("int").alias("arr_delay"),
        _found("has_weather"),
        F.col("adverse_weather"),
        _found("has_plane"),
        (F.col("year") - F.col("built")).cast("int").alias("plane_age"),
        F.col("seats").cast("int").alias("seats"),
    )


def _hours(weather: DataFrame) -> DataFrame:
    adverse = (F.col("precip") > 0) | (F.col("visib") < POOR_VISIBILITY)
    hours = weather.select("origin", "time_hour", adverse.alias("adverse_weather"))
    return one_per_key(hours, ["origin", "time_hour"]).withColumn("has_weather", F.lit(True))


def _fleet(planes: DataFrame) -> DataFrame:
    fleet = planes.select("tailnum", F.col("year").alias("built"), "seats")
    return one_per_key(fleet, ["tailnum"]).withColumn("has_plane", F.lit(True))


def _found(flag: str) -> Column:
    return F.coalesce(F.col(flag), F.lit(False)).alias(flag)

"""Delay statistics of enriched flights. A negative delay means early.

Every table counts every flight: `flights` = `departed` + `cancelled`, `departed` = `arrived` + `no_arrival`.
A delay's mean, median and 95th percentile are over the flights that have it (departed, arrived).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

from jobs.transforms.keys import one_per_key

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# A flight counts as delayed from 15 minutes on: https://www.bts.gov/explore-topics-and-geography/topics/
# airline-time-performance-and-causes-flight-delays
DELAYED_MINUTES = 15

DELAYS = ("dep_delay", "arr_delay")

# Counts that add up: over the rows of any table below they give the same totals.
COUNTS = (
    "flights",
    "departed",
    "cancelled",
    "arrived",
    "no_arrival",
    "delayed",
    "adverse_weather",
    "missing_weather",
    "missing_plane",
)


def _counts() -> list[Column]:
    missing_arrival = ~F.col("cancelled") & F.col("arr_delay").isNull()
    columns = {
        "flights": F.count(F.lit(1)),
        "departed": F.count("dep_delay"),
        "cancelled": F.count_if("cancelled"),
        "arrived": F.count("arr_delay"),
        "no_arrival": F.count_if(missing_arrival),  # diverted, or no arrival time was kept
        "delayed": F.count_if(F.col("dep_delay") >= DELAYED_MINUTES),
        "adverse_weather": F.count_if("adverse_weather"),
        "missing_weather": F.count_if(~F.col("has_weather")),
        "missing_plane": F.count_if(~F.col("has_plane")),
    }
    return [columns[name].alias(name) for name in COUNTS]


def _measures() -> list[Column]:
    adverse_delay = F.when(F.col("adverse_weather"), F.col("dep_delay"))
    return [
        *(F.avg(delay).alias(f"mean_{delay}_minutes") for delay in DELAYS),
        # Exact, interpolated; both quantiles in one pass, since each pass keeps every value of its group.
        *(F.percentile(delay, [0.5, 0.95]).alias(f"quantiles_{delay}") for delay in DELAYS),
        F.avg(adverse_delay).alias("mean_dep_delay_adverse_minutes"),
        F.avg("plane_age").alias("mean_plane_age_years"),  # over the flights whose plane's year is known
        F.sum("seats").alias("seats"),  # scheduled, over the flights whose plane is known
    ]


def summarise(flights: DataFrame, keys: Sequence[str]) -> DataFrame:
    """One row for each value of `keys` with the counts and measures of its flights."""
    quantiles = [
        F.element_at(f"quantiles_{delay}", position).alias(f"{name}_{delay}_minutes")
        for delay in DELAYS
        for position, name in ((1, "median"), (2, "p95"))
    ]
    means = [f"mean_{delay}_minutes" for delay in DELAYS]
    last = ("mean_dep_delay_adverse_minutes", "mean_plane_age_years", "seats")
    return (
        flights.groupBy(*keys).agg(*_counts(), *_measures()).select(*keys, *COUNTS, *means, *quantiles, *last)
    )


def by_route(flights: DataFrame, airports: DataFrame) -> DataFrame:
    """Statistics by month, origin and destination, with the airports' names (null where they are unknown)."""
    names = one_per_key(airports.select("faa", "name"), ["faa"])
    origin, dest = (
        F.broadcast(names.select(F.col("faa").alias(end), F.col("name").alias(f"{end}_name")))
        for end in ("origin", "dest")
    )
    keys = ["month", "origin", "dest"]
    routes = summarise(flights, keys).join(origin, ["origin"], "left").join(dest, ["dest"], "left")
    return _in_order(routes, [*keys, "origin_name", "dest_name"])


def by_carrier(flights: DataFrame, airlines: DataFrame) -> DataFrame:
    """Statistics by month and carrier, with the airline's name (null where it is unknown)."""
    names = one_per_key(airlines.select("carrier", F.col("name").alias("carrier_name")), ["carrier"])
    carriers = summarise(flights, ["month", "carrier"]).join(F.broadcast(names), ["carrier"], "left")
    return _in_order(carriers, ["month", "carrier", "carrier_name"])


def by_day(flights: DataFrame) -> DataFrame:
    """Statistics by day."""
    days = summarise(flights, ["month", "date"]).select(
        "*", F.year("date").alias("year"), F.dayofmonth("date").alias("day")
    )
    return _in_order(days, ["month", "date", "year", "day"])


def worst_routes(routes: DataFrame, *, least_arrived: int = 100, limit: int = 10) -> DataFrame:
    """Of a table `by_route`, the routes with the highest mean arrival delay over all months, worst first.

    Routes with fewer than `least_arrived` flights are no evidence and do not count.
    """
    keys = ["origin", "dest", "origin_name", "dest_name"]
    counts = ("flights", "departed", "arrived", "cancelled", "delayed")
    minutes = F.sum(F.col("mean_arr_delay_minutes") * F.col("arrived"))
    return (
        routes.groupBy(*keys)
        .agg(*(F.sum(name).alias(name) for name in counts), minutes.alias("minutes"))
        .where(F.col("arrived") >= least_arrived)
        .select(
            *keys, *counts, F.round(F.col("minutes") / F.col("arrived"), 2).alias("mean_arr_delay_minutes")
        )
        .orderBy(F.desc("mean_arr_delay_minutes"), "origin", "dest")
        .limit(limit)
    )


def sums() -> list[Column]:
    """Each of COUNTS, summed over a table of statistics."""
    return [F.sum(name).alias(name) for name in COUNTS]


def _in_order(table: DataFrame, keys: Sequence[str]) -> DataFrame:
    measures = [name for name in table.columns if name not in keys]
    return table.select(*keys, *measures)

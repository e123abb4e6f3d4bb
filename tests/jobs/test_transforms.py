"""The transforms on rows that a reader can count."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from jobs.workloads.nycflights import SCHEMAS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.xdist_group("spark")

# The end of summer time: 01:00 in New York came twice, at 05:00 and at 06:00 UTC.
FIRST, SECOND = datetime(2013, 11, 3, 5, tzinfo=UTC), datetime(2013, 11, 3, 6, tzinfo=UTC)
LATE = datetime(2013, 11, 4, 1, tzinfo=UTC)  # 20:00 on the third, in New York

FLIGHTS = [
    # year, month, day, dep_time, dep_delay, arr_delay, carrier, tailnum, origin, dest, time_hour
    (2013, 11, 3, 100, 10, 20, "AA", "N1", "EWR", "BOS", FIRST),
    (2013, 11, 3, 105, 30, -5, "AA", "N2", "EWR", "BOS", SECOND),
    (2013, 11, 3, None, None, None, "AA", "N1", "EWR", "BOS", LATE),  # cancelled, no weather
    (2013, 11, 3, 130, 20, None, "UA", None, "EWR", "XXX", FIRST),  # diverted, no tail number
    (2013, 12, 1, 900, 0, 0, "ZZ", "N9", "JFK", "BOS", SECOND),  # no plane, no weather, unknown airline
]
WEATHER = [
    ("EWR", 11, FIRST, 0.0, 10.0),
    ("EWR", 11, SECOND, 0.2, 10.0),
    ("EWR", 11, SECOND, 0.2, 10.0),  # delivered twice
]
PLANES = [("N1", 2003, 100), ("N2", None, 200), ("N2", 1999, 150)]
AIRPORTS = [("EWR", "Newark"), ("JFK", "Kennedy"), ("BOS", "Logan")]
AIRLINES = [("AA", "American"), ("UA", "United")]


def _table(spark: SparkSession, name: str, rows: list[Any]) -> DataFrame:
    return spark.createDataFrame(rows, SCHEMAS[name])


@pytest.fixture(scope="module")
def enriched(spark: SparkSession) -> DataFrame:
    from jobs.transforms.flights import enrich

    return enrich(
        _table(spark, "flights", FLIGHTS), _table(spark, "weather", WEATHER), _table(spark, "planes", PLANES)
    ).cache()


def test_every_flight_stays_once_with_its_weather_and_plane(enriched: DataFrame) -> None:
    rows = sorted(
        enriched.collect(), key=lambda row: (row.month, row.carrier, row.dep_delay is None, row.dep_delay)
    )
    assert [
        (r.date.day, r.cancelled, r.dep_delay, r.has_weather, r.adverse_weather, r.has_plane, r.plane_age, r.seats)
        for r in rows
    ] == [
        (3, False, 10, True, False, True, 10, 100),
        (3, False, 30, True, True, True, None, 200),  # of the two planes the one with the null year, always
        (3, True, None, False, None, True, 10, 100),  # by the airline's day, which in UTC is the fourth
        (3, False, 20, True, False, False, None, None),
        (1, False, 0, False, None, False, None, None),
    ]  # fmt: skip


def test_statistics_by_route(spark: SparkSession, enriched: DataFrame) -> None:
    from jobs.transforms.delays import COUNTS, by_route

    found = {
        (r.month, r.origin, r.dest): r
        for r in by_route(enriched, _table(spark, "airports", AIRPORTS)).collect()
    }
    assert set(found) == {(11, "EWR", "BOS"), (11, "EWR", "XXX"), (12, "JFK", "BOS")}
    boston = found[11, "EWR", "BOS"]
    assert [boston[name] for name in COUNTS] == [3, 2, 1, 2, 0, 1, 1, 1, 0]
    assert boston.mean_dep_delay_minutes == 20.0
    assert boston.median_dep_delay_minutes == 20.0
    assert boston.p95_dep_delay_minutes == pytest.approx(29.0)
    assert boston.mean_arr_delay_minutes == 7.5
    assert boston.mean_dep_delay_adverse_minutes == 30.0
    assert (boston.mean_plane_age_years, boston.seats) == (10.0, 400)
    assert (boston.origin_name, boston.dest_name) == ("Newark", "Logan")
    diverted = found[11, "EWR", "XXX"]
    assert (diverted.arrived, diverted.no_arrival, diverted.mean_arr_delay_minutes) == (0, 1, None)
    assert (diverted.missing_plane, diverted.dest_name) == (1, None)


def test_statistics_by_carrier_and_day(spark: SparkSession, enriched: DataFrame) -> None:
    from jobs.transforms.delays import by_carrier, by_day

    carriers = {r.carrier: r for r in by_carrier(enriched, _table(spark, "airlines", AIRLINES)).collect()}
    assert {name: (r.flights, r.carrier_name) for name, r in carriers.items()} == {
        "AA": (3, "American"),
        "UA": (1, "United"),
        "ZZ": (1, None),
    }
    days = {r.date: (r.flights, r.cancelled, r.year, r.day) for r in by_day(enriched).collect()}
    assert days == {date(2013, 11, 3): (4, 1, 2013, 3), date(2013, 12, 1): (1, 0, 2013, 1)}


def test_the_worst_routes_are_over_all_months_and_need_evidence(spark: SparkSession) -> None:
    from jobs.transforms.delays import worst_routes

    columns = (
        "month int, origin string, dest string, origin_name string, dest_name string, flights long, departed long, "
        "arrived long, cancelled long, delayed long, mean_arr_delay_minutes double"
    )
    rows = [
        (1, "EWR", "BOS", "n", "l", 110, 100, 100, 10, 5, 10.0),
        (2, "EWR", "BOS", "n", "l", 300, 300, 300, 0, 5, 30.0),
        (1, "JFK", "LAX", "k", None, 200, 200, 200, 0, 5, 26.0),
        (1, "JFK", "TYS", "k", None, 99, 99, 99, 0, 99, 500.0),
        (2, "JFK", "TYS", "k", None, 1, 0, 0, 1, 0, None),
    ]
    worst = worst_routes(spark.createDataFrame(rows, columns)).collect()
    assert [(r.origin, r.dest, r.flights, r.mean_arr_delay_minutes) for r in worst] == [
        ("JFK", "LAX", 200, 26.0),
        ("EWR", "BOS", 410, 25.0),
    ]


def test_a_lookup_has_one_row_a_key_the_same_in_any_order(spark: SparkSession) -> None:
    from jobs.transforms.keys import one_per_key

    rows = [("a", 2, "x"), ("a", 1, "z"), ("a", 1, "y"), ("b", None, "w"), ("b", 0, "v"), (None, 1, "u")]
    for order in (rows, rows[::-1]):
        table = spark.createDataFrame(order, "k string, n int, s string")
        assert sorted(map(tuple, one_per_key(table, ["k"]).collect())) == [("a", 1, "y"), ("b", None, "w")]
    keys = spark.createDataFrame([("a",), ("a",), (None,)], "k string")
    assert [row.k for row in one_per_key(keys, ["k"]).collect()] == ["a"]

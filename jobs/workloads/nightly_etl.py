"""The nightly ETL: flights, weather and planes in; delay statistics by route, carrier and day out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from jobs.transforms import contract, delays, reconcile
from jobs.transforms.flights import enrich
from jobs.workloads import nycflights, profile, report

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

INPUTS = tuple(nycflights.SCHEMAS)


def main(argv: Sequence[str]) -> None:
    """Run with the arguments of the job's spec. Whatever it raises, Spark reports as a failed run."""
    parser = argparse.ArgumentParser(prog="nightly-etl")
    for name in (*INPUTS, "output", "report", "run-id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--contract", type=json.loads, default={})
    arguments = parser.parse_args(argv)
    spark = (
        SparkSession.builder.config("spark.sql.session.timeZone", "UTC")
        # A rerun replaces the months it computes and leaves the others alone.
        .config("spark.sql.sources.partitionOverwriteMode", "dynamic")
        .getOrCreate()
    )
    try:
        inputs = read(spark, {name: getattr(arguments, name) for name in INPUTS})
        run(spark, inputs, arguments.output, arguments.report, arguments.run_id, arguments.contract)
    finally:
        spark.stop()


def read(spark: SparkSession, uris: Mapping[str, str]) -> dict[str, DataFrame]:
    """The input tables, by name."""
    return {name: nycflights.read(spark, name, uri) for name, uri in uris.items()}


def run(
    spark: SparkSession,
    inputs: Mapping[str, DataFrame],
    output: str,
    report_uri: str,
    run_id: str,
    promised: contract.Contract,
) -> None:
    """Compute, check, write, report. Nothing is written when the counts do not reconcile to the input, or a table
    breaks what the output's contract promises of each.
    """
    flights = enrich(inputs["flights"], inputs["weather"], inputs["planes"]).cache()
    flights.count()  # fills the cache once; the three tables would wait for each other doing it
    tables = {
        "by_route": delays.by_route(flights, inputs["airports"]).cache(),
        "by_carrier": delays.by_carrier(flights, inputs["airlines"]).cache(),
        "by_day": delays.by_day(flights).cache(),
    }
    counted = _count(inputs, tables)
    reconcile.require(
        {name: counted["flights"][name] for name in ("flights", "cancelled", "arrived")},
        {table: {name: counted[table][name] for name in delays.COUNTS} for table in tables},
    )
    contract.require("delays", tables, promised)
    for name, table in tables.items():
        # One file a month: the statistics are small, and small files are what readers pay for.
        table.repartition("month").sortWithinPartitions(*table.columns[:3]).write.partitionBy("month").mode(
            "overwrite"
        ).parquet(f"{output.rstrip('/')}/{name}")
    counts = {name: counted["by_route"][name] for name in delays.COUNTS}
    report.write(
        spark,
        report_uri,
        {
            "run_id": run_id,
            "counts": {
                **counts,
                "missing_airport": counted["by_route"]["unnamed"],
                "missing_airline": counted["by_carrier"]["unnamed"],
            },
            "rows_read": {name: counted[name]["rows"] for name in inputs},
            "rows_written": {name: counted[name]["rows"] for name in tables},
            "profiles": {f"delays/{name}": profile.of(table) for name, table in tables.items()},
            "worst_routes": [row.asDict() for row in delays.worst_routes(tables["by_route"]).collect()],
        },
    )


def _count(inputs: Mapping[str, DataFrame], tables: Mapping[str, DataFrame]) -> dict[str, dict[str, int]]:
    """Everything that is counted, by table and name, in one Spark job: it is also what fills the caches."""
    rows = F.count(F.lit(1)).alias("rows")
    found = [table.agg(rows) for table in inputs.values()]
    # The flights once more, as they came: what the statistics, which saw the joined ones, must account for.
    found[list(inputs).index("flights")] = inputs["flights"].agg(
        rows,
        F.count(F.lit(1)).alias("flights"),
        F.count_if(F.col("dep_time").isNull()).alias("cancelled"),
        F.count("arr_delay").alias("arrived"),
    )
    found += [
        table.agg(rows, *delays.sums(), F.sum(F.when(_unnamed(table), F.col("flights"))).alias("unnamed"))
        for table in tables.values()
    ]
    names = (*inputs, *tables)
    labelled = [counts.withColumn("table", F.lit(name)) for name, counts in zip(names, found, strict=True)]
    collected = reduce(
        lambda one, other: one.unionByName(other, allowMissingColumns=True), labelled
    ).collect()
    return {
        row["table"]: {name: row[name] or 0 for name in row.asDict() if name != "table"} for row in collected
    }


def _unnamed(table: DataFrame) -> Column:
    """Whether a row's airport or airline stands in no table of names."""
    names = [F.col(column).isNull() for column in table.columns if column.endswith("_name")]
    return reduce(lambda one, other: one | other, names, F.lit(False))

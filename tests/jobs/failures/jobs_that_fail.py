"""Small Spark jobs that fail for real, each for a reason of its own. They know nothing of the classifier."""

from __future__ import annotations

import os
import signal
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812


def missing_input(spark: SparkSession, folder: str) -> None:
    spark.read.parquet(f"{folder}/nothing-here").count()


def missing_table(spark: SparkSession, folder: str) -> None:
    spark.table("no_such_table").count()


def missing_column(spark: SparkSession, folder: str) -> None:
    spark.range(3).select("distance").collect()


def other_type(spark: SparkSession, folder: str) -> None:
    spark.range(3).select(F.col("id").cast("string").alias("n")).write.parquet(f"{folder}/strings")
    spark.read.schema("n int").parquet(f"{folder}/strings").collect()


def wrong_code(spark: SparkSession, folder: str) -> None:
    rows = spark.range(1).collect()
    rows[0].asDict()["distance"]  # the line


def wrong_code_in_a_worker(spark: SparkSession, folder: str) -> None:
    def speed(distance: int) -> int:
        return 100 // distance  # the worker's line

    spark.range(2).select(F.udf(speed, "int")("id")).collect()


def wrong_sql(spark: SparkSession, folder: str) -> None:
    spark.sql("selekt 1").collect()


def missing_module(spark: SparkSession, folder: str) -> None:
    def parse(value: int) -> int:
        import no_such_module_of_ours  # type: ignore[import-not-found]

        return int(no_such_module_of_ours.parse(value))

    spark.range(1).select(F.udf(parse, "int")("id")).collect()


def missing_source(spark: SparkSession, folder: str) -> None:
    spark.read.format("no_such_format").load(folder).count()


def killed_worker(spark: SparkSession, folder: str) -> None:
    def die(value: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return value

    spark.range(1).select(F.udf(die, "int")("id")).collect()


def bad_value(spark: SparkSession, folder: str) -> None:
    spark.sql("select cast('x' as int)").collect()


def skewed(spark: SparkSession, folder: str) -> None:
    """No failure by itself: one of eight partitions holds nearly all rows."""
    key = F.when(F.col("id") % 50 > 0, F.lit(0)).otherwise(F.col("id"))
    rows = spark.range(24_000).withColumn("key", key).repartition(8, "key")
    heavy = F.expr("aggregate(sequence(1, 400), id, (a, b) -> (a * 31 + b) % 1000003)")
    rows.select(F.sum(heavy)).write.format("noop").mode("overwrite").save()


def settings() -> dict[str, Any]:
    """Without these Spark would mend the skew, or start the dead worker's task again."""
    return {"spark.sql.adaptive.enabled": "false"}

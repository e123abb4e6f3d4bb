"""What the class-data archives learn from (training.py): what most jobs do, once each, on a handful of rows."""

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 its name everywhere


def main() -> None:
    """Write, read, join, aggregate, rank and write again."""
    spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    rows = spark.range(1000).selectExpr(
        "id",
        "id % 7 as k",
        "cast(id as string) as name",
        "id / 3.0 as x",
        "timestamp_seconds(id * 3600) as at",
    )
    rows.write.mode("overwrite").partitionBy("k").parquet("s3://training/rows/")
    read = spark.read.parquet("s3://training/rows/")
    small = read.where("id < 7").select("k", F.col("name").alias("label"))
    joined = read.join(small, "k", "left").withColumn("day", F.to_date("at")).cache()
    by_day = joined.groupBy("day", "k").agg(
        F.count("*").alias("n"), F.avg("x").alias("mean"), F.max("label").alias("label"),
        F.percentile_approx("x", 0.5).alias("median"),
    )  # fmt: skip
    ranked = by_day.withColumn("rank", F.row_number().over(Window.partitionBy("k").orderBy(F.desc("n"))))
    ranked.repartition("k").write.mode("overwrite").partitionBy("k").parquet("s3://training/out/")
    print(
        [row.asDict() for row in spark.read.parquet("s3://training/out/").orderBy("day").limit(3).collect()]
    )
    print(spark.sparkContext.parallelize(range(10), 2).map(lambda n: n * n).sum())
    spark.stop()


if __name__ == "__main__":
    main()

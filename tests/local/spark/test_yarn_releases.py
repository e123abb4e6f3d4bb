"""Both releases on a real YARN: their Spark, their Python, their tables through Glue, their committers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.spark.lanes import LANES
from tests.local.spark.yarn_world import World, world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("yarn"), pytest.mark.timeout(1200)]

CONFIGURATIONS: list[dict[str, Any]] = [
    {"Classification": "iceberg-defaults", "Properties": {"iceberg.enabled": "true"}},
    {"Classification": "delta-defaults", "Properties": {"delta.enabled": "true"}},
    {
        "Classification": "spark-defaults",
        "Properties": {
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,"
            "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
            "spark.sql.catalog.lake.type": "glue",
            "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            "spark.sql.catalog.lake.warehouse": "s3://data/lake/",
            "spark.hadoop.fs.s3a.committer.name": "magic",
            "spark.sql.sources.commitProtocolClass": "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
            "spark.sql.parquet.output.committer.class": (
                "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
            ),
            "spark.hadoop.hive.metastore.client.factory.class": (
                "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
            ),
        },
    },
]
JOB = """
import json, sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sql("create namespace if not exists lake.NAME")
spark.sql("create table lake.NAME.delays (id bigint, minutes bigint) using iceberg")
spark.range(10).selectExpr("id", "id * 2 as minutes").writeTo("lake.NAME.delays").append()
spark.range(5, 15).selectExpr("id", "0L as minutes").createOrReplaceTempView("late")
spark.sql('''merge into lake.NAME.delays d using late l on d.id = l.id
             when matched then update set minutes = l.minutes when not matched then insert *''')
spark.range(10).write.format("delta").save("s3://data/NAME/delta/")
spark.sql("delete from delta.`s3://data/NAME/delta/` where id < 3")
spark.range(10).write.parquet("s3://data/NAME/magic/")
print(json.dumps({
    "spark": spark.version,
    "python": list(sys.version_info[:2]),
    "iceberg": list(spark.table("lake.NAME.delays").selectExpr("count(*)", "sum(minutes)").first()),
    "snapshots": spark.table("lake.NAME.delays.snapshots").count(),
    "delta": spark.read.format("delta").load("s3://data/NAME/delta/").count(),
    "parquet": spark.read.parquet("s3://data/NAME/magic/").count(),
}))
"""


@pytest.fixture(scope="module", params=sorted(LANES))
def emr(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("yarn")
    with world(home, configurations=CONFIGURATIONS, release=request.param) as made:
        yield made


def job(emr: World, mode: str) -> tuple[str, str]:
    """Run the job; its step, and the name of what it has made: moto's Glue and S3 outlive their server."""
    name = f"{mode}_{emr.cluster.release_label.replace('-', '_').replace('.', '_')}"
    step = emr.step(emr.script(JOB.replace("NAME", name)), mode=mode)
    assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
    return step, name


def test_tables_and_committers_work(emr: World) -> None:
    step, name = job(emr, "client")
    told = json.loads(emr.step_log(step, "stdout"))
    assert told.pop("spark") == LANES[emr.cluster.release_label].pyspark
    assert told == {"python": [3, 11], "iceberg": [15, 20], "snapshots": 2, "delta": 7, "parquet": 10}
    assert emr.s3.get_object(Bucket="data", Key=f"{name}/magic/_SUCCESS")["Body"].read(1) == b"{", (
        "S3A's committers say more"
    )
    assert "EMR's client of the Glue metastore was never published" in emr.step_log(step, "controller")


def test_cluster_mode_has_the_same_class_path(emr: World) -> None:
    job(emr, "cluster")
    assert emr.container_logs('"iceberg": [15, 20]')

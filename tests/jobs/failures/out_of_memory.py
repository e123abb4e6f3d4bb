"""A program of its own: an executor that runs out of heap. Its argument is the folder of the event log."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

SETTINGS = {
    "spark.executor.memory": "600m",
    "spark.task.maxFailures": "1",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
}

if __name__ == "__main__":
    builder = SparkSession.builder.master("local-cluster[1,1,600]").appName("oom")
    spark = builder.config(map={**SETTINGS, "spark.eventLog.dir": sys.argv[1]}).getOrCreate()
    # 1.6 GB in one value; of `id`, so that it is not computed by the driver already.
    rows = spark.sql("select sequence(id, 200000000) from range(2)")
    rows.write.format("noop").mode("overwrite").save()

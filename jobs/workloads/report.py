"""What a run says about itself: one JSON file, written the way Spark writes everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA_VERSION = 1


def write(spark: SparkSession, uri: str, report: Mapping[str, Any]) -> None:
    """Write `report` to `uri` through Spark's own Hadoop file system, with its rights; it replaces one.

    `schema_version` and `application_id`, which leads to the run's event log, are added.
    """
    context = spark.sparkContext
    document = {"schema_version": SCHEMA_VERSION, "application_id": context.applicationId, **report}
    jvm: Any = context._jvm
    path = jvm.org.apache.hadoop.fs.Path(uri)
    java_context: Any = context._jsc
    stream = path.getFileSystem(java_context.hadoopConfiguration()).create(path, True)
    try:
        stream.write(bytearray(json.dumps(document, sort_keys=True).encode()))
    finally:
        stream.close()

"""What a cluster is made of on this machine: Java, pip's pyspark, the jars. Found by path, nothing is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from facts.errors import UserError
from local.spark import jars, java
from local.spark.java import Java


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """All that must be on the machine before a cluster can start."""

    java: Java
    spark: Path  # SPARK_HOME: the folder of the pyspark package
    spark_version: str
    s3a: Path  # folder of Spark's S3 client
    yarn: Path  # folder of YARN's jars

    @property
    def spark_jars(self) -> list[Path]:
        """Spark's class path, its S3 client last, in an order that is the same every time."""
        return [*sorted((self.spark / "jars").glob("*.jar")), *sorted(self.s3a.glob("*.jar"))]

    @property
    def yarn_jars(self) -> list[Path]:
        """YARN's class path, in an order that is the same every time."""
        return sorted(self.yarn.glob("*.jar"))

    @property
    def site_packages(self) -> Path:
        """Where pyspark and py4j are installed."""
        return self.spark.parent


def find_spark() -> Path:
    """SPARK_HOME: the folder of pip's pyspark. Raises UserError when it is not installed."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise UserError("pyspark is not installed in this environment; run 'make setup'")
    return Path(found.origin).parent


def ensure(say: Callable[[str], None] = lambda _: None) -> Toolchain:
    """Find Java and Spark, and download the jars if they are not in the cache.

    Raises UserError with what to do when something cannot be had.
    """
    runtime = java.find()
    spark = find_spark()
    folders = jars.ensure(runtime, next((spark / "jars").glob("ivy-*.jar")), say)
    return Toolchain(
        java=runtime, spark=spark, spark_version=version("pyspark"), s3a=folders["s3a"], yarn=folders["yarn"]
    )

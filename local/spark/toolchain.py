"""What a cluster is made of on this machine: Java, pip's pyspark, the jars. Found by path, nothing is imported."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from facts.errors import UserError
from local import paths
from local.spark import archives as class_data
from local.spark import environment, home, jars, java, lanes
from local.spark.java import Java
from local.spark.lanes import Lane

log = logging.getLogger(__name__)
Say = Callable[[str], None]
Table = Literal["iceberg", "delta"]
TABLES: Mapping[Table, str] = {"iceberg": "iceberg-spark-runtime-*.jar", "delta": "delta-*.jar"}
# Spark's YARN client loses a file whose path has a space: it asks for "a%20b". Others end lists or class paths.
_PLAIN = re.compile(r"[\w./+@=~-]+")


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """All that must be on the machine before a cluster can start."""

    java: Java
    spark: Path  # SPARK_HOME
    pyspark: Path  # folder of the installed package
    spark_version: str
    python: Path  # the interpreter that jobs run with
    s3a: Path  # folder of Spark's S3 client
    beside: Path  # folder of what EMR lays beside Spark: tables and committers
    yarn: Path  # folder of YARN's jars
    archives: Path | None = None  # folder of the class-data archives; None: JVMs start without
    lists: Path | None = None  # where JVMs are to write the classes they load; only in training

    @property
    def spark_jars(self) -> list[Path]:
        """Spark's class path, its S3 client and committers last, in an order that is the same every time."""
        return [
            *sorted((self.spark / "jars").glob("*.jar")),
            *sorted(self.s3a.glob("*.jar")),
            *self.committers,
        ]

    @property
    def committers(self) -> list[Path]:
        """The jars of S3A's committers for Spark."""
        return sorted(self.beside.glob("spark-hadoop-cloud_*.jar"))

    def tables(self, kinds: Iterable[Table]) -> list[Path]:
        """The jars of these kinds of tables, which EMR has on the class path when a cluster asks for them."""
        return [path for kind in sorted(kinds) for path in sorted(self.beside.glob(TABLES[kind]))]

    @property
    def yarn_jars(self) -> list[Path]:
        """YARN's class path, in an order that is the same every time."""
        return sorted(self.yarn.glob("*.jar"))

    def sharing(self, kind: class_data.Kind) -> list[str]:
        """The JVM's options for class-data sharing."""
        if self.lists is not None:
            return class_data.recording(kind, self.lists)
        return class_data.using(kind, self.archives) if self.archives is not None else []

    @property
    def site_packages(self) -> Path:
        """Where pyspark and py4j are installed."""
        return self.pyspark.parent


def check_path(path: Path, way_out: str) -> None:
    """Raise UserError, with `way_out`, if Spark on YARN cannot work with files in `path`."""
    odd = sorted(set(_PLAIN.sub("", str(path))))
    if odd:
        raise UserError(f"Spark on YARN cannot work in '{path}', for {odd[0]!r} is in the path; {way_out}")


def ensure(say: Say = lambda _: None, *, lane: Lane = lanes.DEFAULT) -> Toolchain:
    """Find Java and Spark, and download what the release needs if it is not in the cache.

    Class-data archives are taken if they are there; `training.ensure` makes them. Raises UserError with what to do when
    something cannot be had.
    """
    check_path(paths.home(), "move the checkout, or name another folder with EMRCTL_HOME")
    check_path(paths.cache(), "name another cache folder with EMRCTL_CACHE")
    runtime = java.find()
    own = home.find_installed()
    check_path(own, "make the virtual environment in another folder")
    spark, pyspark = home.ensure(own), own
    python = environment.ensure(lane, say)
    ivy = next((spark / "jars").glob("ivy-*.jar"))
    if lane.requirements is not None:
        pyspark = home.installed_in(python)
        spark = home.ensure(pyspark, home.clients(spark))
    folders = jars.ensure(("s3a", "yarn", lane.jars), runtime, ivy, say)
    tools = Toolchain(
        java=runtime, spark=spark, pyspark=pyspark, spark_version=lane.pyspark, python=python,
        s3a=folders["s3a"], beside=folders[lane.jars], yarn=folders["yarn"],
    )  # fmt: skip
    return with_archives(tools)


def archives_folder(tools: Toolchain) -> Path:
    """Where the class-data archives of these jars are, or would be."""
    return class_data.folder(class_data.key(tools.java.home, [*tools.spark_jars, *tools.yarn_jars]))


def with_archives(tools: Toolchain) -> Toolchain:
    """`tools` with the class-data archives of its jars, if they are there."""
    where = archives_folder(tools)
    return replace(tools, archives=where) if where.is_dir() else tools


def finder() -> Callable[[Lane], Toolchain]:
    """Finds the toolchain of a release, each once. Nobody waits for archives to be made: they are taken if there."""
    return cache(lambda lane: ensure(_note, lane=lane))


def _note(text: str) -> None:
    log.info("%s", text)

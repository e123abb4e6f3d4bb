"""What an EMR release label stands for. The one table that everything else asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from facts import tables

DEFAULT_LABEL = "emr-spark-8.0.0"


@dataclass(frozen=True, kw_only=True)
class Release:
    """One EMR release: upstream versions, without AWS's own suffix."""

    label: str
    spark: str  # "4.0.2"
    scala: str  # binary version: "2.13"
    python: tuple[str, ...]  # "3.11", …: the interpreters on the nodes, oldest first
    java: str  # the default JDK's major version
    hadoop: str
    iceberg: str
    delta: str
    engines: tuple[str, ...]  # what can run work: "Spark", "Flink", …
    applications: tuple[str, ...]  # every name that a cluster of this release may ask for
    docker: bool  # whether EMR is known to run YARN's containers in Docker

    @property
    def line(self) -> str:
        """What the releases that follow each other share of their labels: "emr-spark" of emr-spark-8.0.0."""
        return self.label.rpartition("-")[0]

    @property
    def number(self) -> tuple[int, ...]:
        """The label's numbers, which order the releases of a line: (8, 0, 0)."""
        return numbered(self.label.rpartition("-")[2])

    @property
    def major(self) -> int:
        """The label's first number: 8 of emr-spark-8.0.0."""
        return self.number[0]


def numbered(version: str) -> tuple[int, ...]:
    """A version as numbers, which compare as versions do: (7, 13, 0) of "7.13.0"."""
    return tuple(int(part) for part in version.split("."))


def labels() -> tuple[str, ...]:
    """Every release label of the table."""
    return tuple(sorted(tables.load("releases")["releases"]))


@cache
def release(label: str) -> Release:
    """The release called `label`. Raises UserError that lists the labels there are."""
    known = tables.load("releases")["releases"]
    if label not in known:
        raise tables.unknown("the EMR release", label, known)
    row = known[label]
    return Release(
        label=label,
        spark=row["spark"],
        scala=row["scala"],
        python=tuple(row["python"]),
        java=row["java"],
        hadoop=row["hadoop"],
        iceberg=row["iceberg"],
        delta=row["delta"],
        engines=tuple(row["engines"]),
        applications=tuple(row["applications"]),
        docker=row["docker"],
    )

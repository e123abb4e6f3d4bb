"""Which EMR releases run on this machine, and each on which pyspark and jars: the one table that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facts.errors import UserError
from facts.releases import DEFAULT_LABEL

_LOCKS = Path(__file__).parent / "releases"


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What stands for one release here."""

    label: str
    pyspark: str  # the nearest of the package index to the release's Spark (facts/)
    jars: str  # the set of jars.lock with the tables and committers of this Spark and its Scala
    # The locked packages of an environment of its own; None: pyspark is where emrctl itself is installed.
    requirements: Path | None = None


LANES: Mapping[str, Lane] = {
    lane.label: lane
    for lane in (
        Lane(label="emr-spark-8.0.0", pyspark="4.0.1", jars="spark-4.0"),
        Lane(label="emr-7.13.0", pyspark="3.5.6", jars="spark-3.5", requirements=_LOCKS / "emr-7.13.0.lock"),
    )
}
_IMAGE = re.compile(r"-(latest|\d{8})$")  # EMR on EKS names the image, too: "emr-7.13.0-latest"
DEFAULT = LANES[DEFAULT_LABEL]


def lane(label: str) -> Lane:
    """What stands for the release called `label`. Raises UserError that lists those that run here."""
    found = LANES.get(_IMAGE.sub("", label))
    if found is None:
        raise UserError(
            f"release {label or '(none)'} does not run on this machine; {', '.join(sorted(LANES))} do"
        )
    return found

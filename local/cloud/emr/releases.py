"""The applications of EMR's releases, from the one table of facts; a label that it lacks has none known."""

from __future__ import annotations

import re
from collections.abc import Mapping

from facts import releases


def applications(label: str) -> Mapping[str, str]:
    """Names and versions of a release's applications; a version that is not known is empty."""
    if label not in releases.labels():
        return {}
    known = releases.release(label)
    versions = {
        "Spark": known.spark, "Hadoop": known.hadoop, "Iceberg": known.iceberg, "Delta": known.delta,
    }  # fmt: skip
    return {name: versions.get(name, "") for name in known.applications}


def version(label: str, application: str) -> str:
    """The version of an application, named in whatever case, in a release; empty when it is not known."""
    return {name.lower(): value for name, value in applications(label).items()}.get(application.lower(), "")


def sort_key(label: str) -> tuple[int, ...]:
    """Sorts labels by version, whatever their family."""
    return tuple(int(number) for number in re.findall(r"\d+", label))

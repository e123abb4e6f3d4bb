"""The applications of EMR's releases, as far as they are known here.

Sources: EMR release guide, "Application versions" of emr-7.13.0 and of emr-spark-8.0.0, read November 2025.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_APPLICATIONS: Mapping[str, Mapping[str, str]] = {
    "emr-spark-8.0.0": {"Spark": "4.0.2", "Iceberg": "1.10.1", "Delta": "4.0.0"},
    "emr-7.13.0": {"Spark": "3.5.6", "Delta": "3.3.2"},
}


def applications(label: str) -> Mapping[str, str]:
    """Names and versions of a release's applications; empty when they are not known here."""
    return _APPLICATIONS.get(label, {})


def sort_key(label: str) -> tuple[int, ...]:
    """Sorts labels by version, whatever their family."""
    return tuple(int(number) for number in re.findall(r"\d+", label))

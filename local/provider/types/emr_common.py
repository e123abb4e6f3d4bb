"""What the rows of clusters, fleets and groups share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from local.provider.run import Run

ENDED: Final = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")


def ended(run: Run) -> bool:
    """A cluster that ends or has ended is no resource any more; nor is what belongs to it."""
    return str(run.answers["DescribeCluster"]["Cluster"]["Status"]["State"]) in ENDED


def listed(run: Run, op: str, member: str, cluster: str) -> list[dict[str, Any]]:
    """All items of one of EMR's paged lists of a cluster."""
    found: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        answer = run.call(op, ClusterId=cluster, **marker)
        found += answer[member]
        if not answer.get("Marker"):
            return found
        marker = {"Marker": answer["Marker"]}


def volumes(devices: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Volumes that are alike are counted, as the real provider does."""
    counted = Counter(
        (one["VolumeSpecification"]["VolumeType"], one["VolumeSpecification"]["SizeInGB"], iops)
        for one in devices
        for iops in [one["VolumeSpecification"].get("Iops", 0)]
    )
    return [
        {"type": kind, "size": size, "volumesPerInstance": count, **({"iops": iops} if iops else {})}
        for (kind, size, iops), count in counted.items()
    ]


def without_empty(value: Any) -> Any:
    """A configuration document without its empty members, which EMR adds or drops as it likes."""
    if isinstance(value, dict):
        kept = {key: without_empty(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in ({}, [], None)}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


def same_json(one: object, other: object) -> bool:
    """Whether two documents are one but for their empty members."""
    try:
        return bool(without_empty(json.loads(str(one))) == without_empty(json.loads(str(other))))
    except ValueError:
        return one == other

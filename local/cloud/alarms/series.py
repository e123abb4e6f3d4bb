"""A metric's data, found fast and summed up by period.

moto keeps all data of an account in one list; an alarm that looks back each minute of a day must not read all of it
each time. Statistics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, name, sorted dimensions
SIMPLE = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")


def key(namespace: str, name: str, dimensions: Sequence[Any]) -> Key:
    """What makes two data points one metric's."""
    return namespace, name, tuple(sorted((d.name, d.value) for d in dimensions))


class Index:
    """The data of one account and region by metric, sorted by time; reads what is new in moto's list when asked."""

    def __init__(self) -> None:
        self._read = 0
        self._series: defaultdict[Key, list[tuple[float, int, Any]]] = defaultdict(list)

    def between(self, data: Sequence[Any], of: Key, unit: str | None, start: float, end: float) -> list[Any]:
        """The data points of a metric from `start` up to `end`, in seconds since the epoch."""
        if len(data) < self._read:  # moto was reset
            self._read = 0
            self._series.clear()
        for number in range(self._read, len(data)):
            datum = data[number]
            when = _seconds(datum.timestamp)
            insort(self._series[key(datum.namespace, datum.name, datum.dimensions)], (when, number, datum))
        self._read = len(data)
        series = self._series.get(of, [])
        chosen = series[bisect_left(series, (start, -1)) : bisect_left(series, (end, -1))]
        return [datum for _, _, datum in chosen if unit is None or datum.unit == unit]


def statistic(data: Sequence[Any], name: str) -> float | None:
    """`name` ("Sum", "p99") of data points, None of none; a percentile needs single values, not sums of them."""
    if not data:
        return None
    singles = [d.value for d in data if hasattr(d, "value")]
    sums = [d for d in data if not hasattr(d, "value")]
    if name not in SIMPLE:
        return _percentile(sorted(singles), float(name[1:])) if singles and not sums else None
    count = len(singles) + sum(d.sample_count for d in sums)
    total = math.fsum([*singles, *(d.sum for d in sums)])
    values: Mapping[str, float] = {
        "Sum": total,
        "SampleCount": count,
        "Minimum": min([*singles, *(d.min for d in sums)]),
        "Maximum": max([*singles, *(d.max for d in sums)]),
        "Average": total / count if count else 0.0,
    }
    return values[name]


def _percentile(values: Sequence[float], percent: float) -> float:
    """The value at `percent`, interpolated between its neighbours."""
    place = (len(values) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

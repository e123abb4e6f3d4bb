"""Two distributions as two lines of small bars over the same scale, to be held against each other. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from jobs.canary.profiles import Column

BARS = "·▁▂▃▄▅▆▇█"  # a gap that no Markdown swallows
WIDTH = 12


def pair(live: Column, canary: Column) -> tuple[str, str]:
    """The lines of a column in two profiles; empty where they are not told in the same way.

    Numbers and times from the least to the greatest quantile of both, from left to right. The order of hashes means
    nothing: the same line is the same distribution, and no more is to be read from it.
    """
    if live.quantiles and canary.quantiles:
        counts = _binned(live.quantiles, canary.quantiles)
    elif live.buckets and canary.buckets and len(live.buckets) == len(canary.buckets):
        counts = (_folded(live.buckets), _folded(canary.buckets))
    else:
        return "", ""
    highest = max(max(_shares(each)) for each in counts)
    return _line(counts[0], highest), _line(counts[1], highest)


def _binned(live: Sequence[float], canary: Sequence[float]) -> tuple[list[int], list[int]]:
    least, greatest = min(live[0], canary[0]), max(live[-1], canary[-1])
    # Divided first: the difference of two great numbers may be infinite.
    edges = [least + (greatest / WIDTH - least / WIDTH) * step for step in range(1, WIDTH)]

    def counts(quantiles: Sequence[float]) -> list[int]:
        bounds = [0, *(bisect_left(quantiles, edge) for edge in edges), len(quantiles)]
        return [high - low for low, high in pairwise(bounds)]

    return counts(live), counts(canary)


def _folded(buckets: Sequence[int]) -> list[int]:
    """As many bars as a line has, of neighbouring buckets."""
    edges = [len(buckets) * step // WIDTH for step in range(WIDTH + 1)]
    return [sum(buckets[low:high]) for low, high in pairwise(edges)]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]


def _line(counts: Sequence[int], highest: float) -> str:
    if not highest:
        return ""
    steps = len(BARS) - 1
    # What is there at all is seen: one bar at least.
    return "".join(BARS[max(round(share / highest * steps), 1 if share else 0)] for share in _shares(counts))

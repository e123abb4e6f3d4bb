"""How far two profiles are apart: numbers from 0, the same, to 1. Pure; every distance is the same both ways."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def share(one: float, other: float) -> float:
    """By how much of the greater one two counts differ."""
    return abs(one - other) / max(one, other) if max(one, other) > 0 else 0.0


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """The greatest difference of two distribution functions, each known by sorted quantiles in equal steps of rank.

    With 99 quantiles it is right to 0.01, and 0 for the same quantiles.
    https://www.itl.nist.gov/div898/handbook/eda/section3/eda35g.htm
    """
    if not one or not other:
        return 0.0 if not one and not other else 1.0

    def below(quantiles: Sequence[float], value: float) -> float:
        return bisect_right(quantiles, value) / (len(quantiles) + 1)

    return max(abs(below(one, value) - below(other, value)) for value in (*one, *other))


def total_variation(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of rows that would have to change buckets to make two histograms alike.

    Over buckets of hashes it is a lower bound of the distance over the values themselves; the scale is that of
    Kolmogorov-Smirnov, which looks for the greatest difference among ranges where this looks among all sets.
    https://en.wikipedia.org/wiki/Total_variation_distance_of_probability_measures
    """
    rows, others = sum(one), sum(other)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} buckets")
    if not rows or not others:
        return 0.0 if rows == others else 1.0
    return sum(abs(here / rows - there / others) for here, there in zip(one, other, strict=True)) / 2

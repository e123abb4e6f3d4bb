"""Distances and verdicts of a canary, on profiles that nobody thought of."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.canary import distances, profiles, sparkline
from jobs.canary.compare import Check, Side, compare
from jobs.canary.profiles import Column, Profile
from jobs.spec import Canary

finite = st.floats(allow_nan=False, allow_infinity=False)
quantiles = st.lists(finite, min_size=9, max_size=9).map(lambda values: tuple(sorted(values)))
few = st.lists(st.integers(-3, 3).map(float), min_size=9, max_size=9).map(
    lambda values: tuple(sorted(values))
)
either = quantiles | few
many = st.lists(st.integers(0, 50), min_size=100, max_size=400)
buckets = st.lists(st.integers(0, 1000), min_size=8, max_size=8).map(tuple)


@st.composite
def columns(draw: st.DrawFn, rows: int) -> Column:
    nulls = draw(st.integers(0, rows))
    if draw(st.booleans()):
        told = draw(quantiles | few) if nulls < rows else ()
        return Column(type="double", nulls=nulls, quantiles=told)
    return Column(type="string", nulls=nulls, buckets=draw(buckets))


@st.composite
def tables(draw: st.DrawFn) -> Profile:
    rows = draw(st.integers(0, 1000))
    names = draw(st.lists(st.sampled_from("abcd"), unique=True))
    return Profile(rows=rows, columns={name: draw(columns(rows)) for name in names})


sides = st.builds(
    Side,
    profiles=st.dictionaries(st.sampled_from(["out", "out/x", "out/y"]), tables(), min_size=1),
    duration_seconds=st.none() | st.floats(0.1, 1e6),
    cost_usd=st.none() | st.floats(0, 1e6),
)


def verdicts(checks: tuple[Check, ...], verdict: str) -> set[tuple[str, str, str]]:
    return {(check.metric, check.table, check.column) for check in checks if check.verdict == verdict}


@given(sides)
def test_the_same_data_is_never_worse(side: Side) -> None:
    strictest = Canary(
        row_count_share=0, null_share=0, distribution_distance=0, duration_ratio=1, cost_ratio=1
    )
    checks = compare(side, side, ["out"], strictest)
    assert verdicts(checks, "worse") == verdicts(checks, "unknown") == set()


@given(sides, sides)
def test_how_far_apart_two_runs_are_does_not_depend_on_which_is_live(one: Side, other: Side) -> None:
    def apart(live: Side, canary: Side) -> dict[tuple[str, str, str], float | None]:
        return {
            (check.metric, check.table, check.column): check.apart
            for check in compare(live, canary, ["out"], Canary())
            if check.metric in ("rows", "nulls", "distribution")
        }

    there, back = apart(one, other), apart(other, one)
    assert there == back
    assert all(0 <= distance <= 1 for distance in there.values() if distance is not None)


@given(sides, sides, st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 10))
def test_a_looser_threshold_finds_nothing_more(
    one: Side, other: Side, strict: float, more: float, ratio: float
) -> None:
    def limits(share: float, times: float) -> Canary:
        return Canary(row_count_share=share, null_share=share, distribution_distance=share,
                      duration_ratio=times, cost_ratio=times)  # fmt: skip

    tight = compare(one, other, ["out"], limits(strict, ratio))
    loose = compare(one, other, ["out"], limits(max(strict, more), ratio * 2))
    assert verdicts(loose, "worse") <= verdicts(tight, "worse")


@given(st.tuples(either, either, either))
def test_kolmogorov_smirnov_is_a_distance(three: tuple[tuple[float, ...], ...]) -> None:
    one, other, between = three
    distance = distances.kolmogorov_smirnov
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)
    assert distance(one, other) <= distance(one, between) + distance(between, other) + 1e-9


@given(st.tuples(buckets, buckets, buckets))
def test_total_variation_is_a_distance(three: tuple[tuple[int, ...], ...]) -> None:
    one, other, between = three
    distance = distances.total_variation
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)
    assert distance(one, other) <= distance(one, between) + distance(between, other) + 1e-9


@given(many, many)
def test_from_quantiles_it_is_what_all_values_say_to_a_hundredth(one: list[int], other: list[int]) -> None:
    def of(values: list[int]) -> list[float]:
        ordered = sorted(values)
        return [float(ordered[max(0, -(-len(ordered) * step // 100) - 1)]) for step in range(1, 100)]

    def below(values: list[int], at: int) -> float:
        return bisect_right(sorted(values), at) / len(values)

    exact = max(abs(below(one, at) - below(other, at)) for at in range(51))
    assert distances.kolmogorov_smirnov(of(one), of(other)) == pytest.approx(exact, abs=0.0101)


@given(buckets, buckets)
def test_fewer_buckets_never_tell_more(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    def halved(counts: tuple[int, ...]) -> list[int]:
        return [left + right for left, right in zip(counts[::2], counts[1::2], strict=True)]

    whole = distances.total_variation(one, other)
    assert distances.total_variation(halved(one), halved(other)) <= whole + 1e-9


def test_rows_that_all_moved_are_as_far_apart_as_can_be() -> None:
    assert distances.total_variation([5, 0], [0, 7]) == 1
    assert distances.kolmogorov_smirnov([1.0] * 99, [2.0] * 99) == pytest.approx(0.99)
    assert distances.kolmogorov_smirnov([], [2.0] * 99) == distances.total_variation([0, 0], [1, 0]) == 1
    assert distances.kolmogorov_smirnov([], []) == distances.total_variation([0, 0], [0, 0]) == 0
    assert (distances.share(0, 0), distances.share(0, 3), distances.share(50, 100)) == (0, 1, 0.5)


def test_what_a_runtime_cannot_tell_holds_nothing_up_and_a_faster_run_is_no_finding() -> None:
    profile = {"out": Profile(rows=1, columns={})}
    live = Side(profiles=profile, duration_seconds=100, cost_usd=None)
    by = {
        check.metric: check
        for check in compare(live, Side(profiles=profile, duration_seconds=1), ["out"], Canary())
    }
    assert (by["duration"].verdict, by["cost"].verdict) == ("ok", "noted")


def test_an_output_that_no_report_tells_of_is_unknown() -> None:
    told = Side(profiles={"out": Profile(rows=1, columns={})})
    for live, canary in ((told, Side()), (Side(), told), (Side(), Side())):
        assert ("profile", "out", "") in verdicts(compare(live, canary, ["out"], Canary()), "unknown")
    assert ("profile", "more", "") in verdicts(compare(told, told, ["out", "more"], Canary()), "unknown")


@pytest.mark.parametrize(
    "report",
    [None, {}, {"profiles": []}, {"profiles": {"out": 3}}, {"profiles": {"out": {"rows": -1, "columns": {}}}},
     {"profiles": {"out": {"rows": 1, "columns": {"a": {"type": "int", "nulls": 0, "quantiles": ["x"]}}}}}],
)  # fmt: skip
def test_a_report_without_readable_profiles_has_none(report: dict[str, object] | None) -> None:
    assert profiles.read(report) == {}


@given(sides, sides)
def test_every_column_has_two_lines_of_one_scale(one: Side, other: Side) -> None:
    every = [
        column
        for side in (one, other)
        for table in side.profiles.values()
        for column in table.columns.values()
    ]
    for live, canary in pairwise(every):
        lines = sparkline.pair(live, canary)
        assert {len(line) for line in lines} <= {0, sparkline.WIDTH}
        assert set("".join(lines)) <= set(sparkline.BARS)


def test_a_shift_is_seen_in_the_lines() -> None:
    low = Column(type="int", nulls=0, quantiles=tuple(map(float, range(1, 100))))
    high = Column(type="int", nulls=0, quantiles=tuple(float(value + 50) for value in range(1, 100)))
    live, canary = sparkline.pair(low, high)
    assert (live[-1], canary[0]) == ("·", "·")
    assert live.strip("·")
    assert sparkline.pair(low, low)[0] == sparkline.pair(low, low)[1]

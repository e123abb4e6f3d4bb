"""Two runs over the same partitions, held against each other by the thresholds of the spec. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jobs.canary import distances, profiles
from jobs.canary.profiles import Column, Profile
from jobs.spec import Canary

# worse: beyond its threshold. unknown: could not be compared, and must be. noted: differs, which is allowed.
Verdict = Literal["ok", "noted", "unknown", "worse"]
Metric = Literal["rows", "schema", "nulls", "distribution", "duration", "cost", "profile"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """What there is of one of the two runs. Seconds and US dollars."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    duration_seconds: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison. `apart` is a share, a distance or a ratio; none where there is nothing to measure."""

    metric: Metric
    verdict: Verdict
    table: str = ""
    column: str = ""
    live: float | int | str | None = None
    canary: float | int | str | None = None
    apart: float | None = None
    at_most: float | None = None


def compare(live: Side, canary: Side, outputs: Sequence[str], thresholds: Canary) -> tuple[Check, ...]:
    """Every check of what the job's `outputs` are like and what the runs took."""
    found = [_unprofiled(output, live, canary) for output in outputs]
    found = [check for check in found if check.verdict != "ok"]
    for table in sorted({*live.profiles, *canary.profiles}):
        found += _table(table, live.profiles.get(table), canary.profiles.get(table), thresholds)
    return (
        *found,
        _took("duration", live.duration_seconds, canary.duration_seconds, thresholds.duration_ratio),
        _took("cost", live.cost_usd, canary.cost_usd, thresholds.cost_ratio),
    )


def _unprofiled(output: str, live: Side, canary: Side) -> Check:
    told = ["told" if profiles.tells_of(output, side.profiles) else "missing" for side in (live, canary)]
    verdict: Verdict = "unknown" if "missing" in told else "ok"
    return Check(metric="profile", verdict=verdict, table=output, live=told[0], canary=told[1])


def _table(table: str, live: Profile | None, canary: Profile | None, thresholds: Canary) -> Iterator[Check]:
    if live is None or canary is None:
        # One more table is no reader's loss, one less is.
        yield Check(
            metric="schema",
            verdict="worse" if canary is None else "noted",
            table=table,
            live="there" if live else "missing",
            canary="there" if canary else "missing",
        )
        return
    apart = distances.share(live.rows, canary.rows)
    yield Check(
        metric="rows",
        verdict=_within(apart, thresholds.row_count_share),
        table=table,
        live=live.rows,
        canary=canary.rows,
        apart=apart,
        at_most=thresholds.row_count_share,
    )
    for name in {**live.columns, **canary.columns}:
        here, there = live.columns.get(name), canary.columns.get(name)
        yield _schema(table, name, here, there)
        if here is not None and there is not None:
            yield from _values(table, name, (here, live.rows), (there, canary.rows), thresholds)


def _schema(table: str, name: str, live: Column | None, canary: Column | None) -> Check:
    """A column may come; it may neither go nor change its type."""
    here, there = (column.type if column else "missing" for column in (live, canary))
    verdict: Verdict = "ok" if here == there else "noted" if live is None else "worse"
    return Check(metric="schema", verdict=verdict, table=table, column=name, live=here, canary=there)


def _values(
    table: str, name: str, live: tuple[Column, int], canary: tuple[Column, int], thresholds: Canary
) -> Iterator[Check]:
    (here, rows), (there, others) = live, canary
    shares = here.nulls / rows if rows else 0.0, there.nulls / others if others else 0.0
    apart = abs(shares[0] - shares[1])
    yield Check(
        metric="nulls",
        verdict=_within(apart, thresholds.null_share),
        table=table,
        column=name,
        live=shares[0],
        canary=shares[1],
        apart=apart,
        at_most=thresholds.null_share,
    )
    if (distance := _distance(here, there)) is not None:
        yield Check(
            metric="distribution",
            verdict=_within(distance, thresholds.distribution_distance),
            table=table,
            column=name,
            apart=distance,
            at_most=thresholds.distribution_distance,
        )


def _distance(live: Column, canary: Column) -> float | None:
    """None where the two are not told in the same way."""
    if live.quantiles is not None and canary.quantiles is not None:
        return distances.kolmogorov_smirnov(live.quantiles, canary.quantiles)
    if live.buckets is not None and canary.buckets is not None and len(live.buckets) == len(canary.buckets):
        return distances.total_variation(live.buckets, canary.buckets)
    return None


def _took(
    metric: Literal["duration", "cost"], live: float | None, canary: float | None, most: float
) -> Check:
    """More than so many times as much is worse; less never is. What a runtime cannot tell holds nothing up."""
    ratio = canary / live if live and canary is not None else None
    verdict: Verdict = "noted" if ratio is None else _within(ratio, most)
    return Check(metric=metric, verdict=verdict, live=live, canary=canary, apart=ratio, at_most=most)


def _within(apart: float, most: float) -> Verdict:
    return "ok" if apart <= most else "worse"

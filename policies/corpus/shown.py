"""A score for a terminal and for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.corpus.score import Count, Score
from policies.rules import FAMILIES


def document(found: Score) -> str:
    """The score as JSON text."""
    return json.dumps(
        {
            "cases": found.cases,
            "total": _row(found.total),
            "families": {name: _row(count) for name, count in found.families.items()},
            "rules": {name: _row(count) for name, count in sorted(found.rules.items())},
            "mistakes": [one.__dict__ for one in found.mistakes],
            "unencoded": found.unencoded,
            "unseen": found.unseen,
            "unread": [one.__dict__ for one in found.unread],
        },
        indent=2,
    )


def _row(count: Count) -> dict[str, float | int | None]:
    return {**count.__dict__, "precision": count.precision, "recall": count.recall}


def page(found: Score) -> Iterator[str]:
    """The score for a terminal."""
    width = max((len(name) for name in (*found.rules, *found.families)), default=4) + 2
    yield f"{'':<{width}}   TP   FP   FN   TN  precision  recall"
    for family in FAMILIES:
        if family in found.families:
            yield _line(family, found.families[family], width)
            yield from (
                _line(f"  {r.id}", found.rules[r.id], width) for r in FAMILIES[family] if r.id in found.rules
            )
    yield _line(f"{found.cases} cases", found.total, width)
    for one in found.mistakes:
        yield f"{one.kind}: {one.case}: {one.resource}: {one.id}" + (f": {one.said}" if one.said else "")
    yield from (f"not judged: {one.why}" for one in found.unread)
    if found.unseen:
        yield f"must not be found, and is not there, not counted: {', '.join(found.unseen)}"
    if found.unencoded:
        ids = ", ".join(f"{name} ({number})" for name, number in sorted(found.unencoded.items()))
        yield f"labels that no rule encodes, not counted: {ids}"


def _line(name: str, count: Count, width: int) -> str:
    shares = (" -" if share is None else f"{share:.2f}" for share in (count.precision, count.recall))
    numbers = f"{count.tp:>5}{count.fp:>5}{count.fn:>5}{count.tn:>5}"
    return f"{name:<{width}}{numbers}  {next(shares):>9}  {next(shares):>6}"

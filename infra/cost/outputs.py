"""An estimate as plain JSON: short for the stack's output `cost`, whole for tools."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from infra.cost.estimate import NOT_COUNTED, Estimate
from infra.cost.rows import Row


def summary(estimate: Estimate, ceiling_usd: int | None) -> dict[str, Any]:
    """The output `cost`: the range of a month in US dollars, and what it rests on."""
    return {
        "monthly_low_usd": round(estimate.low, 2),
        "monthly_high_usd": round(estimate.high, 2),
        "monthly_ceiling_usd": ceiling_usd,
        "prices_as_of": dict(estimate.prices_as_of),
        "unknown": list(estimate.unknown),
    }


def headline(estimate: Estimate, ceiling_usd: int | None) -> str:
    """The same in one line, for who watches a preview."""
    unknown = f", with {len(estimate.unknown)} of the prices unknown" if estimate.unknown else ""
    ceiling = "no ceiling" if ceiling_usd is None else f"the ceiling is {ceiling_usd:,}"
    return f"a month may cost {estimate.low:,.0f} to {estimate.high:,.0f} USD{unknown} ({estimate.dated}); {ceiling}"


def document(estimate: Estimate, ceiling_usd: int | None) -> dict[str, Any]:
    """The summary with every row: `rows` add up, `jobs` are within them."""
    return {
        **summary(estimate, ceiling_usd),
        "rows": [_row(row) for row in estimate.rows],
        "jobs": [_row(row) for row in estimate.jobs],
        "not_counted": NOT_COUNTED,
    }


def _row(row: Row) -> dict[str, Any]:
    plain = asdict(row)
    low, high = plain.pop("low"), plain.pop("high")
    return {
        "component": plain.pop("component"),
        "item": plain.pop("item"),
        "low_usd": None if low is None else round(low, 2),
        "high_usd": None if high is None else round(high, 2),
        **plain,
    }

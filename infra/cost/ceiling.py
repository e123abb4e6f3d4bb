"""The ceiling that a stack sets itself, held against its estimate."""

from __future__ import annotations

from collections.abc import Iterable

from infra.cost.estimate import Estimate


def mistakes(ceiling_usd: int, estimate: Estimate) -> Iterable[str]:
    """Why the estimate does not pass the ceiling, as `key: what is wrong` in one line; nothing when it does.

    What has no price does not pass: a sum that is not known is below nothing.
    """
    unknown = f"there is no price for: {'; '.join(estimate.unknown)}" if estimate.unknown else ""
    if estimate.high > ceiling_usd:
        largest = ", ".join(f"{row.component} {row.item} {row.high:,.0f}" for row in estimate.largest())
        yield (
            f"cost.monthly_ceiling_usd: is {ceiling_usd:,}, but a month may cost {estimate.high:,.0f} USD "
            f"({estimate.dated}{f'; besides, {unknown}' if unknown else ''}); "
            f"the largest: {largest}; lower what these may grow to (units, types, volumes), or raise the ceiling"
        )
    elif unknown:
        yield (
            f"cost.monthly_ceiling_usd: is {ceiling_usd:,}, but what a month costs is not known: {unknown}; "
            "take types and a region that have prices, or remove the ceiling"
        )

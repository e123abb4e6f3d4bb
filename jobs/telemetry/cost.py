"""What a run cost, estimated: every instance of its cluster, for as long as the run took, at list price.

    cost = hours x sum over the cluster's running instances of (EC2 rate + EMR rate)

The whole cluster is charged to the run, as if it had it alone, since that is what it keeps from others; two runs
side by side therefore both carry it. Spot instances count at a typical ratio of the on-demand rate. Not in it:
storage, requests, traffic, the minutes in which the cluster idles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from facts.errors import UserError
from facts.prices import price
from jobs.runtimes.base import Capacity


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """US dollars, None when a price is missing; `basis` says how it was reckoned, or what is missing."""

    usd: float | None
    basis: str


def estimate(capacity: Iterable[Capacity], region: str, seconds: float) -> Estimate:
    """The cost of `seconds` of these instances. Never zero for want of a price."""
    rate = 0.0
    parts = []
    as_of = ""
    for instances in capacity:
        try:
            listed = price(instances.instance_type, region)
        except UserError as error:
            return Estimate(usd=None, basis=str(error))
        each = listed.spot_usd_per_hour if instances.spot else listed.on_demand_usd_per_hour
        rate += each * instances.count
        as_of = listed.as_of
        market = "spot" if instances.spot else "on demand"
        parts.append(f"{instances.count} x {instances.instance_type} {market} at {each:.3f} USD/h")
    if not parts:
        return Estimate(usd=None, basis="the cluster's instances are not known any more")
    basis = f"{seconds:.0f} s of {' + '.join(parts)} (list prices of {as_of})"
    return Estimate(usd=round(rate * seconds / 3600, 6), basis=basis)

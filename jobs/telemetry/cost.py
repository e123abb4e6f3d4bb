"""What a run cost, estimated: every instance of its cluster, for as long as the run took, at list price.

    cost = hours x sum over the cluster's running instances of (EC2 rate + EMR rate)

The whole cluster is charged to the run, as if it had it alone, since that is what it keeps from others; two runs
side by side therefore both carry it. A cluster of the run's own is charged from its start to its end. Spot
instances count at a typical ratio of the on-demand rate. Not in it: storage, requests, traffic, the minutes in which
the cluster idles. EMR Serverless says itself what it bills a run for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facts.errors import UserError
from facts.prices import price
from facts.services import Item, service_price
from jobs.runtimes.base import Billed, Capacity


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """US dollars, None when a price is missing; `basis` says how it was reckoned, or what is missing."""

    usd: float | None
    basis: str


def estimate(used: Sequence[Capacity] | Billed | None, region: str, seconds: float) -> Estimate:
    """The cost of a run of `seconds` on these instances, or of what it was billed. Never zero for want of a price."""
    if used is None:
        return Estimate(usd=None, basis="what the run used is not known, or has no price in the table")
    try:
        return _billed(used, region) if isinstance(used, Billed) else _instances(used, region, seconds)
    except UserError as error:
        return Estimate(usd=None, basis=str(error))


def _instances(used: Sequence[Capacity], region: str, seconds: float) -> Estimate:
    usd = 0.0
    parts = []
    as_of = ""
    for instances in used:
        listed = price(instances.instance_type, region)
        each = listed.spot_usd_per_hour if instances.spot else listed.on_demand_usd_per_hour
        hours = instances.count * seconds / 3600 if instances.hours is None else instances.hours
        usd += each * hours
        as_of = listed.as_of
        market = "spot" if instances.spot else "on demand"
        times = "" if instances.hours is None else f", {hours:.2f} h in all"
        parts.append(f"{instances.count} x {instances.instance_type} {market} at {each:.3f} USD/h{times}")
    if not parts:
        return Estimate(usd=None, basis="the cluster's instances are not known any more")
    basis = f"{seconds:.0f} s of {' + '.join(parts)} (list prices of {as_of})"
    return Estimate(usd=round(usd, 6), basis=basis)


def _billed(used: Billed, region: str) -> Estimate:
    amounts: tuple[tuple[Item, float, str], ...] = (
        ("serverless_vcpu_hour", used.vcpu_hours, "vCPU h"),
        ("serverless_memory_gb_hour", used.memory_gb_hours, "GB h of memory"),
        ("serverless_storage_gb_hour", used.storage_gb_hours, "GB h of storage"),
    )
    listed = [service_price(item, region) for item, _, _ in amounts]
    usd = sum(each.usd * amount for each, (_, amount, _) in zip(listed, amounts, strict=True))
    parts = " + ".join(f"{amount:.4g} {what}" for _, amount, what in amounts if amount)
    return Estimate(
        usd=round(usd, 6), basis=f"{parts or 'nothing'} billed (list prices of {listed[0].as_of})"
    )

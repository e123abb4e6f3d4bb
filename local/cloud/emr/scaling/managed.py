"""Managed scaling's decisions: from what YARN says to how many units there should be. Pure, no state but the history.

What EMR documents: metrics are looked at every 5 to 10 seconds; capacity follows what YARN's applications ask for;
core nodes grow first up to their limit, then task nodes, on demand up to the limit, then spot; task nodes go first,
and of one kind spot first; never below the minimum.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy.html and
…/emr-scale-on-demand.html

How long a demand must last EMR does not say. The numbers here are ours: short enough to be of use in a job of some
minutes, long enough that a load that comes and goes within a quarter of an hour moves nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from local.contracts import InstanceRole, Market, YarnMetrics

EVALUATE_SECONDS = 10.0
OUT_SECONDS = 30.0  # a demand above the capacity has lasted so long before capacity is added
IN_SECONDS = 900.0  # the most that was needed in so long is what stays
Slot = tuple[InstanceRole, Market]
# Where units are added first, and where they are taken last.
OUT: tuple[Slot, ...] = (("CORE", "ON_DEMAND"), ("CORE", "SPOT"), ("TASK", "ON_DEMAND"), ("TASK", "SPOT"))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A policy's ComputeLimits, in units; what it leaves out is as large as the maximum."""

    minimum: int
    maximum: int
    on_demand: int
    core: int

    @classmethod
    def of(cls, limits: Mapping[str, Any]) -> Self:
        """The limits of a managed scaling policy."""
        most = limits["MaximumCapacityUnits"]
        return cls(
            minimum=limits["MinimumCapacityUnits"],
            maximum=most,
            on_demand=_or(limits.get("MaximumOnDemandCapacityUnits"), most),
            core=_or(limits.get("MaximumCoreCapacityUnits"), most),
        )


@dataclass(frozen=True, kw_only=True)
class Size:
    """Units of capacity by role and market, and how many nodes they are."""

    units: Mapping[Slot, int]
    nodes: int

    @property
    def total(self) -> int:
        """All units, without the primary's."""
        return sum(self.units.values())

    def of(self, *, role: InstanceRole | None = None, market: Market | None = None) -> int:
        """The units of a role, or in a market."""
        return sum(
            n
            for (r, m), n in self.units.items()
            if (role is None or r == role) and (market is None or m == market)
        )


@dataclass
class History:
    """What was needed, and since when more than there is; `needs` holds the last quarter of an hour."""

    needs: deque[tuple[float, int]] = field(default_factory=deque)
    short_since: float | None = None
    since: float | None = None  # the first look, or the last move


@dataclass(frozen=True, kw_only=True)
class Move:
    """A new size and why."""

    units: Mapping[Slot, int]
    reason: str


def needed(load: YarnMetrics, size: Size) -> int:
    """The units that would hold all that YARN's applications have and ask for.

    A node counts what YARN has of one on average, for the machine may stand for a large cluster with few nodes.
    """
    asked = load.memory_allocated_mb + load.memory_reserved_mb + load.memory_pending_mb
    if not size.nodes or not load.nodes_active or not load.memory_total_mb:
        return size.total + 1 if asked else 0
    unit_mb = load.memory_total_mb / load.nodes_active / (size.total / size.nodes)
    return math.ceil(asked / unit_mb)


def decide(history: History, now: float, load: YarnMetrics | None, size: Size, limits: Limits) -> Move | None:
    """Look once: note what is needed, and say what is to change. `now` in seconds of the clock."""
    need = 0 if load is None else needed(load, size)
    wanted = min(max(need, limits.minimum), limits.maximum)
    history.since = now if history.since is None else history.since
    history.needs.append((now, wanted))
    while history.needs[0][0] < now - IN_SECONDS:
        history.needs.popleft()
    short = wanted > size.total
    history.short_since = (now if history.short_since is None else history.short_since) if short else None
    if not short:
        return _smaller(history, now, size, limits)
    assert history.short_since is not None
    below = size.total < limits.minimum
    if not below and now - history.short_since < OUT_SECONDS:
        return None
    asked = "the policy's minimum" if below else f"{_pending(load)} for {now - history.short_since:.0f} s"
    return _moved(history, now, grown(size, wanted, limits), size, asked)


def _smaller(history: History, now: float, size: Size, limits: Limits) -> Move | None:
    most = max(wanted for _, wanted in history.needs)
    assert history.since is not None
    above = size.total > limits.maximum
    if not above and (most >= size.total or now - history.since < IN_SECONDS):
        return None
    why = (
        "the policy's maximum"
        if above
        else f"no more than {most} units were needed in {IN_SECONDS / 60:.0f} minutes"
    )
    return _moved(history, now, shrunk(size, min(most, limits.maximum)), size, why)


def _moved(history: History, now: float, units: Mapping[Slot, int], size: Size, why: str) -> Move | None:
    if units == size.units:
        return None  # the limits leave no room
    history.since, history.short_since = now, None
    return Move(
        units=units, reason=f"managed scaling from {size.total} to {sum(units.values())} units: {why}"
    )


def grown(size: Size, wanted: int, limits: Limits) -> dict[Slot, int]:
    """More units, where EMR adds them first."""
    units, left = dict(size.units), wanted - size.total
    for role, market in OUT:
        if (role, market) not in units:
            continue
        now = replace(size, units=units)
        room = left
        if role == "CORE":
            room = min(room, limits.core - now.of(role="CORE"))
        if market == "ON_DEMAND":
            room = min(room, limits.on_demand - now.of(market="ON_DEMAND"))
        added = max(0, room)
        units[(role, market)] += added
        left -= added
    return units


def shrunk(size: Size, wanted: int) -> dict[Slot, int]:
    """Fewer units: task before core, spot before on demand; the core keeps one."""
    units, left = dict(size.units), size.total - wanted
    for role, market in sorted(units, key=lambda slot: (slot[0] == "CORE", slot[1] == "ON_DEMAND")):
        floor = 0 if role == "TASK" else max(0, 1 - units.get(("CORE", _other(market)), 0))
        taken = max(0, min(left, units[(role, market)] - floor))
        units[(role, market)] -= taken
        left -= taken
    return units


def _other(market: Market) -> Market:
    return "SPOT" if market == "ON_DEMAND" else "ON_DEMAND"


def _pending(load: YarnMetrics | None) -> str:
    return (
        "nothing"
        if load is None
        else f"{load.containers_pending} containers ({load.memory_pending_mb} MB) waited"
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value

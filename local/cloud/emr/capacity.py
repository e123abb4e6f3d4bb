"""How many nodes of which type meet a fleet's target: pure arithmetic, no state.

EMR counts a node's weighted capacity towards the target and starts nodes until the target is met, "even if
this results in an overage"; it takes nodes away only as far as the target stays met (API reference of
InstanceFleetConfig).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_NODES = 4000  # a bound for one pool, so that a typing error in a target does not fill the memory
PLENTY = 4  # a pool of spot nodes is deep when it has so many times what is asked for: a number of ours
_LAST = float("inf")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What one type of a fleet is to be had for, in one zone and market."""

    instance_type: str
    weight: int  # units that one node counts
    free: int  # nodes
    price: float | None = None  # US dollars a node and hour
    priority: float | None = None  # lower comes first

    @property
    def units(self) -> int:
        """Units that can be had of it."""
        return self.free * self.weight


def weight(type_config: Mapping[str, Any]) -> int:
    """Units that one node of this type counts; 1 when the request does not say (API reference)."""
    return max(1, int(type_config.get("WeightedCapacity") or 1))


def _cheapest(offers: Sequence[Offer], index: int) -> tuple[float, ...]:
    """By price a unit where every price is known, else in the order of the request."""
    known = all(offer.price is not None for offer in offers)
    return ((offers[index].price or 0.0) / offers[index].weight if known else 0.0, index)


def _by_priority(offers: Sequence[Offer], index: int) -> tuple[float, ...]:
    priority = offers[index].priority
    return (_LAST if priority is None else priority, *_cheapest(offers, index))


# What comes first, by allocation strategy, as far as EMR's guide says what each is for:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html#emr-instance-fleet-allocation-strategy
_Key = Callable[[Sequence[Offer], int, int], tuple[float, ...]]
STRATEGIES: Mapping[str, _Key] = {
    "lowest-price": lambda offers, index, _: _cheapest(offers, index),
    "prioritized": lambda offers, index, _: _by_priority(offers, index),
    "capacity-optimized": lambda offers, index, _: (-offers[index].units, index),
    "capacity-optimized-prioritized": lambda offers, index, units: (
        not _deep(offers[index], units),
        *_by_priority(offers, index),
    ),
    "price-capacity-optimized": lambda offers, index, units: (
        not _deep(offers[index], units),
        *_cheapest(offers, index),
    ),
    "diversified": lambda offers, index, _: _cheapest(offers, index),
}


def allocate(units: int, offers: Sequence[Offer], strategy: str | None) -> list[int]:
    """Nodes to start of each offer, so that they have at least `units`, as far as there are any.

    Without a `strategy` it is the priorities of the types, if they have any, else the price.
    """
    if strategy is None:
        strategy = "prioritized" if any(o.priority is not None for o in offers) else "lowest-price"
    key = STRATEGIES.get(strategy, STRATEGIES["lowest-price"])
    order = sorted(range(len(offers)), key=lambda index: key(offers, index, units))
    taken = [0] * len(offers)
    if strategy == "diversified":
        _spread(units, offers, order, taken)
    for index in order:
        left = units - had(taken, offers)
        taken[index] += min(offers[index].free - taken[index], max(0, -(-left // offers[index].weight)))
    return taken


def had(taken: Sequence[int], offers: Sequence[Offer]) -> int:
    """Units that so many nodes of each offer have."""
    return sum(nodes * offer.weight for nodes, offer in zip(taken, offers, strict=True))


def _deep(offer: Offer, units: int) -> bool:
    return offer.units >= PLENTY * units


def _spread(units: int, offers: Sequence[Offer], order: Sequence[int], taken: list[int]) -> None:
    """An equal share of the units to each type, in whole nodes that fit into it; the rest is for the next."""
    for index in order:
        taken[index] = min(offers[index].free, units // len(offers) // offers[index].weight)


def to_stop(target: int, weights: Sequence[int]) -> list[int]:
    """Which nodes can go while `target` stays met: indices into `weights`, the youngest (last) first."""
    spare = sum(weights) - target
    gone = []
    for index in range(len(weights) - 1, -1, -1):
        if weights[index] <= spare:
            spare -= weights[index]
            gone.append(index)
    return gone

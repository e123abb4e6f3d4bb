"""How many nodes of which type meet a fleet's target: pure arithmetic, no state.

EMR counts a node's weighted capacity towards the target and starts nodes until the target is met, "even if
this results in an overage"; it takes nodes away only as far as the target stays met (API reference of
InstanceFleetConfig). The choice of type is simplified: one type a market, see `choose`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_NODES = 4000  # a bound for one pool, so that a typing error in a target does not fill the memory
Price = Callable[[str, str], float | None]  # of a type in a region: US dollars an hour, None when not known


def weight(type_config: Mapping[str, Any]) -> int:
    """Units that one node of this type counts; 1 when the request does not say (API reference)."""
    return max(1, int(type_config.get("WeightedCapacity") or 1))


def choose(types: Sequence[Mapping[str, Any]], region: str, price: Price) -> Mapping[str, Any]:
    """The type of the fleet that is started.

    By priority where one is given (lower comes first), else the cheapest a unit where every price is known,
    else the first one named.
    """
    if any(t.get("Priority") is not None for t in types):
        return min(types, key=lambda t: t["Priority"] if t.get("Priority") is not None else float("inf"))
    costs = [(price(t["InstanceType"], region), t) for t in types]
    known = [(cost / weight(t), t) for cost, t in costs if cost is not None]
    if len(known) == len(types):
        return min(known, key=lambda pair: pair[0])[1]
    return types[0]


def to_start(target: int, provisioned: int, unit: int) -> int:
    """How many nodes of weight `unit` bring `provisioned` units to at least `target`."""
    return max(0, -(-(target - provisioned) // unit))


def to_stop(target: int, weights: Sequence[int]) -> list[int]:
    """Which nodes can go while `target` stays met: indices into `weights`, the youngest (last) first."""
    spare = sum(weights) - target
    gone = []
    for index in range(len(weights) - 1, -1, -1):
        if weights[index] <= spare:
            spare -= weights[index]
            gone.append(index)
    return gone

"""EC2 as EMR buys from it: what each type has free in each zone, and at which price.

facts/market.py is what there is; `emrctl local market` has less of it, to see what a stack does then.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from facts import market as facts
from facts.errors import UserError
from local.cloud.emr import capacity
from local.cloud.emr.capacity import Offer
from local.cloud.emr.model import Cluster
from local.cloud.plane import ControlPlane
from local.contracts import Market as MarketName

log = logging.getLogger(__name__)
Place = tuple[str, str, MarketName]  # instance type, zone, market
Price = Callable[[str, str, MarketName], float | None]  # US dollars an hour, None where none is known
MOST = 100_000
MARKETS: tuple[MarketName, MarketName] = ("ON_DEMAND", "SPOT")


class Market:
    """What is free is what there is less what clusters have: nothing to keep books of."""

    def __init__(self, plane: ControlPlane, clusters: Callable[[], Iterable[Cluster]], price: Price) -> None:
        self._plane, self._clusters, self._price = plane, clusters, price
        self._ordered: dict[tuple[str | None, str | None, MarketName], int] = {}

    def offers(self, types: Sequence[Mapping[str, Any]], zone: str, market: MarketName) -> list[Offer]:
        """What there is of each type of a fleet now; nothing of a spot type whose price is above the bid."""
        used = self._used()
        return [self._offer(config, (config["InstanceType"], zone, market), used) for config in types]

    def order(self, order: Mapping[str, object]) -> Mapping[str, object]:
        """Have `nodes` of `instance_type`, of `zone`, or of all, in `market`; without `nodes` only tell; `reset` all.

        Raises UserError.
        """
        market, nodes = order.get("market", "SPOT"), order.get("nodes")
        if market not in MARKETS:
            raise UserError(f"market is {market!r}; it must be ON_DEMAND or SPOT")
        with self._plane.lock:
            if order.get("reset"):
                self._ordered.clear()
            if nodes is not None:
                if isinstance(nodes, bool) or not isinstance(nodes, int) or not 0 <= nodes <= MOST:
                    raise UserError(f"nodes is {nodes!r}; it must be a whole number from 0 to {MOST}")
                key = (_name(order, "instance_type"), _name(order, "zone"), market)
                self._ordered[key] = nodes
                log.info(
                    "EC2 has %d nodes of %s in %s, %s",
                    nodes,
                    key[0] or "each type",
                    key[1] or "each zone",
                    market,
                )
            used = self._used()
            return {
                "ordered": [
                    {"instance_type": name, "zone": zone, "market": which, "nodes": count}
                    for (name, zone, which), count in self._ordered.items()
                ],
                "used": [
                    {"instance_type": place[0], "zone": place[1], "market": place[2], "nodes": count,
                     "free": self._free(place, used), "usd_per_hour": self._price(*place)}
                    for place, count in sorted(used.items())
                ],
            }  # fmt: skip

    def _offer(self, config: Mapping[str, Any], place: Place, used: Mapping[Place, int]) -> Offer:
        price = self._price(*place)
        dear = place[2] == "SPOT" and price is not None and price > self._bid(config, place)
        return Offer(
            instance_type=place[0],
            weight=capacity.weight(config),
            free=0 if dear else self._free(place, used),
            price=price,
            priority=config.get("Priority"),
        )

    def _bid(self, config: Mapping[str, Any], place: Place) -> float:
        """The most that is paid for a spot node: EMR's default is the price on demand."""
        if config.get("BidPrice"):
            return float(config["BidPrice"])
        listed = self._price(place[0], place[1], "ON_DEMAND")
        share = config.get("BidPriceAsPercentageOfOnDemandPrice")
        return float("inf") if listed is None else listed * (100.0 if share is None else float(share)) / 100

    def _free(self, place: Place, used: Mapping[Place, int]) -> int:
        name, zone, market = place
        keys = ((name, zone), (name, None), (None, zone), (None, None))  # the most exact order counts
        ordered = next((self._ordered[(*k, market)] for k in keys if (*k, market) in self._ordered), None)
        there = facts.nodes_free(name, market) if ordered is None else ordered
        return max(0, there - used.get(place, 0))

    def _used(self) -> Counter[Place]:
        return Counter(
            (node.instance_type, cluster.availability_zone, node.market)
            for cluster in self._clusters()
            if cluster.status.ended is None
            for pool in cluster.pools
            for node in pool.running()
        )


def _name(order: Mapping[str, object], key: str) -> str | None:
    value = order.get(key)
    if value is not None and not isinstance(value, str):
        raise UserError(f"{key} is {value!r}; it must be a name")
    return value or None

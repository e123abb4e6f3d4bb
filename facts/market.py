"""What EC2 has free, and for how much, by type and zone: a model, dated, for the local AWS to allocate from."""

from __future__ import annotations

from typing import Literal

from facts import tables
from facts.errors import UserError
from facts.prices import price

Market = Literal["ON_DEMAND", "SPOT"]


def nodes_free(instance_type: str, market: Market) -> int:
    """Nodes of the type that one zone has when nobody has any of them; the same in every zone."""
    by_size = tables.load("market")["nodes_free"][market]
    return int(by_size.get(instance_type.partition(".")[2], by_size["default"]))


def usd_per_hour(instance_type: str, zone: str, market: Market) -> float | None:
    """EC2's price of a node in `zone` ("us-east-1a"), EMR's charge not included; None where the table has none."""
    try:
        listed = price(instance_type, zone[:-1])
    except UserError:
        return None
    if market == "ON_DEMAND":
        return listed.ec2_usd_per_hour
    factors = tables.load("market")["spot_price_factor"]
    return listed.ec2_usd_per_hour * listed.spot_ratio * float(factors.get(zone[-1], factors["default"]))

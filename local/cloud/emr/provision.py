"""Nodes for fleets and groups, from the market: what is to be had is had, what is not is short."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.cloud.emr import capacity
from local.cloud.emr.ids import new_id, new_ip
from local.cloud.emr.market import MARKETS, Market
from local.cloud.emr.model import Cluster, Instance, Pool, Status
from local.contracts import Market as MarketName

_SPECIFICATIONS: Mapping[MarketName, str] = {"ON_DEMAND": "OnDemand", "SPOT": "Spot"}
DEFAULT_SPOT_MINUTES = 60  # of a fleet with spot that names no time-out: EMR's console does


def request(market: Market, cluster: Cluster, pool: Pool, now: datetime) -> None:
    """Ask for what the pool lacks of its targets, and note what there is not."""
    for name in MARKETS:
        have = sum(node.weight for node in pool.running() if node.market == name)
        lacking = pool.wanted(name) - have
        pool.short[name] = 0
        if lacking <= 0:
            continue
        offers = market.offers(pool.types, cluster.availability_zone, name)
        taken = capacity.allocate(lacking, offers, _launch(pool, name).get("AllocationStrategy"))
        for offer, nodes in zip(offers, taken, strict=True):
            pool.instances += [_instance(pool, offer, name, now) for _ in range(nodes)]
        pool.short[name] = max(0, lacking - capacity.had(taken, offers))


def choose_zone(market: Market, cluster: Cluster) -> None:
    """Of the zones whose subnets the request names, the one that has most of what is asked for; else the first."""

    def lacks(zone: str) -> int:
        return sum(
            max(0, pool.wanted(name) - sum(offer.units for offer in market.offers(pool.types, zone, name)))
            for pool in cluster.pools
            for name in MARKETS
            if pool.wanted(name)
        )

    if len(cluster.zones) > 1:
        cluster.availability_zone = min(cluster.zones, key=lacks)


def switch_to_on_demand(pool: Pool) -> None:
    """What spot has not given is asked for on demand; the targets that the API shows stay."""
    pool.switched += pool.short["SPOT"]


def spot_timeout(pool: Pool) -> tuple[float, str]:
    """Seconds that the launch of a fleet waits for spot, and what is done then."""
    said = _launch(pool, "SPOT")
    minutes = said.get("TimeoutDurationMinutes") or DEFAULT_SPOT_MINUTES
    return float(minutes) * 60, str(said.get("TimeoutAction") or "TERMINATE_CLUSTER")


def resize_timeout(pool: Pool) -> float | None:
    """Seconds that a resize waits for capacity; None when the fleet does not say, and it waits on."""
    said: Any = pool.config.get("ResizeSpecifications") or {}
    minutes = [
        (said.get(f"{prefix}ResizeSpecification") or {}).get("TimeoutDurationMinutes")
        for name, prefix in _SPECIFICATIONS.items()
        if pool.short[name]
    ]
    return max((float(m) * 60 for m in minutes if m), default=None)


def _launch(pool: Pool, name: MarketName) -> Mapping[str, Any]:
    """What a fleet's launch says of a market; empty for a group."""
    return (pool.config.get("LaunchSpecifications") or {}).get(f"{_SPECIFICATIONS[name]}Specification") or {}


def _instance(pool: Pool, offer: capacity.Offer, market: MarketName, now: datetime) -> Instance:
    return Instance(
        id=new_id("ci-"),
        ec2_id=f"i-{random.getrandbits(68):017x}",
        pool_id=pool.id,
        role=pool.role,
        instance_type=offer.instance_type,
        market=market,
        weight=offer.weight,
        private_ip=new_ip(),
        status=Status("PROVISIONING", now),
    )

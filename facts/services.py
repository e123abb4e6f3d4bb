"""What is paid beside instances: disks, gateways, endpoints, keys, EMR Serverless. A missing price is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facts import tables
from facts.errors import UserError

Item = Literal[
    "ebs_gp3_gb_month",
    "interface_endpoint_hour",  # of one endpoint in one zone
    "kms_key_month",
    "nat_gateway_hour",
    "public_ipv4_hour",
    "serverless_memory_gb_hour",
    "serverless_storage_gb_hour",
    "serverless_vcpu_hour",
]


@dataclass(frozen=True, kw_only=True)
class ServicePrice:
    """One item in one region, in US dollars for what the item's name ends with."""

    item: Item
    region: str
    usd: float
    as_of: str  # ISO date
    source: str


def service_price(item: Item, region: str) -> ServicePrice:
    """The price of `item` in `region`. Raises UserError when the table has none: never zero."""
    table = tables.load("services")["items"][item]
    if region not in table["usd"]:
        raise UserError(
            f"prices: {item.replace('_', ' ')} has no price in {region} (table of {table['as_of']}); "
            f"priced are: {', '.join(sorted(table['usd']))}"
        )
    return ServicePrice(
        item=item, region=region, usd=table["usd"][region], as_of=table["as_of"], source=table["source"]
    )

"""What an instance costs an hour: list prices, dated, for estimates. A missing price is an error, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from facts import tables
from facts.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Price:
    """One instance type in one region, in US dollars an hour."""

    instance_type: str
    region: str
    ec2_usd_per_hour: float  # EC2 on demand, Linux
    emr_usd_per_hour: float  # EMR's own charge on top, the same for spot
    spot_ratio: float  # a typical spot price over the on-demand price
    as_of: str  # ISO date of the table

    @property
    def on_demand_usd_per_hour(self) -> float:
        """An on-demand node, EMR's charge included."""
        return self.ec2_usd_per_hour + self.emr_usd_per_hour

    @property
    def spot_usd_per_hour(self) -> float:
        """A spot node at the typical ratio, EMR's charge included."""
        return self.ec2_usd_per_hour * self.spot_ratio + self.emr_usd_per_hour


def regions() -> tuple[str, ...]:
    """The regions that have prices."""
    return tuple(sorted(tables.load("prices")["usd_per_hour"]))


@cache
def price(instance_type: str, region: str) -> Price:
    """The price of `instance_type` in `region`.

    Raises UserError when the table has none: it says which of the two is missing, and what there is of the family.
    """
    table = tables.load("prices")
    if region not in table["usd_per_hour"]:
        raise tables.unknown("prices: the region", region, table["usd_per_hour"])
    rows = table["usd_per_hour"][region]
    if instance_type not in rows:
        siblings = [name for name in rows if _family(name) == _family(instance_type)]
        families = f"the families: {', '.join(sorted({_family(name) for name in rows}))}"
        raise UserError(
            f"prices: '{instance_type}' has no price in {region} (table of {table['as_of']}); "
            f"priced there are{':' if siblings else ''} {', '.join(sorted(siblings)) or families}"
        )
    row = rows[instance_type]
    ratios = table["spot_ratio"]
    return Price(
        instance_type=instance_type,
        region=region,
        ec2_usd_per_hour=row["ec2_usd_per_hour"],
        emr_usd_per_hour=row["emr_usd_per_hour"],
        spot_ratio=ratios.get(_family(instance_type), ratios["default"]),
        as_of=table["as_of"],
    )


def _family(instance_type: str) -> str:
    return instance_type.partition(".")[0]

"""The lines of an estimate, and the units that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from facts.errors import UserError
from facts.services import Item, service_price

HOURS_A_MONTH = 730  # 8,760 / 12, what AWS's own calculator takes


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that is paid for, in US dollars a month. `low` and `high` are None where a price is `unknown`."""

    component: str  # "cluster main", "network", "keys"
    item: str
    low: float | None  # what must run
    high: float | None  # every ceiling reached, all month
    unit: str  # the price of one, in words
    how: str  # how low and high follow from it
    unknown: tuple[str, ...] = ()  # what has no price, each with its place

    @classmethod
    def missing(cls, component: str, item: str, unknown: tuple[str, ...]) -> Row:
        """A row whose price is not known: no number, least of all zero."""
        return cls(
            component=component, item=item, low=None, high=None, unit="unknown", how="", unknown=unknown
        )


def fixed(component: str, item: str, price: Item, region: str, count: int, how: str) -> Row:
    """A row of `count` things that run all month, whatever is done with them, each at an hourly `price`."""
    try:
        usd = service_price(price, region).usd
    except UserError as error:
        return Row.missing(component, item, (str(error),))
    month = count * usd * HOURS_A_MONTH
    return Row(component=component, item=item, low=month, high=month, unit=f"{usd:g} USD/h", how=how)

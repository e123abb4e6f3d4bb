"""The quotas of an account that the platform meets: codes, and what a new account has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from facts import tables

ELASTIC_IPS = "L-0263D0A3"
VPCS = "L-F678F1CE"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One quota of Service Quotas, for an account and region."""

    code: str
    service: str  # ServiceCode: "ec2"
    name: str
    default: int  # of a new account
    market: str | None  # ON_DEMAND or SPOT, of a quota of vCPUs
    families: tuple[str, ...]  # what begins the instance types that it counts: "m", "vt"


@cache
def quotas() -> dict[str, Quota]:
    """Every quota of the table, by code."""
    return {
        code: Quota(
            code=code,
            service=row["service"],
            name=row["name"],
            default=row["default"],
            market=row.get("market"),
            families=tuple(row.get("families", ())),
        )
        for code, row in tables.load("quotas")["quotas"].items()
    }


def of_instances(instance_type: str, market: str) -> Quota | None:
    """The quota that counts the vCPUs of `instance_type` in `market`; None for families that are not in the table."""
    letters = re.match(r"[a-z]+", instance_type)
    return next(
        (one for one in quotas().values() if one.market == market and letters and letters[0] in one.families),
        None,
    )

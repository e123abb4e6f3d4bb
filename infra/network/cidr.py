"""How a VPC's block is divided: a pure function.

The block is cut into quarters. The first three are the private subnets, one a zone, for nodes; the last is cut into
quarters again, for the small public subnets that hold NAT gateways only. So two zones can become three, and a NAT can
come and go, without moving a subnet (which would replace every cluster in it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

MAX_ZONES = 3
# Of every subnet AWS keeps the first four addresses and the last: VPC user guide, "Subnet CIDR blocks".
RESERVED_ADDRESSES = 5


@dataclass(frozen=True, kw_only=True)
class ZoneSubnets:
    """The two subnets of one zone."""

    zone: str  # "us-east-1a"
    private: IPv4Network
    public: IPv4Network


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A VPC's block, divided."""

    vpc: IPv4Network
    zones: tuple[ZoneSubnets, ...]

    @property
    def addresses_per_zone(self) -> int:
        """Addresses that nodes and endpoints of one zone can have."""
        return self.zones[0].private.num_addresses - RESERVED_ADDRESSES


def plan(vpc: IPv4Network, zones: Sequence[str]) -> Plan:
    """Divide `vpc` over one to three `zones`; /24 is the smallest block whose public subnets AWS still takes (/28)."""
    if not 1 <= len(zones) <= MAX_ZONES:
        raise ValueError(f"{len(zones)} zones; between 1 and {MAX_ZONES} are possible")
    *private, rest = vpc.subnets(prefixlen_diff=2)
    public = list(rest.subnets(prefixlen_diff=2))
    return Plan(
        vpc=vpc,
        zones=tuple(
            ZoneSubnets(zone=zone, private=private[index], public=public[index])
            for index, zone in enumerate(zones)
        ),
    )

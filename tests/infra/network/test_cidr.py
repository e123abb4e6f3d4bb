"""A VPC's block, divided."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.network.cidr import MAX_ZONES, RESERVED_ADDRESSES, Plan, plan

ZONES = ("a", "b", "c")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    bits = draw(st.integers(16, 24))
    host = draw(st.integers(0, 2**bits - 1))
    block = IPv4Network((host << (32 - bits), bits))
    return plan(block, ZONES[: draw(st.integers(1, MAX_ZONES))])


def subnets(made: Plan) -> list[IPv4Network]:
    return [block for zone in made.zones for block in (zone.private, zone.public)]


@given(plans())
def test_subnets_lie_in_the_vpc_and_never_overlap(made: Plan) -> None:
    assert all(block.subnet_of(made.vpc) for block in subnets(made))
    assert not any(one.overlaps(other) for one, other in combinations(subnets(made), 2))


@given(plans())
def test_aws_takes_every_subnet_and_nodes_have_most_of_the_room(made: Plan) -> None:
    assert all(16 <= block.prefixlen <= 28 for block in subnets(made))
    assert all(zone.private.num_addresses == made.vpc.num_addresses // 4 for zone in made.zones)
    assert made.addresses_per_zone == made.zones[0].private.num_addresses - RESERVED_ADDRESSES


@given(plans())
def test_a_further_zone_moves_no_subnet(made: Plan) -> None:
    wider = plan(made.vpc, ZONES)
    assert wider.zones[: len(made.zones)] == made.zones


def test_an_example() -> None:
    first, second = plan(IPv4Network("10.20.0.0/16"), ["us-east-1a", "us-east-1b"]).zones
    assert (str(first.private), str(first.public)) == ("10.20.0.0/18", "10.20.192.0/20")
    assert (str(second.private), str(second.public)) == ("10.20.64.0/18", "10.20.208.0/20")


@pytest.mark.parametrize("count", [0, 4])
def test_more_zones_than_the_block_is_cut_for_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} zones"):
        plan(IPv4Network("10.0.0.0/16"), [str(index) for index in range(count)])

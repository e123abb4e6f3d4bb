"""The arithmetic of fleets, for every target and weight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.emr import capacity
from local.cloud.emr.capacity import Offer

UNITS = st.integers(1, 64)
WEIGHTS = st.lists(UNITS, max_size=30)


OFFERS = st.lists(
    st.builds(
        Offer,
        instance_type=st.just("t"),
        weight=UNITS,
        free=st.integers(0, 50),
        price=st.none() | st.floats(0.01, 10),
        priority=st.none() | st.floats(0, 10),
    ),
    min_size=1,
    max_size=8,
)


@given(st.integers(1, 1000), OFFERS, st.none() | st.sampled_from(sorted(capacity.STRATEGIES)))
def test_the_target_is_met_if_it_can_be_and_by_no_node_too_many(
    units: int, offers: list[Offer], strategy: str | None
) -> None:
    taken = capacity.allocate(units, offers, strategy)

    assert all(0 <= nodes <= offer.free for nodes, offer in zip(taken, offers, strict=True))
    had = capacity.had(taken, offers)
    assert had >= min(units, sum(offer.units for offer in offers))
    over = max((offer.weight for nodes, offer in zip(taken, offers, strict=True) if nodes), default=0)
    assert had < units + max(over, 1)


@given(st.integers(0, 1000), WEIGHTS)
def test_what_is_stopped_leaves_the_target_met_and_nothing_to_spare(target: int, weights: list[int]) -> None:
    gone = capacity.to_stop(target, weights)
    left = [w for i, w in enumerate(weights) if i not in gone]

    assert len(set(gone)) == len(gone)
    assert sum(left) >= min(target, sum(weights))
    assert all(sum(left) - w < target for w in left)


def test_the_youngest_nodes_go_first() -> None:
    assert capacity.to_stop(4, [2, 2, 2, 2]) == [3, 2]


def offer(name: str, *, free: int = 100, weight: int = 1, price: float | None = None, **more: float) -> Offer:
    return Offer(instance_type=name, weight=weight, free=free, price=price, **more)


SMALL, BIG = offer("small", price=1.5), offer("big", weight=4, price=4.0)
RARE = offer("rare", free=3, price=0.5)


@pytest.mark.parametrize(
    ("strategy", "offers", "units", "taken"),
    [
        (None, [SMALL, BIG], 4, [0, 1]),
        (None, [SMALL, BIG, offer("new")], 4, [4, 0, 0]),  # a price is missing: the order of the request
        (None, [offer("a", priority=2.0), offer("b", priority=1.0)], 3, [0, 3]),
        ("lowest-price", [SMALL, RARE], 5, [2, 3]),
        ("capacity-optimized", [SMALL, RARE, BIG], 5, [0, 0, 2]),
        ("price-capacity-optimized", [SMALL, RARE, BIG], 5, [0, 0, 2]),
        ("price-capacity-optimized", [SMALL, offer("deep", price=0.5)], 5, [0, 5]),
        (
            "capacity-optimized-prioritized",
            [offer("a", free=3, priority=1.0), offer("b", priority=2.0)],
            3,
            [0, 3],
        ),
        ("diversified", [SMALL, RARE, offer("c", price=2.0)], 6, [2, 2, 2]),
        ("diversified", [SMALL, offer("none", free=0), offer("c", price=2.0)], 6, [4, 0, 2]),
    ],
)
def test_each_strategy_takes_what_it_is_for(
    strategy: str | None, offers: list[Offer], units: int, taken: list[int]
) -> None:
    assert capacity.allocate(units, offers, strategy) == taken

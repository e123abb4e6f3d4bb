"""The arithmetic of fleets, for every target and weight."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from local.cloud.emr import capacity

UNITS = st.integers(1, 64)
WEIGHTS = st.lists(UNITS, max_size=30)


@given(st.integers(0, 1000), st.integers(0, 1000), UNITS)
def test_as_many_nodes_as_meet_the_target_and_not_one_more(target: int, have: int, unit: int) -> None:
    nodes = capacity.to_start(target, have, unit)

    assert nodes >= 0
    assert have + nodes * unit >= target
    assert nodes == 0 or have + (nodes - 1) * unit < target


@given(st.integers(0, 1000), WEIGHTS)
def test_what_is_stopped_leaves_the_target_met_and_nothing_to_spare(target: int, weights: list[int]) -> None:
    gone = capacity.to_stop(target, weights)
    left = [w for i, w in enumerate(weights) if i not in gone]

    assert len(set(gone)) == len(gone)
    assert sum(left) >= min(target, sum(weights))
    assert all(sum(left) - w < target for w in left)


def test_the_youngest_nodes_go_first() -> None:
    assert capacity.to_stop(4, [2, 2, 2, 2]) == [3, 2]


def test_the_type_is_chosen_by_priority_then_by_price_then_by_place() -> None:
    prices = {"big": 4.0, "small": 1.5}
    big, small = {"InstanceType": "big", "WeightedCapacity": 4}, {"InstanceType": "small"}
    unknown = {"InstanceType": "new"}

    def chosen(*types: Mapping[str, object]) -> object:
        return capacity.choose(types, "us-east-1", lambda name, _region: prices.get(name))["InstanceType"]

    assert chosen({**big, "Priority": 2.0}, {**small, "Priority": 1.0}) == "small"
    assert chosen(small, big) == "big"  # 1.0 a unit
    assert chosen(small, big, unknown) == "small"

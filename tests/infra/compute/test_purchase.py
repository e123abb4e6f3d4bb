"""Fleets from a profile and a size class: enough types, alike, weighted by size, and the user's word stands."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from facts import instances
from facts.instances import Architecture, Kind, Size, instance
from infra.compute import purchase
from infra.compute.purchase import PROFILES, Purchase
from infra.settings.cluster import ClusterSettings

KINDS = st.sampled_from(get_args(Kind))
ARCHITECTURES = st.sampled_from(get_args(Architecture))
PURCHASES = st.sampled_from(get_args(Purchase))


def cluster(**changes: Any) -> dict[str, Any]:
    """A cluster that lists nothing itself."""
    return {
        "purchase": "balanced",
        "size": {"family": "general", "size": "xlarge"},
        "primary": {},
        "core": {"units": 8},
        "task": {"units": 40},
        **changes,
    }


def written(**changes: Any) -> dict[str, Any]:
    tree, mistakes = purchase.expanded(cluster(**changes))
    assert mistakes == []
    return tree


def settings(**changes: Any) -> ClusterSettings:
    return ClusterSettings.model_validate(written(**changes))


@given(
    kind=KINDS,
    size=st.sampled_from(["xlarge", "2xlarge", "4xlarge"]),
    architecture=ARCHITECTURES,
    bought=PURCHASES,
    nodes=st.integers(4, 60),
)
def test_any_profile_and_size_class_is_a_valid_cluster(
    kind: Kind, size: Size, architecture: Architecture, bought: Purchase, nodes: int
) -> None:
    alike = instances.alike(kind, size, architecture)
    assume(alike)
    counts = purchase.units_of(alike[0])
    whole = {"family": kind, "size": size, "architecture": architecture}
    changes = {
        "purchase": bought, "size": whole, "core": {"units": 2 * counts}, "task": {"units": nodes * counts},
    }  # fmt: skip
    tree = written(**changes)
    assert tree == written(**changes)  # the same, whenever it is asked
    found = ClusterSettings.model_validate(tree)
    assert found.task is not None
    assert found.task.target_units == nodes * counts
    assert (found.core.on_demand_units, found.core.spot_units) == (2 * counts, 0)
    # A type that counts more than the whole of a market's target does not join: its first node would overshoot it.
    least = min(target for target in (found.task.on_demand_units, found.task.spot_units) if target)
    enough = 9 if kind == "gpu" and size == "4xlarge" else 10
    assert len(found.task.types) >= (enough if least >= 2 * counts else min(enough, len(alike)))
    assert len(found.core.types) <= purchase.STEADY_TYPES
    for entry in found.task.types:
        one = instance(entry.name)
        assert (one.kind, one.architecture) == (kind, architecture)
        assert entry.units == (one.gpus or one.vcpu)  # proportional to what it can do
        assert one.vcpu >= alike[0].vcpu
    for entry in found.core.types:
        assert instance(entry.name).size == size


@pytest.mark.parametrize(
    ("bought", "on_demand", "spot", "minutes", "most", "protected"),
    [("sla", 40, 0, 5, 100, True), ("balanced", 12, 28, 10, 100, False), ("cheap", 0, 40, 30, 100, False)],
)
def test_what_each_profile_buys(
    bought: Purchase, on_demand: int, spot: int, minutes: int, most: int, protected: bool
) -> None:
    found = settings(purchase=bought)
    assert found.task is not None
    assert (found.task.on_demand_units, found.task.spot_units) == (on_demand, spot)
    assert found.task.spot_timeout_minutes == minutes
    assert found.task.spot_allocation == PROFILES[bought].spot_allocation
    assert {entry.max_price_percent for entry in found.task.types} == {most}
    assert found.termination_protection is protected


@given(units=st.integers(1, 4000), node=st.integers(1, 64), percent=st.integers(0, 100))
def test_a_split_loses_nothing_and_has_whole_nodes_in_both_markets(
    units: int, node: int, percent: int
) -> None:
    assume(units >= node)
    on_demand, spot = purchase.split(units, node, percent)
    assert on_demand + spot == units
    for part in (on_demand, spot):
        assert part == 0 or part >= node
    nearest = units // node * percent / 100
    assert abs(spot // node - nearest) <= 1


def test_what_the_stack_file_says_stands() -> None:
    found = settings(
        purchase="sla",
        termination_protection=False,
        task={
            "types": [{"name": "m5.4xlarge", "units": 2}],
            "spot_units": 6,
            "spot_timeout_minutes": 45,
            "spot_allocation": "diversified",
        },
    )
    assert found.task is not None
    assert [entry.name for entry in found.task.types] == ["m5.4xlarge"]
    assert (found.task.spot_units, found.task.spot_timeout_minutes) == (6, 45)
    assert found.task.spot_allocation == "diversified"
    assert not found.termination_protection


def test_a_list_of_types_is_split_by_the_profile_in_its_own_units() -> None:
    found = settings(task={"types": [{"name": "m5.4xlarge", "units": 2}], "units": 20})
    assert found.task is not None
    assert (found.task.on_demand_units, found.task.spot_units) == (6, 14)


def test_a_size_class_without_a_profile_only_lists_the_types() -> None:
    tree = cluster(core={"on_demand_units": 4}, task={"spot_units": 8})
    del tree["purchase"]
    found, mistakes = purchase.expanded(tree)
    assert mistakes == []
    assert found["task"]["spot_units"] == 8
    assert len(found["task"]["types"]) == 10
    assert "spot_timeout_minutes" not in found["task"]


@pytest.mark.parametrize(("units", "largest"), [(4, 4), (8, 8), (16, 8)])
def test_no_node_of_a_larger_size_would_overshoot_the_target(units: int, largest: int) -> None:
    arm = {"family": "memory", "size": "xlarge", "architecture": "arm64"}
    found = settings(purchase="cheap", size=arm, task={"units": units})
    assert found.task is not None
    assert max(entry.units for entry in found.task.types) == largest


def test_a_fleet_may_have_a_size_class_of_its_own() -> None:
    found = settings(task={"units": 4, "size": {"family": "gpu", "size": "xlarge"}})
    assert found.task is not None
    assert {instance(entry.name).kind for entry in found.task.types} == {"gpu"}
    assert {instance(entry.name).kind for entry in found.core.types} == {"general"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"core": {"units": 3}},
            "core.units: is 3, less than one node, which counts 4; raise it to a multiple",
        ),
        ({"core": {"units": 8, "on_demand_units": 8}}, "core.units: stands beside on_demand_units"),
        (
            {"purchase": None},
            "core.units: needs a profile that splits it; set purchase to sla, balanced or cheap",
        ),
        ({"primary": {"units": 1}}, "primary.units: is no setting of the primary"),
        (
            {
                "task": {
                    "types": [{"name": "m5.xlarge"}],
                    "size": {"family": "general", "size": "xlarge"},
                    "units": 8,
                }
            },
            "task.types: stands beside size",
        ),
    ],
)
def test_contradictions_are_told(changes: dict[str, Any], said: str) -> None:
    _, mistakes = purchase.expanded(cluster(**changes))
    assert mistakes[0].startswith(said), mistakes


def test_what_is_no_profile_is_left_for_its_model_to_tell() -> None:
    several: tuple[dict[str, Any], ...] = (
        {"purchase": "best"},
        {"purchase": 7},
        {"size": []},
        {"size": {"family": "big"}},
        {"core": 1},
    )
    for wrong in several:
        tree, _ = purchase.expanded(cluster(**wrong))
        key = next(iter(wrong))
        assert tree[key] == wrong[key]

"""Managed scaling: the decisions as a pure function, and fleets that follow them on the test clock."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.emr.scaling.managed import (
    EVALUATE_SECONDS,
    IN_SECONDS,
    OUT_SECONDS,
    History,
    Limits,
    Size,
    Slot,
    decide,
    grown,
    needed,
    shrunk,
)
from local.contracts import YarnMetrics
from tests.local.cloud.conftest import PRIMARY, Cloud

NODE_MB = 3072
LIMITS = Limits(minimum=2, maximum=10, on_demand=4, core=2)
ONE_CORE: dict[str, Any] = {
    "InstanceFleetType": "CORE", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}  # fmt: skip
TASK: dict[str, Any] = {
    "InstanceFleetType": "TASK", "TargetSpotCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}  # fmt: skip


def load(nodes: int, *, used: int = 0, pending: int = 0) -> YarnMetrics:
    """A YARN of `nodes`, of which jobs use and ask for so many MiB."""
    return YarnMetrics(
        nodes_active=nodes, apps_running=1, apps_pending=0, containers_allocated=used // 1024,
        containers_pending=pending // 1024, containers_reserved=0, memory_total_mb=nodes * NODE_MB,
        memory_available_mb=nodes * NODE_MB - used, memory_allocated_mb=used, memory_reserved_mb=0,
        memory_pending_mb=pending,
    )  # fmt: skip


def size(core: int = 1, task: int = 1) -> Size:
    """On-demand core and spot task nodes of weight 1."""
    units: dict[Slot, int] = {
        ("CORE", "ON_DEMAND"): core, ("CORE", "SPOT"): 0, ("TASK", "ON_DEMAND"): 0, ("TASK", "SPOT"): task,
    }  # fmt: skip
    return Size(units=units, nodes=core + task)


class Play:
    """Decisions over recorded loads: what each asks for in MiB, a look every ten seconds."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.size, self.history, self.limits, self.now = size(), History(), limits, 0.0
        self.moves: list[tuple[float, int]] = []

    def look(self, asked: int) -> None:
        """One look at a load that asks for so many MiB in all."""
        have = self.size.nodes * NODE_MB
        move = decide(
            self.history, self.now, load(self.size.nodes, used=min(asked, have), pending=max(0, asked - have)),
            self.size, self.limits,
        )  # fmt: skip
        if move is not None:
            self.size = Size(units=move.units, nodes=sum(move.units.values()))
            self.moves.append((self.now, self.size.total))
        self.now += EVALUATE_SECONDS

    def hours(self, hours: float, asked: Any) -> None:
        """Look for so long; `asked` gives the load at a second."""
        end = self.now + hours * 3600
        while self.now < end:
            self.look(asked(self.now))


def test_a_backlog_that_lasts_is_answered_once() -> None:
    play = Play()
    play.hours(0.5, lambda _: 6 * NODE_MB)
    assert play.moves == [(OUT_SECONDS, 6)]


def test_a_backlog_that_passes_moves_nothing() -> None:
    play = Play()
    play.hours(1, lambda now: 6 * NODE_MB if now % 120 < OUT_SECONDS else NODE_MB)
    assert play.moves == []


def test_capacity_goes_when_it_was_not_needed_for_long() -> None:
    play = Play()
    play.hours(0.5, lambda now: 6 * NODE_MB if now < 300 else 0)
    out, back = play.moves
    assert out == (OUT_SECONDS, 6)
    assert back[1] == LIMITS.minimum
    assert back[0] - 300 >= IN_SECONDS


@pytest.mark.parametrize(
    "shape",
    [
        lambda now: 5 * NODE_MB,
        lambda now: (5 if now % 600 < 300 else 2) * NODE_MB,
        lambda now: (8 if now % 120 < 60 else 0) * NODE_MB,
        lambda now: int((5 + random.Random(now).uniform(-2, 2)) * NODE_MB),
    ],
    ids=["steady", "in waves of ten minutes", "in waves of two minutes", "noisy"],
)
def test_a_steady_load_is_moved_for_less_than_six_times_an_hour(shape: Any) -> None:
    play = Play()
    play.hours(8, shape)
    assert play.moves
    for hour in range(8):
        assert sum(hour * 3600 <= at < (hour + 1) * 3600 for at, _ in play.moves) < 6


def test_the_core_grows_first_then_tasks_on_demand_then_spot() -> None:
    assert grown(size(core=1, task=1), 8, LIMITS) == {
        ("CORE", "ON_DEMAND"): 2, ("CORE", "SPOT"): 0, ("TASK", "ON_DEMAND"): 2, ("TASK", "SPOT"): 4,
    }  # fmt: skip


def test_spot_tasks_go_first_and_the_core_last() -> None:
    units: dict[Slot, int] = {
        ("CORE", "ON_DEMAND"): 3, ("CORE", "SPOT"): 1, ("TASK", "ON_DEMAND"): 2, ("TASK", "SPOT"): 4,
    }  # fmt: skip
    large = Size(units=units, nodes=10)
    assert shrunk(large, 5) == {**units, ("TASK", "SPOT"): 0, ("TASK", "ON_DEMAND"): 1}
    assert shrunk(large, 0) == {
        ("CORE", "ON_DEMAND"): 1, ("CORE", "SPOT"): 0, ("TASK", "ON_DEMAND"): 0, ("TASK", "SPOT"): 0,
    }  # fmt: skip


def test_a_large_cluster_on_few_nodes_counts_nodes_not_the_machine() -> None:
    """Twenty nodes of weight 8 that three processes stand for: a backlog of one node is eight units."""
    large = Size(units={("TASK", "SPOT"): 160}, nodes=20)
    assert needed(load(3, used=3 * NODE_MB, pending=NODE_MB), large) == 32


@given(
    core=st.integers(1, 20), task=st.integers(0, 50), wanted=st.integers(0, 80), minimum=st.integers(1, 20),
    more=st.integers(0, 60), on_demand=st.integers(0, 80), held=st.integers(0, 80),
)  # fmt: skip
def test_no_size_leaves_the_limits(
    core: int, task: int, wanted: int, minimum: int, more: int, on_demand: int, held: int
) -> None:
    limits = Limits(minimum=minimum, maximum=minimum + more, on_demand=on_demand, core=held)
    before = size(core, task)
    wanted = min(max(wanted, limits.minimum), limits.maximum)
    units = grown(before, wanted, limits) if wanted > before.total else shrunk(before, wanted)
    after = Size(units=units, nodes=1)
    assert after.of(role="CORE") >= 1
    assert after.of(role="CORE") <= max(core, held)
    assert after.of(market="ON_DEMAND") <= max(core, on_demand)
    if wanted >= before.total:
        assert before.total <= after.total <= max(wanted, before.total)
    else:
        assert after.total == max(wanted, 1)


# On the test clock


def _scaled(cloud: Cloud, **limits: int) -> str:
    cluster = cloud.ready(instances={"InstanceFleets": [PRIMARY, ONE_CORE, TASK]})
    compute = {
        "UnitType": "InstanceFleetUnits",
        "MinimumCapacityUnits": 2,
        "MaximumCapacityUnits": 6,
        **limits,
    }
    cloud.client("emr").put_managed_scaling_policy(
        ClusterId=cluster, ManagedScalingPolicy={"ComputeLimits": compute}
    )
    return cluster


def _targets(cloud: Cloud, cluster: str) -> dict[str, tuple[int, int]]:
    fleets = cloud.client("emr").list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    return {
        fleet["InstanceFleetType"]: (fleet["TargetOnDemandCapacity"], fleet["TargetSpotCapacity"])
        for fleet in fleets
        if fleet["InstanceFleetType"] != "MASTER"
    }


def test_a_fleet_follows_its_load_and_says_why(cloud: Cloud) -> None:
    cluster = _scaled(cloud, MaximumCoreCapacityUnits=1, MaximumOnDemandCapacityUnits=1)
    before = _targets(cloud, cluster)
    cloud.add_steps(cluster, "large")
    cloud.runner.loads[cluster] = load(2, used=2 * NODE_MB, pending=9 * NODE_MB)
    for _ in range(5):
        cloud.pass_time(EVALUATE_SECONDS)
    grown_to = _targets(cloud, cluster)
    fleets = cloud.client("emr").list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    task = next(fleet for fleet in fleets if fleet["InstanceFleetType"] == "TASK")
    cloud.runner.loads[cluster] = load(6)
    for _ in range(100):
        cloud.pass_time(EVALUATE_SECONDS)

    assert before == {"CORE": (1, 0), "TASK": (0, 1)}
    assert grown_to == {"CORE": (1, 0), "TASK": (0, 5)}
    assert task["ProvisionedSpotCapacity"] == 5
    assert cloud.runner.sizes[-1] == 3
    assert _targets(cloud, cluster) == {"CORE": (1, 0), "TASK": (0, 1)}
    told = next(one for one in cloud.server.control.overview() if one["id"] == cluster)["scaling"]
    assert [move["reason"].split(":")[0] for move in told] == [  # type: ignore[attr-defined]
        "managed scaling from 2 to 6 units", "managed scaling from 6 to 2 units",
    ]  # fmt: skip


def test_without_its_policy_a_cluster_stays_as_it_is(cloud: Cloud) -> None:
    cluster = _scaled(cloud)
    cloud.client("emr").remove_managed_scaling_policy(ClusterId=cluster)
    cloud.runner.loads[cluster] = load(2, used=2 * NODE_MB, pending=9 * NODE_MB)
    for _ in range(10):
        cloud.pass_time(EVALUATE_SECONDS)
    assert _targets(cloud, cluster) == {"CORE": (1, 0), "TASK": (0, 1)}


def test_a_minimum_above_the_size_is_met_at_once(cloud: Cloud) -> None:
    cluster = _scaled(cloud, MinimumCapacityUnits=4, MaximumCoreCapacityUnits=1)
    cloud.pass_time(EVALUATE_SECONDS)
    cloud.pass_time(1)
    assert sum(sum(pair) for pair in _targets(cloud, cluster).values()) == 4


def test_a_policy_of_the_launch_counts_from_then(cloud: Cloud) -> None:
    compute = {
        "UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 3, "MaximumCapacityUnits": 6,
        "MaximumCoreCapacityUnits": 1, "MaximumOnDemandCapacityUnits": 1,
    }  # fmt: skip
    cluster = cloud.ready(
        ManagedScalingPolicy={"ComputeLimits": compute},
        instances={"InstanceFleets": [PRIMARY, ONE_CORE, TASK]},
    )
    cloud.pass_time(EVALUATE_SECONDS)
    assert _targets(cloud, cluster) == {"CORE": (1, 0), "TASK": (0, 2)}


def test_groups_scale_by_instances(cloud: Cloud) -> None:
    groups = [
        {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": 1, "Market": market}
        for role, market in (("MASTER", "ON_DEMAND"), ("CORE", "ON_DEMAND"), ("TASK", "SPOT"))
    ]
    cluster = cloud.ready(instances={"InstanceFleets": [], "InstanceGroups": groups})
    emr = cloud.client("emr")
    compute = {
        "UnitType": "VCPU", "MinimumCapacityUnits": 8, "MaximumCapacityUnits": 16, "MaximumCoreCapacityUnits": 4,
    }  # fmt: skip
    emr.put_managed_scaling_policy(ClusterId=cluster, ManagedScalingPolicy={"ComputeLimits": compute})
    cloud.runner.loads[cluster] = load(2, used=2 * NODE_MB, pending=9 * NODE_MB)
    for _ in range(5):
        cloud.pass_time(EVALUATE_SECONDS)
    counts = {
        group["InstanceGroupType"]: group["RequestedInstanceCount"]
        for group in emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    }
    assert counts == {"MASTER": 1, "CORE": 1, "TASK": 3}

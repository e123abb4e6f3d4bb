"""Clusters of anybody's stack file: fleets or groups, sizes, engines, scaling, queues, and what nodes have beside."""

from __future__ import annotations

from functools import cache
from typing import get_args

from hypothesis import strategies as st

from facts import instances, releases
from infra.compute import engines, purchase
from tests.infra.anybody.words import NAMES, Draw, Tree, images, said


@cache
def types_of(release: str, architecture: str) -> list[instances.InstanceType]:
    """What a cluster of the release may consist of."""
    every = [instances.instance(name) for name in instances.names()]
    return [one for one in every if one.architecture == architecture and instances.runs(release, one.family)]


@st.composite
def fleets(
    draw: Draw, role: str, release: str, architecture: str, groups: bool, profile: bool, sized: bool
) -> Tree:
    kinds = types_of(release, architecture)
    fleet: Tree = draw(
        said(
            volume_gib=st.integers(10, 16384),
            volumes=st.integers(1, 8),
            spot_timeout_minutes=st.integers(5, 1440),
            spot_timeout_action=st.sampled_from(["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"]),
            on_demand_allocation=st.sampled_from(["lowest-price", "prioritized"]),
        )
    )
    nodes = draw(st.integers(1, 6))
    unit = 1
    if not sized:
        first = draw(st.sampled_from(kinds))
        alike = [one for one in kinds if (one.kind, one.size) == (first.kind, first.size)]
        found = (
            [first]
            if groups
            else draw(st.lists(st.sampled_from(alike), min_size=1, max_size=30, unique=True))
        )
        unit = 1 if groups or role == "primary" else draw(st.sampled_from([1, first.vcpu]))
        fleet["types"] = [
            {"name": one.name, "units": unit, **draw(said(max_price_percent=st.integers(1, 1000)))}
            for one in found
        ]
    if role == "primary":
        return fleet if profile or sized else {**fleet, "on_demand_units": 1}
    if sized and profile:
        return {**fleet, "units": draw(st.sampled_from([16, 32, 64, 128]))}
    if sized:
        unit = 16
    targets = {"on_demand_units": nodes * unit, "spot_units": 0}
    if role == "task":
        targets = draw(
            st.sampled_from([targets, {"on_demand_units": 0, "spot_units": nodes * unit}])
            if groups
            else st.just({"on_demand_units": draw(st.integers(0, 3)) * unit, "spot_units": nodes * unit})
        )
    return {**fleet, **targets}


@st.composite
def clusters(draw: Draw, region: str) -> Tree:
    release = draw(st.sampled_from(releases.labels()))
    architecture = draw(st.sampled_from(["x86_64", "arm64"]))
    groups, sized = draw(st.integers(0, 3)) == 0, draw(st.booleans())
    sized = sized and not groups
    profile = draw(st.sampled_from([None, *get_args(purchase.Purchase)])) if not groups else None
    engine = draw(
        st.sampled_from([None, *(e for e in get_args(engines.Engine) if not engines.refusal(e, release))])
    )
    known = releases.release(release).applications
    one: Tree = {
        "release": release,
        **({"engine": engine} if engine else {}),
        **({"purchase": profile} if profile else {}),
    }
    more = draw(st.lists(st.sampled_from(known), unique=True, max_size=4))
    one["applications"] = more if engine else list(dict.fromkeys(["Spark", *more]))
    if sized:
        one["size"] = {
            "family": draw(st.sampled_from(["general", "memory", "compute"])),
            "size": draw(st.sampled_from(["xlarge", "2xlarge", "4xlarge"])),
            "architecture": architecture,
        }
    roles = ["primary", "core", *(["task"] if draw(st.booleans()) else [])]
    for role in roles:
        one[role] = draw(fleets(role, release, architecture, groups, profile is not None, sized))
    units = sum(sum(one[r].get(k, 0) for k in ("units", "on_demand_units", "spot_units")) for r in roles[1:])
    if draw(st.booleans()):
        one["scaling"] = {
            "minimum_units": draw(st.integers(1, units)),
            "maximum_units": draw(st.integers(units, units + 60)),
            "maximum_core_units": units,
            "maximum_on_demand_units": units,
            **draw(said(reset_targets=st.sampled_from(["none", "task", "all"]))),
        }
    elif groups:
        one["autoscale"] = {
            role: draw(autoscale(one[role]["on_demand_units"] + one[role]["spot_units"]))
            for role in draw(st.lists(st.sampled_from(roles[1:]), unique=True))
        }
    if groups:
        one["nodes"] = "groups"
    one |= draw(
        said(
            idle_timeout_seconds=st.integers(60, 604_800),
            step_concurrency=st.integers(1, 256),
            termination_protection=st.booleans(),
            speculative_execution=st.booleans(),
            root_volume_gib=st.integers(15, 100),
            bootstrap=bootstraps(),
            spark=st.dictionaries(
                st.from_regex(r"\Aspark\.[a-z.]{1,20}\Z"), st.text(min_size=1, max_size=40), max_size=3
            ),
            queues=queues(),
        )
    )
    extra = draw(st.sampled_from(["", "", "", "image", "kerberos", "ephemeral"]))
    if extra == "image" and releases.release(release).docker:
        one["image"] = draw(images(region))
    elif extra == "kerberos":
        one["kerberos"] = {"realm": draw(st.sampled_from(["EC2.INTERNAL", "A", "X" * 255]))}
    elif extra == "ephemeral" and not groups:
        one |= {"ephemeral": True, "termination_protection": False}
    return one


@st.composite
def autoscale(draw: Draw, nodes: int) -> Tree:
    out: Tree = {
        "metric": draw(st.sampled_from(["YARNMemoryAvailablePercentage", "ContainerPendingRatio"])),
        "threshold": draw(st.sampled_from([0.75, 5, 10.5])),
        "cooldown_seconds": draw(st.integers(300, 3600)),
    }
    return {
        "minimum_nodes": draw(st.integers(1, nodes)),
        "maximum_nodes": draw(st.integers(nodes + 1, nodes + 20)),
        "scale_out": [out],
        "scale_in": {"available_percent": draw(st.sampled_from([90, 99.5])), "cooldown_seconds": 300},
    }


def bootstraps() -> st.SearchStrategy[Tree]:
    action = st.fixed_dictionaries(
        {
            "name": st.from_regex(r"\A[A-Za-z0-9_ .-]{1,60}\Z"),
            "script": st.from_regex(r"\Abootstrap/[a-z]{1,10}(/[a-z.]{1,10}){0,2}\Z"),
            "arguments": st.lists(st.text(min_size=1, max_size=20), max_size=12),
            "expected_seconds": st.integers(1, 37),
        }
    )
    baked = st.just({"image_id": "ami-0123456789abcdef0"})
    return baked | st.lists(action, min_size=1, max_size=16).map(lambda actions: {"actions": actions})


@st.composite
def queues(draw: Draw) -> dict[str, int]:
    teams = ["default", *draw(st.lists(NAMES.filter(lambda one: one != "default"), unique=True, max_size=6))]
    cuts = sorted(
        draw(st.lists(st.integers(1, 99), min_size=len(teams) - 1, max_size=len(teams) - 1, unique=True))
    )
    return {team: upper - lower for team, lower, upper in zip(teams, [0, *cuts], [*cuts, 100], strict=True)}

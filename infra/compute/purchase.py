"""How a cluster's nodes are bought: from a profile and a size class to fleets. Pure functions over plain trees.

A stack file that names a profile and a size class needs no list of types. What it says itself stands: a profile only
fills in what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from facts import instances
from facts.instances import SIZES, Architecture, InstanceType, Kind

Purchase = Literal["sla", "balanced", "cheap"]
Tree = dict[str, Any]

# "being flexible across at least 10 instance types for each workload": the deeper the pools, the rarer a reclaim.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html
TASK_TYPES = 10
# More would help nobody: on demand the cheapest that is there is taken. It is also what EMR allows without a strategy.
STEADY_TYPES = 5
STEADY = ("primary", "core")  # the roles that are bought on demand


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a profile fills in. Shares and minutes are choices of ours; the strategies' meaning is AWS's:

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html,
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html (on demand where data or a
    deadline hangs on it, spot where cost counts).
    """

    task_spot_percent: int
    spot_allocation: str
    spot_timeout_minutes: int  # EMR waits 60 by default; then the fleet is bought on demand
    max_price_percent: int  # spot never costs more than on demand, so 100 is no limit but a roof
    termination_protection: bool


PROFILES: Mapping[str, Profile] = {  # by Purchase
    # A deadline counts: no node that can be taken away.
    "sla": Profile(
        task_spot_percent=0,
        spot_allocation="capacity-optimized",
        spot_timeout_minutes=5,
        max_price_percent=100,
        termination_protection=True,
    ),
    # Most of the work on spot, enough on demand that a reclaim of all of it is slow and no standstill.
    "balanced": Profile(
        task_spot_percent=70,
        spot_allocation="price-capacity-optimized",
        spot_timeout_minutes=10,
        max_price_percent=100,
        termination_protection=False,
    ),
    # Nobody waits for it: all tasks on spot, and half an hour's patience for it.
    "cheap": Profile(
        task_spot_percent=100,
        spot_allocation="price-capacity-optimized",
        spot_timeout_minutes=30,
        # A lower roof would only be hit sooner, and then the fleet goes on demand, which costs all of it.
        max_price_percent=100,
        termination_protection=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class SizeClass:
    """Types that may stand for each other: one family, one size, one architecture."""

    family: Kind
    size: str
    architecture: Architecture


def units_of(one: InstanceType) -> int:
    """What a node of this type counts: its vCPUs, and in the gpu family its GPUs, which the work there waits for."""
    return one.gpus or one.vcpu


def types(size: SizeClass, role: str, most_units: int) -> list[InstanceType]:
    """What a fleet of `role` may consist of, none of which counts more than `most_units`.

    Task fleets get ten or more: where the size class has fewer (arm64, gpu), the next sizes up join, weighted by what
    they count. Primary and core stay at the size: a core node of twice the size is half the copies of HDFS.
    """
    found = list(instances.alike(size.family, size.size, size.architecture))
    if role in STEADY:
        return found[:STEADY_TYPES]
    for larger in SIZES[SIZES.index(size.size) + 1 :] if size.size in SIZES else ():
        if len(found) >= TASK_TYPES:
            break
        more = instances.alike(size.family, larger, size.architecture)
        found += [one for one in more if units_of(one) <= most_units]
    return found


def split(units: int, node_units: int, spot_percent: int) -> tuple[int, int]:
    """`units` on demand and on spot, in whole nodes of `node_units`; what is left over goes to the larger share.

    Neither market gets a target that is less than one node: it would be overshot by the first.
    """
    nodes = units // node_units
    spot_nodes = (nodes * spot_percent + 50) // 100
    on_demand, spot = (nodes - spot_nodes) * node_units, spot_nodes * node_units
    rest = units - on_demand - spot
    return (on_demand + rest, spot) if on_demand > spot else (on_demand, spot + rest)


def expanded(cluster: Mapping[str, Any]) -> tuple[Tree, list[str]]:
    """The tree of a cluster with types, targets and ways of buying filled in where a profile or size class says them.

    Beside it the mistakes that only show here, each `key: what is wrong`; what else is not as it should be is left
    as it is, for the models to tell.
    """
    tree: Tree = dict(cluster)
    said = tree.get("purchase")
    profile = PROFILES.get(said) if isinstance(said, str) else None
    stands = tree.get("ephemeral") is not True
    if profile is not None and stands and tree.get("termination_protection") is None:
        tree["termination_protection"] = profile.termination_protection
    mistakes: list[str] = []
    for role in ("primary", "core", "task"):
        fleet = tree.get(role)
        if isinstance(fleet, Mapping):
            tree[role] = _fleet(role, fleet, tree.get("size"), profile, mistakes)
    return tree, mistakes


def _fleet(
    role: str, said: Mapping[str, Any], cluster_size: Any, profile: Profile | None, mistakes: list[str]
) -> Tree:
    fleet: Tree = dict(said)
    own = fleet.get("size")
    size = _size_class(cluster_size if own is None else own)
    if profile:
        fleet.setdefault("spot_allocation", profile.spot_allocation)
        fleet.setdefault("spot_timeout_minutes", profile.spot_timeout_minutes)
    if role == "primary":
        fleet.setdefault("on_demand_units", 1)
    wrong = [f"{role}.{line}" for line in _contradictions(role, fleet, profile)]
    mistakes += wrong
    if wrong:
        return fleet
    node_units = _node_units(fleet, size)
    if profile and _is_count(fleet.get("units")) and node_units:
        if fleet["units"] < node_units:
            mistakes.append(
                f"{role}.units: is {fleet['units']}, less than one node, which counts {node_units}; "
                "raise it to a multiple of that"
            )
            return fleet
        spot_percent = 0 if role in STEADY else profile.task_spot_percent
        wanted = split(fleet.pop("units"), node_units, spot_percent)
        fleet["on_demand_units"], fleet["spot_units"] = wanted
    if size and not fleet.get("types"):
        fleet["types"] = list(_listed(size, role, fleet, profile))
    return fleet


def _contradictions(role: str, fleet: Mapping[str, Any], profile: Profile | None) -> Iterator[str]:
    if fleet.get("types") and fleet.get("size"):
        yield "types: stands beside size; a fleet lists its types or has a size class, so remove one"
    if fleet.get("units") is None:
        return
    if role == "primary":
        yield "units: is no setting of the primary, which is one node; remove it"
    elif fleet.get("on_demand_units") is not None or fleet.get("spot_units") is not None:
        yield "units: stands beside on_demand_units or spot_units; say the whole, which purchase splits, or the parts"
    elif profile is None:
        yield "units: needs a profile that splits it; set purchase to sla, balanced or cheap, or say the parts"


def _listed(size: SizeClass, role: str, fleet: Mapping[str, Any], profile: Profile | None) -> Iterator[Tree]:
    targets = [fleet.get("on_demand_units") or 0, fleet.get("spot_units") or 0]
    least = min((target for target in targets if _is_count(target) and target), default=0)
    for one in types(size, role, least):
        entry: Tree = {"name": one.name, "units": 1 if role == "primary" else units_of(one)}
        if profile and fleet.get("spot_units"):
            entry["max_price_percent"] = profile.max_price_percent
        yield entry


def _node_units(fleet: Mapping[str, Any], size: SizeClass | None) -> int:
    """What the largest node of the fleet's own size counts; 0 where that cannot be told."""
    listed = fleet.get("types")
    if isinstance(listed, list | tuple) and listed:
        counts = [one.get("units", 1) if isinstance(one, Mapping) else 0 for one in listed]
        return max(int(count) for count in counts) if all(_is_count(count) for count in counts) else 0
    alike = instances.alike(size.family, size.size, size.architecture) if size else ()
    return max((units_of(one) for one in alike), default=0)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _size_class(said: Any) -> SizeClass | None:
    """The size class that `said` names; None when it is none, which its model tells."""
    if not isinstance(said, Mapping):
        return None
    architecture = said.get("architecture", "x86_64")
    if said.get("family") not in get_args(Kind) or architecture not in get_args(Architecture):
        return None
    if said.get("size") not in SIZES:
        return None
    return SizeClass(family=said["family"], size=said["size"], architecture=architecture)

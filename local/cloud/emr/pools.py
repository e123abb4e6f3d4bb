"""Instance fleets and instance groups as requests name them: checked, and made into pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from local.cloud.emr import capacity
from local.cloud.emr.errors import ValidationError
from local.cloud.emr.ids import new_id
from local.cloud.emr.model import Pool, Status
from local.contracts import InstanceRole, Market

# "Maximum five instance types per fleet", thirty with an allocation strategy (EMR management guide,
# "Planning and configuring instance fleets").
MAX_TYPES, MAX_TYPES_WITH_STRATEGY = 5, 30
_FLEET_NAMES: Mapping[str, str] = {"MASTER": "Primary", "CORE": "Core", "TASK": "Task"}
_SPECIFICATIONS = ("OnDemandSpecification", "SpotSpecification")


def fleet(config: dict[str, Any], now: datetime) -> Pool:
    """The pool that an InstanceFleetConfig describes. Raises ValidationError as EMR does."""
    role: InstanceRole = config["InstanceFleetType"]
    targets: dict[Market, int] = {
        "ON_DEMAND": config.get("TargetOnDemandCapacity") or 0,
        "SPOT": config.get("TargetSpotCapacity") or 0,
    }
    types = config.get("InstanceTypeConfigs") or []
    if not types:
        raise ValidationError(
            f"The {role} instance fleet must have at least one instance type configuration."
        )
    check_targets(role, targets, types)
    _check_types(role, types, config.get("LaunchSpecifications"))
    return Pool(
        kind="FLEET", id=new_id("if-"), role=role, name=config.get("Name") or _FLEET_NAMES[role],
        config=config, types=types, targets=targets, status=Status("PROVISIONING", now),
    )  # fmt: skip


def group(config: dict[str, Any], now: datetime) -> Pool:
    """The pool that an InstanceGroupConfig describes."""
    role: InstanceRole = config["InstanceRole"]
    market: Market = config.get("Market") or "ON_DEMAND"
    if role == "MASTER" and config["InstanceCount"] not in (1, 3):
        raise ValidationError("Master instance group must have exactly 3 instances for HA clusters.")
    targets: dict[Market, int] = {"ON_DEMAND": 0, "SPOT": 0}
    targets[market] = _bounded(role, config["InstanceCount"])
    return Pool(
        kind="GROUP", id=new_id("ig-"), role=role, name=config.get("Name", ""), config=config,
        types=[{"InstanceType": config["InstanceType"]}], targets=targets, status=Status("PROVISIONING", now),
        auto_scaling_policy=config.get("AutoScalingPolicy"),
    )  # fmt: skip


def of_request(instances: Mapping[str, Any], now: datetime) -> list[Pool]:
    """The pools of a RunJobFlow request, in whichever of its three ways it names them."""
    fleets, groups = instances.get("InstanceFleets"), instances.get("InstanceGroups")
    simple = instances.get("MasterInstanceType")
    if sum(bool(way) for way in (fleets, groups, simple)) > 1:
        raise ValidationError("Instance fleets, instance groups and instance types are mutually exclusive.")
    if fleets:
        pools = [fleet(config, now) for config in fleets]
    else:
        pools = [group(config, now) for config in groups or _simple_groups(instances)]
    check_roles([pool.role for pool in pools], kind="FLEET" if fleets else "GROUP")
    return pools


def check_roles(roles: Sequence[InstanceRole], *, kind: str) -> None:
    """One primary; one core at most; of fleets one task at most."""
    if roles.count("MASTER") != 1:
        raise ValidationError("Exactly one instance fleet or group of type MASTER is required.")
    single: tuple[InstanceRole, ...] = ("CORE", "TASK") if kind == "FLEET" else ("CORE",)
    for role in single:
        if roles.count(role) > 1:
            raise ValidationError(f"The cluster can have only one instance {kind.lower()} of type {role}.")
    if "TASK" in roles and "CORE" not in roles:
        raise ValidationError("A cluster with task nodes must have core nodes.")


def check_targets(
    role: InstanceRole, targets: Mapping[Market, int], types: Sequence[Mapping[str, Any]]
) -> None:
    """Whether a fleet may have these targets: a primary exactly one node, a core fleet at least one unit."""
    if role == "MASTER" and sorted(targets.values()) != [0, 1]:
        raise ValidationError(
            "For a master instance fleet, only one of TargetSpotCapacity and TargetOnDemandCapacity can be "
            "specified, and its value must be 1."
        )
    if role == "CORE" and not any(targets.values()):
        raise ValidationError(
            "At least one of TargetSpotCapacity and TargetOnDemandCapacity should be greater than 0."
        )
    lightest = min(capacity.weight(t) for t in types)
    for target in targets.values():
        _bounded(role, target // lightest)


def check_steps_action(actions: Sequence[str], concurrency: int) -> None:
    """With steps in parallel a failing one cannot stop the others (API reference, StepConfig)."""
    for action in actions:
        if concurrency > 1 and action != "CONTINUE":
            raise ValidationError(
                f"The ActionOnFailure setting is not valid: {action}. With a StepConcurrencyLevel greater "
                "than 1 it can only be CONTINUE."
            )


def _check_types(role: str, types: Sequence[Mapping[str, Any]], launch: Mapping[str, Any] | None) -> None:
    named = [t["InstanceType"] for t in types]
    if len(set(named)) != len(named):
        raise ValidationError(f"The {role} instance fleet names an instance type more than once.")
    strategy = any((launch or {}).get(s, {}).get("AllocationStrategy") for s in _SPECIFICATIONS)
    most = MAX_TYPES_WITH_STRATEGY if strategy else MAX_TYPES
    if len(types) > most:
        raise ValidationError(
            f"The {role} instance fleet has {len(types)} instance types; at most {most} are allowed"
            + ("." if strategy else " without an allocation strategy.")
        )
    if role == "MASTER" and any(capacity.weight(t) != 1 for t in types):
        raise ValidationError("The WeightedCapacity of a master instance fleet must be 1.")


def _bounded(role: str, nodes: int) -> int:
    if nodes > capacity.MAX_NODES:
        raise ValidationError(
            f"The {role} nodes asked for are {nodes}; at most {capacity.MAX_NODES} are allowed."
        )
    return nodes


def _simple_groups(instances: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not instances.get("MasterInstanceType"):
        raise ValidationError(
            "The request names no instances: instance fleets, instance groups or instance types."
        )
    primary = instances["MasterInstanceType"]
    groups = [{"InstanceRole": "MASTER", "InstanceType": primary, "InstanceCount": 1}]
    workers = (instances.get("InstanceCount") or 1) - 1
    if workers > 0:
        kind = instances.get("SlaveInstanceType") or primary
        groups.append({"InstanceRole": "CORE", "InstanceType": kind, "InstanceCount": workers})
    return groups

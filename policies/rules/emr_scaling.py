"""EMR's scaling: limits that agree with the nodes, a state that does not fight it, and no flapping."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.capacity import CLUSTER, GROUP, SCALING, Fleet, fleets, of_cluster
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts
from policies.view import Node, Resource, Stack, WrongTypeError, show

TARGETS = ("targetOnDemandCapacity", "targetSpotCapacity")


def _limits(resource: Resource) -> Node:
    limits = resource.get("computeLimits")
    members = limits.items() if isinstance(limits.value, list) else [limits]
    return members[0] if members else Node({}, limits.path)


def _check_limits(resource: Resource, _: Config) -> Verdicts:
    limits = _limits(resource)
    least = limits.get("minimumCapacityUnits").number() or 0
    most = limits.get("maximumCapacityUnits").number() or 0
    if least > most:
        yield Finding(f"scales between {least:.0f} and {most:.0f} units, the least above the most")
    for key in ("maximumCoreCapacityUnits", "maximumOndemandCapacityUnits"):
        number = limits.get(key).number()
        if number is not None and number > most:
            yield Finding(f"{key} is {number:.0f}, more than the {most:.0f} of maximumCapacityUnits")


def _check_unit(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    unit = _limits(resource).get("unitType").text()
    for cluster in stack.targets(resource, "clusterId", CLUSTER):
        kinds = {fleet.is_group for fleet in fleets(cluster)}
        if kinds == {False} and unit != "InstanceFleetUnits":
            yield Finding(f"counts in {show(unit)}, but {cluster.label} has fleets")
        if kinds == {True} and unit == "InstanceFleetUnits":
            yield Finding(f"counts in {show(unit)}, but {cluster.label} has groups")


def _check_within(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    """Targets of the state outside of the limits: EMR moves them at once, and the next update moves them back."""
    most = _limits(resource).get("maximumCapacityUnits").number()
    for cluster in stack.targets(resource, "clusterId", CLUSTER):
        found = [fleet for _, fleet in of_cluster(cluster, stack) if fleet.role != "primary"]
        units = sum(fleet.units for fleet in found)
        if most is not None and found and units > most:
            yield Finding(
                f"scales to {most:.0f} units at most, but {cluster.label} is declared with {units:.0f}"
            )


def _check_state(resource: Resource, stack: Stack, config: Config) -> Verdicts:
    """Every resource whose targets scaling moves must ignore that they moved."""
    if not stack.referring(resource, "clusterId", SCALING):
        return
    for owner, fleet in of_cluster(resource, stack):
        if fleet.role == "primary" or fleet.role not in config["roles"]:
            continue
        prefix = f"{fleet.node.path}." if owner.type == CLUSTER else ""
        targets = ("instanceCount",) if fleet.is_group else _bought(fleet)
        missing = [prefix + key for key in targets if not _ignores(owner, prefix + key)]
        if missing:
            whose = "" if owner is resource else f" of {owner.label}"
            yield Finding(f"has managed scaling, but the next update sets back {', '.join(missing)}{whose}")


def _bought(fleet: Fleet) -> tuple[str, ...]:
    return tuple(key for key in TARGETS if fleet.node.get(key).present)


def _ignores(resource: Resource, path: str) -> bool:
    def within(ignored: str) -> bool:
        return path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))

    return any(ignored == "*" or within(ignored) for ignored in resource.ignored)


def _policies(resource: Resource) -> Iterator[tuple[str, Node]]:
    """Autoscaling policies of groups, which are JSON text."""
    nodes = [("core", resource.get("coreInstanceGroup").get("autoscalingPolicy"))]
    if resource.type == GROUP:
        nodes = [("task", resource.get("autoscalingPolicy"))]
    for role, node in nodes:
        if not node.present:
            continue
        text = node.value if not isinstance(node.value, str) else _json(node)
        yield role, Node(text, node.path)


def _json(node: Node) -> object:
    try:
        return json.loads(str(node.value))
    except json.JSONDecodeError:
        raise WrongTypeError(node.path, node.value, "JSON") from None


def _check_flapping(resource: Resource, config: Config) -> Verdicts:
    for role, policy in _policies(resource):
        least = policy.get("Constraints").get("MinCapacity").number() or 0
        most = policy.get("Constraints").get("MaxCapacity").number() or 0
        if least >= most:
            yield Finding(
                f"the {role} group scales between {least:.0f} and {most:.0f} nodes, which is not at all"
            )
        for rule in policy.get("Rules").items():
            cooldown = _action(rule).get("CoolDown").number() or 0
            if cooldown < config["minCooldownSeconds"]:
                yield Finding(
                    f"the rule {show(rule.get('Name').text())} of the {role} group acts again after {cooldown:.0f} s; "
                    f"allowed are {config['minCooldownSeconds']:.0f} and more"
                )
        yield from _no_gap(role, policy, config)


def _action(rule: Node) -> Node:
    return rule.get("Action").get("SimpleScalingPolicyConfiguration")


def _no_gap(role: str, policy: Node, config: Config) -> Verdicts:
    """Thresholds of one metric at which nodes are added and taken away too near each other."""
    bounds: dict[str, dict[str, float]] = {}
    for rule in policy.get("Rules").items():
        alarm = rule.get("Trigger").get("CloudWatchAlarmDefinition")
        metric, threshold = alarm.get("MetricName").text() or "", alarm.get("Threshold").number()
        way = "out" if (_action(rule).get("ScalingAdjustment").number() or 0) > 0 else "in"
        if threshold is not None:
            bounds.setdefault(metric, {})[way] = threshold
    for metric, found in bounds.items():
        if len(found) == 2:
            gap = abs(found["out"] - found["in"])
            if gap < config["minGapShare"] * max(abs(found["out"]), abs(found["in"])):
                yield Finding(
                    f"the {role} group adds nodes at {metric} {found['out']:g} and takes them away at {found['in']:g}"
                )


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="emr-scaling-limits",
        title="The limits of managed scaling agree with each other",
        protects="Capacity and money: limits that EMR refuses, or that hold nothing",
        remedy="Keep the least below the most, and those of core nodes and on demand within it",
        severity=Severity.MEDIUM,
        types=frozenset({SCALING}),
        check=_check_limits,
    ),
    StackRule(
        id="emr-scaling-unit",
        title="Managed scaling counts in what its cluster is made of",
        protects="Capacity: fleets are counted in their own units, groups in nodes or vCPUs",
        remedy="Set unitType to InstanceFleetUnits for fleets, to Instances or VCPU for groups",
        severity=Severity.MEDIUM,
        types=frozenset({SCALING}),
        check=_check_unit,
    ),
    StackRule(
        id="emr-scaling-within-limits",
        title="A cluster is declared within the limits of its scaling",
        protects="Running work: nodes that scaling takes away as soon as an update has added them",
        remedy="Raise maximumCapacityUnits, or declare fewer units",
        severity=Severity.MEDIUM,
        types=frozenset({SCALING}),
        check=_check_within,
    ),
    StackRule(
        id="emr-scaling-and-state",
        title="An update leaves alone what managed scaling has moved",
        protects="Running work: an update that sets targets back, or replaces the cluster for it",
        remedy="Add these properties to ignoreChanges",
        types=frozenset({CLUSTER}),
        config={
            "roles": {
                "type": "array",
                "items": {"type": "string", "enum": ["core", "task"]},
                "default": ["core", "task"],
                "description": "Nodes whose targets scaling may move.",
            }
        },
        check=_check_state,
    ),
    ResourceRule(
        id="emr-autoscale-no-flapping",
        title="Autoscaling waits between its steps and has a gap between up and down",
        protects="Work and money: nodes that come and go every few minutes",
        remedy="Raise CoolDown, and move the two thresholds apart",
        severity=Severity.MEDIUM,
        types=frozenset({CLUSTER, GROUP}),
        config={
            "minCooldownSeconds": {
                "type": "number",
                "minimum": 0,
                "default": 300,
                "description": "Shortest CoolDown of a rule in seconds.",
            },
            "minGapShare": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "default": 0.2,
                "description": "Least gap between the two thresholds of a metric, as a share of the greater.",
            },
        },
        check=_check_flapping,
    ),
)

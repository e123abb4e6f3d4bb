"""EMR's nodes: markets, types, weights and strategies that get capacity and keep it."""

from __future__ import annotations

import json

from policies.capacity import (
    CLUSTER,
    WITH_FLEETS,
    WITH_NODES,
    Fleet,
    architecture,
    fleets,
    of_cluster,
    size,
)
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts
from policies.view import Node, Resource, Stack, show

ON_DEMAND, SPOT = "onDemandSpecifications", "spotSpecifications"
# A fleet takes 5 types, and 30 where every fleet of the cluster has a strategy.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
FEW, MANY = 5, 30
SKEW = 1.5
"""How far weights may be from the sizes: EMR counts whole units, so a quarter more or less is rounding."""


def _check_strategy(resource: Resource, _: Config) -> Verdicts:
    for fleet in fleets(resource):
        if fleet.is_group:
            continue
        for market, units in ((ON_DEMAND, fleet.on_demand), (SPOT, fleet.spot)):
            if units and not fleet.strategy(market).present:
                yield Finding(
                    f"{fleet.where} buys {units:.0f} units without launchSpecifications.{market}.allocationStrategy"
                )


def _check_spot_strategy(resource: Resource, _: Config) -> Verdicts:
    for fleet in fleets(resource):
        if not fleet.is_group and fleet.spot:
            strategy = fleet.strategy(SPOT)
            if strategy.text() in ("lowest-price", "diversified"):
                yield Finding(
                    f"{fleet.where} buys spot by {show(strategy.value)}, where it is reclaimed most"
                )


def _check_types(resource: Resource, config: Config) -> Verdicts:
    for fleet in fleets(resource):
        if fleet.is_group:
            continue
        types = fleet.types
        most = MANY if fleet.strategy(ON_DEMAND).present or fleet.strategy(SPOT).present else FEW
        if len(types) > most:
            yield Finding(f"{fleet.where} names {len(types)} types; EMR takes {most} of them")
        if len(set(types)) < len(types):
            twice = next(name for name in types if types.count(name) > 1)
            yield Finding(f"{fleet.where} names {twice} more than once")
        if fleet.spot and fleet.role != "primary" and len(set(types)) < config["minSpotTypes"]:
            yield Finding(
                f"{fleet.where} looks for spot among {len(set(types))} types, "
                f"fewer than {config['minSpotTypes']:.0f}"
            )


def _check_weights(resource: Resource, _: Config) -> Verdicts:
    for fleet in fleets(resource):
        if fleet.is_group or fleet.role == "primary":
            continue
        heavy = [c for c in fleet.configs if fleet.units and fleet.weight(c) > fleet.units]
        for config in heavy[:1]:
            yield Finding(
                f"{fleet.where} asks for {fleet.units:.0f} units of types that count for {fleet.weight(config):.0f}: "
                "one node is more than is asked for"
            )
        yield from _uneven(fleet)


def _uneven(fleet: Fleet) -> Verdicts:
    """Weights that follow neither vCPUs, nor memory, nor GPUs; types that the facts do not have are let be."""
    known = [
        (fleet.weight(c), found) for c in fleet.configs if (found := size(c.get("instanceType").text() or ""))
    ]
    if len(known) < 2:
        return
    for measure in range(3):
        ratios = [weight / sizes[measure] for weight, sizes in known if sizes[measure]]
        if len(ratios) == len(known) and max(ratios) <= SKEW * min(ratios):
            return
    yield Finding(f"{fleet.where} weighs its types by neither vCPUs nor memory: {_weights(fleet)}")


def _weights(fleet: Fleet) -> str:
    told = [f"{c.get('instanceType').text()} {fleet.weight(c):.0f}" for c in fleet.configs]
    return ", ".join(told[:4]) + (" …" if told[4:] else "")


def _check_architecture(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    first: dict[str, str] = {}
    for owner, fleet in of_cluster(resource, stack):
        for name in fleet.types:
            first.setdefault(architecture(name), f"{name} in {_place(owner, fleet)}")
    if len(first) > 1:
        yield Finding(
            f"mixes architectures: {' and '.join(f'{where} is {what}' for what, where in first.items())}"
        )


def _place(owner: Resource, fleet: Fleet) -> str:
    return fleet.where if owner.type == CLUSTER else owner.label


def _check_replication(resource: Resource, _: Config) -> Verdicts:
    core = [fleet for fleet in fleets(resource) if fleet.role == "core"]
    wanted = _replication(resource)
    for fleet in core:
        if wanted is not None and fleet.fewest_nodes < wanted:
            yield Finding(
                f"{fleet.where} may have {fleet.fewest_nodes:.0f} nodes, fewer than dfs.replication ({wanted:.0f})"
            )


def _replication(resource: Resource) -> float | None:
    """dfs.replication as configured; None where it is left to EMR, which goes by the number of core nodes."""
    node = resource.get("configurationsJson")
    text = node.text()
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return None
    for one in Node(value, node.path).items() if isinstance(value, list) else []:
        keys = {key.lower(): member for key, member in one.mapping().items()}
        if keys.get("classification") == "hdfs-site":
            return Node(keys.get("properties"), one.path).get("dfs.replication").number()
    return None


def _check_spot_timeout(resource: Resource, config: Config) -> Verdicts:
    for fleet in fleets(resource):
        if fleet.is_group or not fleet.spot:
            continue
        specification = fleet.specification(SPOT)
        minutes = specification.get("timeoutDurationMinutes").number()
        action = specification.get("timeoutAction").text()
        if minutes is None or minutes > config["maxMinutes"]:
            yield Finding(
                f"{fleet.where} waits {'for EMR’s own time' if minutes is None else f'{minutes:.0f} minutes'} "
                f"for spot; allowed are {config['maxMinutes']:.0f}"
            )
        if action != "SWITCH_TO_ON_DEMAND":
            yield Finding(f"{fleet.where} does {show(action)} when spot is not to be had")


def _check_market(resource: Resource, config: Config) -> Verdicts:
    for fleet in fleets(resource):
        if fleet.role in config["roles"] and fleet.spot:
            yield Finding(f"{fleet.where} is on spot: {LOST[fleet.role]}")


LOST = {
    "primary": "the cluster ends when the node is taken away",
    "core": "HDFS loses blocks when nodes are taken away",
    "task": "its work is done again when nodes are taken away",
}


def _check_price(resource: Resource, _: Config) -> Verdicts:
    for fleet in fleets(resource):
        for config in () if fleet.is_group or not fleet.spot else fleet.configs:
            percent = config.get("bidPriceAsPercentageOfOnDemandPrice").number()
            if percent is not None and percent < 100:
                name = config.get("instanceType").text()
                yield Finding(f"{fleet.where} bids {percent:.0f} % of on demand for {name}")
                break


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="emr-fleet-strategy",
        title="Every instance fleet has an allocation strategy",
        protects="Capacity: one fleet without a strategy holds all fleets of a cluster to five types",
        remedy="Set allocationStrategy in launchSpecifications for each market that the fleet buys in",
        severity=Severity.MEDIUM,
        types=WITH_FLEETS,
        check=_check_strategy,
    ),
    ResourceRule(
        id="emr-spot-strategy",
        title="Spot is bought where there is most of it",
        protects="Work in progress: the cheapest pools are reclaimed first",
        remedy="Set allocationStrategy to price-capacity-optimized or capacity-optimized",
        severity=Severity.MEDIUM,
        types=WITH_FLEETS,
        check=_check_spot_strategy,
    ),
    ResourceRule(
        id="emr-fleet-types",
        title="An instance fleet names as many types as EMR takes and spot needs",
        protects="Capacity: a cluster that is refused, or that waits for one pool",
        remedy="Name types of one size class in several families",
        severity=Severity.MEDIUM,
        types=WITH_FLEETS,
        config={
            "minSpotTypes": {
                "type": "number",
                "minimum": 1,
                "maximum": MANY,
                "default": 5,
                "description": "Fewest types of a core or task fleet that buys spot.",
            }
        },
        check=_check_types,
    ),
    ResourceRule(
        id="emr-fleet-weights",
        title="Weights in a fleet follow the size of its types",
        protects="Money and time: a unit that is sometimes eight times as large",
        remedy="Set weightedCapacity in proportion to vCPUs or memory, and ask for at least one node's units",
        severity=Severity.MEDIUM,
        types=WITH_FLEETS,
        check=_check_weights,
    ),
    StackRule(
        id="emr-one-architecture",
        title="All nodes of a cluster are of one architecture",
        protects="Jobs: native libraries and images are built for one",
        remedy="Choose types of Graviton only, or none",
        types=frozenset({CLUSTER}),
        check=_check_architecture,
    ),
    ResourceRule(
        id="emr-core-replication",
        title="There are as many core nodes as HDFS keeps copies",
        protects="Data in HDFS: blocks that can never have all their copies",
        remedy="Raise the core units, or lower dfs.replication",
        types=frozenset({CLUSTER}),
        check=_check_replication,
    ),
    ResourceRule(
        id="emr-spot-timeout",
        title="A fleet that does not get spot goes on demand in time",
        protects="Deadlines: EMR waits an hour by default",
        remedy="Set timeoutDurationMinutes, and timeoutAction to SWITCH_TO_ON_DEMAND, in spotSpecifications",
        severity=Severity.MEDIUM,
        types=WITH_FLEETS,
        config={
            "maxMinutes": {
                "type": "number",
                "minimum": 5,
                "maximum": 1440,
                "default": 30,
                "description": "Longest wait for spot in minutes.",
            }
        },
        check=_check_spot_timeout,
    ),
    ResourceRule(
        id="emr-steady-nodes-on-demand",
        title="Primary and core nodes are bought on demand",
        protects="The cluster and its HDFS, from a reclaim",
        remedy="Buy them on demand, and put what may be taken away into a task fleet",
        types=WITH_NODES,
        config={
            "roles": {
                "type": "array",
                "items": {"type": "string", "enum": ["primary", "core", "task"]},
                "default": ["primary", "core"],
                "description": "Nodes that must not be on spot.",
            }
        },
        check=_check_market,
    ),
    ResourceRule(
        id="emr-spot-price",
        title="The highest price for spot is that on demand",
        protects="Work in progress: a lower bid is only reclaimed sooner, the price paid is the market's",
        remedy="Leave the bid out, or set bidPriceAsPercentageOfOnDemandPrice to 100",
        severity=Severity.LOW,
        types=WITH_FLEETS,
        check=_check_price,
    ),
)

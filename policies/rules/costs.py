"""Cost guardrails: which machines, how many, and what a month of them comes to by dated list prices."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from facts import prices
from facts.errors import UserError
from policies.capacity import CLUSTER, SCALING, WITH_NODES, Fleet, fleets, of_cluster
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts
from policies.view import Resource, Stack

HOURS = 730
"""Hours of a month, as AWS's own calculator counts."""
# Types of the generation before: https://aws.amazon.com/ec2/previous-generation/
PREVIOUS = ("m1.*", "m2.*", "m3.*", "m4.*", "c1.*", "c3.*", "c4.*", "r3.*", "r4.*", "i2.*", "g2.*", "t1.*")
# What costs tens of dollars an hour is named by a stack that means it.
DEAR = ("*.metal*", "p*.*", "u-*.*", "x*.*", "*.24xlarge", "*.32xlarge", "*.48xlarge")


def _check_types(resource: Resource, config: Config) -> Verdicts:
    refused = [*config["refused"], *PREVIOUS] if config["previousGenerations"] else config["refused"]
    for fleet in fleets(resource):
        for name in fleet.types:
            fits = next((p for p in refused if fnmatchcase(name, p)), None)
            if fits and not any(fnmatchcase(name, allowed) for allowed in config["allowed"]):
                why = "of the previous generation" if fits in PREVIOUS else f"refused by '{fits}'"
                yield Finding(f"{fleet.where} names {name}, {why}")


def _check_ceiling(resource: Resource, config: Config) -> Verdicts:
    most = config["maxUnits"]
    if resource.type == SCALING:
        for limits in _limits(resource):
            if limits > most:
                yield Finding(f"may grow to {limits:.0f} units; allowed are {most:.0f}")
        return
    for fleet in fleets(resource):
        if fleet.units > most:
            yield Finding(f"{fleet.where} asks for {fleet.units:.0f} units; allowed are {most:.0f}")


def _limits(resource: Resource) -> Iterator[float]:
    node = resource.get("computeLimits")
    for one in node.items() if isinstance(node.value, list) else [node]:
        number = one.get("maximumCapacityUnits").number()
        if number is not None:
            yield number


def _check_month(resource: Resource, stack: Stack, config: Config) -> Verdicts:
    region = _region(resource)
    total = 0.0
    for _, fleet in of_cluster(resource, stack):
        cost = _dollars_an_hour(fleet, region)
        if cost is None:
            return  # A price that nobody can source is not made up: the cluster is not judged.
        total += cost
    month = total * HOURS
    if month > config["maxMonthlyUsd"]:
        yield Finding(
            f"costs up to {month:,.0f} USD a month as declared, if it runs all the time; "
            f"allowed are {config['maxMonthlyUsd']:,.0f}"
        )


def _region(resource: Resource) -> str:
    own = resource.get("region").text()
    return own or resource.provider.get("region").text() or ""


def _dollars_an_hour(fleet: Fleet, region: str) -> float | None:
    """The dearest that the units can be had for; EMR's own charge with it. None where a price is not known."""
    units = fleet.units
    nodes = [(name, 1.0) for name in fleet.types] if fleet.is_group else _weighed(fleet)
    dearest = {"demand": 0.0, "spot": 0.0}
    for name, weight in nodes:
        try:
            price = prices.price(name, region)
        except UserError:
            return None
        emr = price.emr_usd_per_hour
        dearest["demand"] = max(dearest["demand"], (price.ec2_usd_per_hour + emr) / weight)
        dearest["spot"] = max(dearest["spot"], (price.ec2_usd_per_hour * price.spot_ratio + emr) / weight)
    if not nodes:
        return 0.0 if not units else None
    return fleet.on_demand * dearest["demand"] + fleet.spot * dearest["spot"]


def _weighed(fleet: Fleet) -> list[tuple[str, float]]:
    return [(c.get("instanceType").text() or "", fleet.weight(c)) for c in fleet.configs]


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="cost-instance-types",
        title="Nodes are of types that are worth their price",
        protects="Money: previous generations, bare metal and the largest sizes",
        remedy="Name types of a current generation, or list the type as allowed for this stack",
        severity=Severity.MEDIUM,
        types=WITH_NODES,
        config={
            "refused": {
                "type": "array",
                "items": {"type": "string"},
                "default": list(DEAR),
                "description": "Patterns of instance types that are refused.",
            },
            "allowed": {
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Patterns of instance types that are meant, although a pattern refuses them.",
            },
            "previousGenerations": {
                "type": "boolean",
                "default": True,
                "description": "Whether types of previous generations are refused too.",
            },
        },
        check=_check_types,
    ),
    ResourceRule(
        id="cost-fleet-ceiling",
        title="No fleet grows without end",
        protects="Money: a wrong digit in a target",
        remedy="Lower the units, or raise maxUnits for this stack",
        severity=Severity.MEDIUM,
        types=WITH_NODES | {SCALING},
        config={
            "maxUnits": {
                "type": "number",
                "minimum": 1,
                "default": 512,
                "description": "Most units of a fleet, or of a cluster that scales.",
            }
        },
        check=_check_ceiling,
    ),
    StackRule(
        id="cost-monthly-estimate",
        title="A cluster as declared stays under a monthly sum",
        protects="Money: what a cluster costs is known before it runs",
        remedy="Declare fewer or smaller nodes, or raise maxMonthlyUsd for this stack",
        severity=Severity.MEDIUM,
        types=frozenset({CLUSTER}),
        config={
            "maxMonthlyUsd": {
                "type": "number",
                "minimum": 0,
                "default": 20000,
                "description": "Most that a cluster may cost in a month of 730 hours, by list prices (facts/data).",
            }
        },
        check=_check_month,
    ),
)

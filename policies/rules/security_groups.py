"""Security groups: closed to the world, narrow on the way out, described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import said
from policies.ranges import is_world, protocol
from policies.rule import (
    Config,
    Finding,
    Level,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
    nag,
)
from policies.view import Node, Resource, Stack

GROUP = "aws:ec2/securityGroup:SecurityGroup"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
RULE_TYPES = frozenset({OLD_RULE, INGRESS_RULE, EGRESS_RULE})
ICMP = ("icmp", "icmpv6", "1", "58")
# What the bridged providers write where a program says nothing.
UNSAID = ("Managed by Pulumi", "Managed by Terraform")


def _rules(resource: Resource, way: str) -> Iterator[tuple[Node, list[Node], list[Node]]]:
    """Each `ingress` or `egress` rule with the nodes of its IPv4 and IPv6 ranges."""
    if resource.type in (INGRESS_RULE, EGRESS_RULE):
        if resource.type == (INGRESS_RULE if way == "ingress" else EGRESS_RULE):
            yield resource.props, [resource.get("cidrIpv4")], [resource.get("cidrIpv6")]
        return
    if resource.type == OLD_RULE:
        rules = [resource.props] if resource.get("type").text() == way else []
    else:
        rules = resource.get(way).items()
    for rule in rules:
        yield rule, rule.get("cidrBlocks").items(), rule.get("ipv6CidrBlocks").items()


def _ports(rule: Node) -> str:
    first, last = rule.get("fromPort").number(), rule.get("toPort").number()
    kind = protocol(rule)
    if kind in ICMP:  # its "ports" are types and codes
        return "by ICMP"
    if kind in ("-1", "all") or first is None:
        return "on every port"
    return f"on port {first:.0f}" if first == last else f"on ports {first:.0f} to {last or first:.0f}"


def _check_open(resource: Resource, config: Config) -> Verdicts:
    allowed = {int(port) for port in config["allowedPorts"]}
    for rule, *families in _rules(resource, "ingress"):
        for node in (node for family in families for node in family):
            if node.unknown:
                yield node.value
            elif is_world(node):
                first, last = rule.get("fromPort").number(), rule.get("toPort").number()
                if first is None or first != last or int(first) not in allowed:
                    yield Finding(f"lets {node.value} in {_ports(rule)}")


def _check_egress(resource: Resource, _: Config) -> Verdicts:
    for rule, *families in _rules(resource, "egress"):
        if _ports(rule) not in ("on every port", "on ports 0 to 65535"):
            continue
        for node in (node for family in families for node in family):
            if node.unknown:
                yield node.value
            elif is_world(node):
                yield Finding(f"lets everything out to {node.value} on every port")


def _check_description(resource: Resource, _: Config) -> Verdicts:
    text = resource.get("description")
    if not text.present or (not text.unknown and text.text() in UNSAID):
        yield Finding(f"does not say what it is for: {said(text)}")
    if resource.type == GROUP:
        rules = [rule for way in ("ingress", "egress") for rule in resource.get(way).items()]
        yield from (
            Finding(f"does not say what a rule is for: {rule.path}.description is not set")
            for rule in rules
            if not rule.get("description").present
        )


def _check_used(group: Resource, stack: Stack, _: Config) -> Verdicts:
    if not any(user.type not in RULE_TYPES for user in stack.users(group)):
        yield Finding("guards nothing of this stack")


def _check_clusters_groups(cluster: Resource, stack: Stack, config: Config) -> Verdicts:
    for group in cluster.references.get("ec2Attributes", []):
        if group.type != GROUP:
            continue
        for declared in (group, *stack.referring(group, "securityGroupId", OLD_RULE, INGRESS_RULE)):
            for verdict in _check_open(declared, config):
                if isinstance(verdict, Finding):
                    yield Finding(f"has the {group.label}, which {verdict.problem}")
                else:
                    yield verdict


ALLOWED_PORTS: Mapping[str, Mapping[str, Any]] = {
    "allowedPorts": {
        "type": "array",
        "items": {"type": "integer"},
        "default": [],
        "description": "Single ports that the world may reach, as in 443 for a public endpoint.",
    }
}
RULES = (
    ResourceRule(
        id="sg-not-open-to-the-world",
        title="No security group lets the whole internet in",
        protects="Every port behind the group",
        remedy="Name the ranges or the security group that need it",
        severity=Severity.CRITICAL,
        types=frozenset({GROUP, OLD_RULE, INGRESS_RULE}),
        controls=checkov("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277")
        + fsbp("EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EC2.54")
        + nag("AwsSolutions-EC23")
        + cis("5.1.2", "5.3", "5.4"),
        config=ALLOWED_PORTS,
        check=_check_open,
    ),
    StackRule(
        id="emr-security-groups-closed",
        title="No security group of an EMR cluster lets the whole internet in",
        protects="The cluster's nodes and web interfaces, from the internet",
        remedy="Name the ranges or the security group that need it",
        severity=Severity.CRITICAL,
        types=frozenset({"aws:emr/cluster:Cluster"}),
        controls=checkov("CKV2_AWS_7"),
        config=ALLOWED_PORTS,
        check=_check_clusters_groups,
    ),
    ResourceRule(
        id="sg-egress-narrow",
        title="No security group lets everything out to the whole internet",
        protects="Data, from being carried off by whatever gets in",
        remedy="Name the ports, as in 443, or the ranges that are needed",
        severity=Severity.MEDIUM,
        types=frozenset({GROUP, OLD_RULE, EGRESS_RULE}),
        controls=checkov("CKV_AWS_382"),
        check=_check_egress,
    ),
    ResourceRule(
        id="sg-described",
        title="Every security group, and every rule of it, says what it is for",
        protects="Whoever has to decide whether a rule may go",
        remedy="Set description",
        severity=Severity.LOW,
        types=frozenset({GROUP, *RULE_TYPES}),
        controls=checkov("CKV_AWS_23") + nag("AwsSolutions-EC27"),
        check=_check_description,
    ),
    StackRule(
        id="sg-used",
        title="Every security group guards something of its stack",
        protects="Whoever has to read the rules that count",
        remedy="Remove it, or use it",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=frozenset({GROUP}),
        controls=checkov("CKV2_AWS_5"),
        check=_check_used,
    ),
)

"""Network ACLs: closed to the world where machines are administered, and in use."""

from __future__ import annotations

from collections.abc import Iterator

from policies.ranges import is_world, protocol
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, cis, fsbp
from policies.view import Node, Resource, Stack

ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
ENTRY = "aws:ec2/networkAclRule:NetworkAclRule"
ASSOCIATION = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
ALL = ("-1", "all")
WITH_PORTS = (*ALL, "6", "tcp", "17", "udp")


def _entries(resource: Resource) -> list[Node]:
    """The entries for incoming traffic, in the order in which AWS goes through them."""
    if resource.type == ENTRY:
        return [] if resource.get("egress").flag() else [resource.props]
    return sorted(resource.get("ingress").items(), key=lambda entry: entry.get("ruleNo").number() or 0)


def _allows(entry: Node) -> bool:
    return (entry.get("ruleAction").text() or entry.get("action").text() or "").lower() == "allow"


def _covers(entry: Node, port: int) -> bool:
    kind = protocol(entry)
    if kind in ALL:
        return True
    first, last = entry.get("fromPort").number(), entry.get("toPort").number()
    return kind in WITH_PORTS and first is not None and first <= port <= (first if last is None else last)


def _check_ports(resource: Resource, config: Config) -> Verdicts:
    entries = _entries(resource)
    for family in ("cidrBlock", "ipv6CidrBlock"):
        ranges = [entry.get(family) for entry in entries]
        yield from (node.value for node in ranges if node.unknown)
        world = [e for e, node in zip(entries, ranges, strict=True) if not node.unknown and is_world(node)]
        for port in config["ports"]:
            # The first entry that covers a port decides.
            first = next((entry for entry in world if _covers(entry, port)), None)
            if first is not None and _allows(first):
                yield Finding(f"lets {first.get(family).value} in on port {port}")


def _open(resource: Resource) -> Iterator[Node]:
    for entry in _entries(resource):
        first, last = entry.get("fromPort").number(), entry.get("toPort").number()
        every = protocol(entry) in ALL or (not first and (last or 0) >= 65535)
        if _allows(entry) and every:
            yield entry


def _check_all_ports(resource: Resource, _: Config) -> Verdicts:
    for entry in _open(resource):
        source = entry.get("cidrBlock") if entry.get("cidrBlock").present else entry.get("ipv6CidrBlock")
        shown = "a range not known yet" if source.unknown else source.value
        yield Finding(f"lets {shown} in on every port")


def _check_attached(acl: Resource, stack: Stack, _: Config) -> Verdicts:
    subnets = acl.given("subnetIds")
    if not subnets.unknown and not subnets.items() and not stack.referring(acl, "networkAclId", ASSOCIATION):
        yield Finding("guards no subnet: subnetIds is empty, and no NetworkAclAssociation names it")


RULES = (
    ResourceRule(
        id="nacl-admin-ports-closed",
        title="No network ACL lets the internet in where machines are administered",
        protects="Every machine of the subnet, from the world",
        remedy="Name the ranges that need it, or deny the port by an entry before",
        types=frozenset({ACL, DEFAULT_ACL, ENTRY}),
        controls=checkov("CKV_AWS_229", "CKV_AWS_230", "CKV_AWS_231", "CKV_AWS_232")
        + fsbp("EC2.21")
        + cis("5.2"),
        config={
            "ports": {
                "type": "array",
                "items": {"type": "integer"},
                "default": [20, 21, 22, 3389],
                "description": "Ports that the internet may not reach.",
            }
        },
        check=_check_ports,
    ),
    ResourceRule(
        id="nacl-not-every-port",
        title="No entry of a network ACL lets everything in",
        protects="Every port of the subnet",
        remedy="Name protocol and ports",
        severity=Severity.MEDIUM,
        types=frozenset({ENTRY}),
        controls=checkov("CKV_AWS_352"),
        check=_check_all_ports,
    ),
    StackRule(
        id="nacl-attached",
        title="Every network ACL guards a subnet",
        protects="Whoever has to read the rules that count",
        remedy="Set subnetIds, add a NetworkAclAssociation, or remove it",
        severity=Severity.LOW,
        types=frozenset({ACL}),
        controls=checkov("CKV2_AWS_1") + fsbp("EC2.16"),
        check=_check_attached,
    ),
)

"""Network: nothing open to the world, traffic on record, clusters where the internet does not reach."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import (
    Config,
    Finding,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
    nag,
)
from policies.unknown import Unknown
from policies.view import Node, Resource, Stack

DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"


def _check_public_ip(resource: Resource, _: Config) -> Verdicts:
    if resource.get("mapPublicIpOnLaunch").flag() is True:
        yield Finding("gives every instance a public address: mapPublicIpOnLaunch is true")


def _check_default_group(vpc: Resource, stack: Stack, _: Config) -> Verdicts:
    if vpc.type == DEFAULT_GROUP:  # of a VPC that is another stack's
        yield from () if stack.targets(vpc, "vpcId", VPC) else _lets_through(vpc)
        return
    groups = stack.referring(vpc, "vpcId", DEFAULT_GROUP)
    if not groups:
        yield Finding("leaves its default security group as AWS made it, open among its members")
    for group in groups:
        yield from _lets_through(group, f" in its {group.label}")


def _lets_through(group: Resource, where: str = "") -> Verdicts:
    for way in ("ingress", "egress"):
        rules = group.get(way).items() if not group.get(way).unknown else []
        if rules:
            yield Finding(f"has {len(rules)} {way} rule{'s' if rules[1:] else ''}{where}")


def _check_flow_log(vpc: Resource, stack: Stack, _: Config) -> Verdicts:
    logs = stack.referring(vpc, "vpcId", "aws:ec2/flowLog:FlowLog")
    if not logs:
        yield Finding("has no flow log")
        return
    kinds = [log.get("trafficType") for log in logs]
    if not any(kind.unknown or kind.text() in (None, "ALL", "REJECT") for kind in kinds):
        yield Finding(f"records only {kinds[0].text()} traffic in its {logs[0].label}, not what is refused")


def _route_gateways(table: Resource, stack: Stack) -> Iterator[tuple[Resource, Node, list[Resource]]]:
    """Each route of a table: who declares it, its gateway, and the resources that flow into it."""
    for route in stack.referring(table, "routeTableId", "aws:ec2/route:Route"):
        yield route, route.get("gatewayId"), route.references.get("gatewayId", [])
    routes = table.get("routes")
    if not routes.unknown:
        flowing = table.references.get("routes", [])
        for route_node in routes.items():
            yield table, route_node.get("gatewayId"), flowing


def _reaches_internet(table: Resource, stack: Stack) -> Iterator[Resource | Unknown]:
    """The route of a table that leads to an internet gateway, or what hides it."""
    for owner, gateway, flowing in _route_gateways(table, stack):
        leads = any(source.type == "aws:ec2/internetGateway:InternetGateway" for source in flowing)
        if gateway.unknown and not flowing:
            yield Unknown(f"{owner.label} {gateway.path}")
        elif gateway.present and (
            leads or (not gateway.unknown and (gateway.text() or "").startswith("igw-"))
        ):
            yield owner


def _tables(subnet: Resource, stack: Stack) -> list[Resource]:
    """The route table of a subnet: the associated one, else the VPC's main one where the stack changes it."""
    tables = ("aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable")
    found = [
        table
        for association in stack.referring(
            subnet, "subnetId", "aws:ec2/routeTableAssociation:RouteTableAssociation"
        )
        for table in stack.targets(association, "routeTableId", *tables)
    ]
    if found:
        return found
    for vpc in stack.targets(subnet, "vpcId", VPC):
        main = stack.referring(vpc, "vpcId", "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation")
        found += [
            table for association in main for table in stack.targets(association, "routeTableId", *tables)
        ]
        found += stack.referring(vpc, "defaultRouteTableId", "aws:ec2/defaultRouteTable:DefaultRouteTable")
    return found


def _check_private(cluster: Resource, stack: Stack, config: Config) -> Verdicts:
    attributes = cluster.get("ec2Attributes")
    subnets = _subnets(cluster, stack)
    given = [attributes] if attributes.unknown else _named(attributes)
    if not given:
        yield Finding("names no subnet, so it starts in the default VPC, which is public")
        return
    if not subnets:
        yield from (node.value for node in given if node.unknown)
    for foreign in _foreign(given, subnets, config["trustedSubnets"]):
        yield Finding(
            f"stands in {foreign}, which is not of this stack, so nothing here says that it is private",
            remedy="List it in trustedSubnets of this rule if it is",
        )
    for subnet in subnets:
        if subnet.get("mapPublicIpOnLaunch").flag() is True:
            yield Finding(f"stands in {subnet.label}, which gives out public addresses")
        for table in _tables(subnet, stack):
            for route in _reaches_internet(table, stack):
                if isinstance(route, Unknown):
                    yield route
                else:
                    yield Finding(
                        f"stands in {subnet.label}, whose {route.label} leads to an internet gateway"
                    )


def _named(attributes: Node) -> list[Node]:
    """The subnets that ec2Attributes names, one or several."""
    nodes = [attributes.get("subnetId"), *attributes.get("subnetIds").items()]
    return [node for node in nodes if node.present]


def _foreign(given: list[Node], subnets: list[Resource], trusted: list[str]) -> list[str]:
    """Literal ids that belong to no subnet of the stack."""
    ids = {subnet.get("id").value for subnet in subnets if isinstance(subnet.get("id").value, str)}
    literal = {node.value for node in given if isinstance(node.value, str)} - ids - set(trusted)
    # A provider need not repeat an id among the outputs: each such subnet accounts for one of the literals.
    nameless = sum(1 for subnet in subnets if not isinstance(subnet.get("id").value, str))
    return sorted(literal)[nameless:]


def _subnets(cluster: Resource, stack: Stack) -> list[Resource]:
    """The subnets of the stack that a cluster is placed in: by the flow of their ids, else by literal ids."""
    flowing = [source for source in cluster.references.get("ec2Attributes", []) if source.type == SUBNET]
    attributes = cluster.get("ec2Attributes")
    if flowing or attributes.unknown:
        return flowing
    ids = [node.text() for node in _named(attributes) if not node.unknown]
    return [
        subnet
        for subnet in stack.of(SUBNET)
        if not subnet.get("id").unknown and subnet.get("id").text() in ids
    ]


RULES = (
    ResourceRule(
        id="subnet-no-public-ip",
        title="No subnet gives out public addresses by itself",
        protects="Instances, from being reachable by accident",
        remedy="Set mapPublicIpOnLaunch to false",
        severity=Severity.MEDIUM,
        types=frozenset({SUBNET}),
        controls=checkov("CKV_AWS_130") + fsbp("EC2.15"),
        check=_check_public_ip,
    ),
    StackRule(
        id="vpc-default-group-closed",
        title="The default security group of every VPC lets nothing through",
        protects="Whatever is started without a group of its own",
        remedy="Declare a DefaultSecurityGroup for the VPC with neither ingress nor egress",
        types=frozenset({VPC, DEFAULT_GROUP}),
        controls=checkov("CKV2_AWS_12") + fsbp("EC2.2") + cis("5.5"),
        check=_check_default_group,
    ),
    StackRule(
        id="vpc-flow-log",
        title="Every VPC has a flow log that shows refused traffic",
        protects="What can be found out after an incident",
        remedy="Add a FlowLog with vpcId and trafficType ALL or REJECT",
        severity=Severity.MEDIUM,
        types=frozenset({VPC}),
        controls=checkov("CKV2_AWS_11") + fsbp("EC2.6") + nag("AwsSolutions-VPC7") + cis("3.7"),
        check=_check_flow_log,
    ),
    StackRule(
        id="emr-private-subnet",
        title="EMR clusters stand in private subnets",
        protects="The cluster's nodes and web interfaces, from the internet",
        remedy="Use a subnet whose route table has no route to an internet gateway",
        severity=Severity.CRITICAL,
        types=frozenset({"aws:emr/cluster:Cluster"}),
        controls=fsbp("EMR.1"),
        config={
            "trustedSubnets": {
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Ids of private subnets that other stacks own.",
            }
        },
        check=_check_private,
    ),
)

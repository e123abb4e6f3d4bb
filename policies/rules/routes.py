"""Routes, addresses and endpoints: no way in or out that nobody meant."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be_true
from policies.ranges import is_world
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
)
from policies.view import Node, Resource, Stack

ROUTE = "aws:ec2/route:Route"
TABLES = frozenset({ROUTE, "aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable"})
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")


def _wide(resource: Resource) -> Iterator[tuple[Node, str]]:
    """Each route to most of the internet, with its range."""
    for route in [resource.props] if resource.type == ROUTE else resource.get("routes").items():
        ranges = [route.get(key) for key in DESTINATIONS if route.get(key).present]
        yield from ((route, str(node.value)) for node in ranges if is_world(node))


def _check_peering(resource: Resource, _: Config) -> Verdicts:
    for route, cidr in _wide(resource):
        if route.get("vpcPeeringConnectionId").present:
            yield Finding(f"sends {cidr} to a peered VPC")


def _check_nat(resource: Resource, _: Config) -> Verdicts:
    for route, cidr in _wide(resource):
        through = [key for key in ("instanceId", "networkInterfaceId") if route.get(key).present]
        if through:
            yield Finding(f"sends {cidr} through a machine ({through[0]})")


def _check_default_vpc(_resource: Resource, _: Config) -> Verdicts:
    yield Finding("takes the default VPC into use, whose subnets are public")


def _check_address(address: Resource, stack: Stack, _: Config) -> Verdicts:
    given = any(
        address.given(key).present for key in ("instance", "networkInterface", "associateWithPrivateIp")
    )
    if not given and not stack.users(address):
        yield Finding("is used by nothing of this stack")


def _check_block(resource: Resource, _: Config) -> Verdicts:
    mode = resource.get("internetGatewayBlockMode")
    if mode.text() not in ("block-bidirectional", "block-ingress"):
        yield Finding(f"lets internet gateways through: internetGatewayBlockMode is {mode.value!r}")


def _check_endpoints(vpc: Resource, stack: Stack, config: Config) -> Verdicts:
    endpoints = [
        e for e in stack.referring(vpc, "vpcId", ENDPOINT) if e.get("vpcEndpointType").text() == "Interface"
    ]
    names = [e.get("serviceName") for e in endpoints]
    yield from (node.value for node in names if node.unknown)
    # com.amazonaws.<region>.<service>
    served = {(node.text() or "").split(".", 3)[-1] for node in names if not node.unknown}
    if missing := [service for service in config["services"] if service not in served]:
        yield Finding(f"has no interface endpoint for {', '.join(missing)}")


RULES = (
    ResourceRule(
        id="route-peering-narrow",
        title="A route to a peered VPC names that VPC's range",
        protects="Either VPC, from what reaches the other",
        remedy="Name the range of the other VPC, or less",
        severity=Severity.MEDIUM,
        types=TABLES,
        controls=checkov("CKV2_AWS_44") + cis("5.6"),
        check=_check_peering,
    ),
    ResourceRule(
        id="route-no-nat-machine",
        title="The way out leads through a NAT gateway, not through a machine",
        protects="The way out, from a machine that fails or is taken over",
        remedy="Set natGatewayId",
        severity=Severity.LOW,
        types=TABLES,
        controls=checkov("CKV2_AWS_35"),
        check=_check_nat,
    ),
    ResourceRule(
        id="vpc-no-default",
        title="The default VPC is not taken into use",
        protects="What would stand in public subnets without anybody's wish",
        remedy="Declare a Vpc of your own",
        severity=Severity.MEDIUM,
        types=frozenset({"aws:ec2/defaultVpc:DefaultVpc"}),
        controls=checkov("CKV_AWS_148"),
        check=_check_default_vpc,
    ),
    StackRule(
        id="eip-used",
        title="Every public address is used",
        protects="Money: an address is billed whether or not anything answers there",
        remedy="Associate it, or remove it",
        severity=Severity.LOW,
        types=frozenset({"aws:ec2/eip:Eip"}),
        controls=checkov("CKV2_AWS_19") + fsbp("EC2.12"),
        check=_check_address,
    ),
    ResourceRule(
        id="endpoint-service-accepts-by-hand",
        title="An endpoint service is joined only when somebody agrees",
        protects="The service behind it",
        remedy="Set acceptanceRequired to true",
        severity=Severity.MEDIUM,
        types=frozenset({"aws:ec2/vpcEndpointService:VpcEndpointService"}),
        controls=checkov("CKV_AWS_123"),
        check=must_be_true("acceptanceRequired", "lets in whoever asks"),
    ),
    ResourceRule(
        id="vpc-block-public-access",
        title="Where VPCs' public access is set, it is blocked",
        protects="Every VPC of the region",
        remedy="Set internetGatewayBlockMode to block-bidirectional or block-ingress",
        severity=Severity.MEDIUM,
        types=frozenset({"aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions"}),
        controls=fsbp("EC2.172"),
        check=_check_block,
    ),
    StackRule(
        id="vpc-interface-endpoints",
        title="A VPC reaches the listed services without leaving AWS",
        protects="Calls of AWS, from the internet",
        remedy="Add a VpcEndpoint of the type Interface for each, or take what nothing calls from services",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=frozenset({"aws:ec2/vpc:Vpc"}),
        controls=fsbp("EC2.10", "EC2.55", "EC2.56", "EC2.57", "EC2.58", "EC2.60"),
        config={
            "services": {
                "type": "array",
                "items": {"type": "string"},
                "default": ["ec2", "ecr.api", "ecr.dkr", "ssm", "ssm-contacts", "ssm-incidents"],
                "description": "Services as the end of their endpoints' names has them.",
            }
        },
        check=_check_endpoints,
    ),
)

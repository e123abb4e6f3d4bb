"""VPC and subnet."""

from __future__ import annotations

from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import EC2_TAGGING, IPAM, IPV6, NOT_MODELLED, ec2_tags, filters, unsupported


def _vpc_attribute(prop: str, member: str) -> Part:
    name = member[0].lower() + member[1:]
    return Part(
        call=Call(op="DescribeVpcAttribute", args={"VpcId": "$id", "Attribute": name}),
        take={prop: f"{member}.Value"},
    )


def _set_vpc_attribute(prop: str, member: str, initial: bool) -> Change:
    call = Call(op="ModifyVpcAttribute", args={"VpcId": "$id", member: {"Value": f"${prop}"}})
    return Change(props=(prop,), do=(call,), on_create=True, initial=initial)


_ATTRIBUTES = {
    "enableDnsSupport": ("EnableDnsSupport", True),
    "enableDnsHostnames": ("EnableDnsHostnames", False),
    "enableNetworkAddressUsageMetrics": ("EnableNetworkAddressUsageMetrics", False),
}

VPC = Resource(
    type="aws:ec2/vpc:Vpc",
    terraform="aws_vpc",
    service="ec2",
    create=Call(op="CreateVpc", by_name=True, args={"TagSpecifications": ec2_tags("vpc")}),
    id="=Vpc.VpcId",
    reads=(
        Part(call=Call(op="DescribeVpcs", args={"VpcIds": ["$id"]}), at="Vpcs.0"),
        *(_vpc_attribute(prop, member) for prop, (member, _) in _ATTRIBUTES.items()),
        Part(
            call=Call(
                op="DescribeSecurityGroups", args={"Filters": filters(vpc_id="$id", group_name="default")}
            ),
            take={"defaultSecurityGroupId": "SecurityGroups.0.GroupId"},
        ),
        Part(
            call=Call(
                op="DescribeRouteTables",
                args={"Filters": [*filters(vpc_id="$id"), {"Name": "association.main", "Values": ["true"]}]},
            ),
            take={
                "defaultRouteTableId": "RouteTables.0.RouteTableId",
                "mainRouteTableId": "RouteTables.0.RouteTableId",
            },
        ),
        Part(
            call=Call(op="DescribeNetworkAcls", args={"Filters": filters(vpc_id="$id", default="true")}),
            take={"defaultNetworkAclId": "NetworkAcls.0.NetworkAclId"},
        ),
    ),
    changes=(
        *(_set_vpc_attribute(prop, member, initial) for prop, (member, initial) in _ATTRIBUTES.items()),
        Change(
            props=("instanceTenancy",),
            do=(Call(op="ModifyVpcTenancy", args={"VpcId": "$id", "InstanceTenancy": "$instanceTenancy"}),),
        ),
    ),
    delete=(Call(op="DeleteVpc", args={"VpcId": "$id"}),),
    tagging=EC2_TAGGING,
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    outputs={"arn": "arn:$partition:ec2:$region:$ownerId:vpc/$id"},
    unsupported={
        **unsupported(
            IPV6, "assignGeneratedIpv6CidrBlock", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup"
        ),
        **unsupported(IPAM, "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"),
    },
    absent={"ipv6AssociationId": IPV6},
)


def _subnet_attribute(prop: str, member: str) -> Change:
    call = Call(op="ModifySubnetAttribute", args={"SubnetId": "$id", member: {"Value": f"${prop}"}})
    return Change(props=(prop,), do=(call,), on_create=True, initial=False)


SUBNET = Resource(
    type="aws:ec2/subnet:Subnet",
    terraform="aws_subnet",
    service="ec2",
    create=Call(op="CreateSubnet", by_name=True, args={"TagSpecifications": ec2_tags("subnet")}),
    id="=Subnet.SubnetId",
    reads=(Part(call=Call(op="DescribeSubnets", args={"SubnetIds": ["$id"]}), at="Subnets.0"),),
    changes=(_subnet_attribute("mapPublicIpOnLaunch", "MapPublicIpOnLaunch"),),
    delete=(Call(op="DeleteSubnet", args={"SubnetId": "$id"}),),
    tagging=EC2_TAGGING,
    defaults={"mapPublicIpOnLaunch": False},
    outputs={"arn": "arn:$partition:ec2:$region:$ownerId:subnet/$id"},
    unsupported={
        **unsupported(IPV6, "assignIpv6AddressOnCreation", "enableDns64", "ipv6CidrBlock", "ipv6Native"),
        **unsupported(IPAM, "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"),
        **unsupported(NOT_MODELLED, "customerOwnedIpv4Pool", "mapCustomerOwnedIpOnLaunch", "outpostArn"),
        **unsupported(NOT_MODELLED, "enableLniAtDeviceIndex", "privateDnsHostnameTypeOnLaunch"),
        **unsupported(
            NOT_MODELLED, "enableResourceNameDnsARecordOnLaunch", "enableResourceNameDnsAaaaRecordOnLaunch"
        ),
    },
    absent={"ipv6CidrBlockAssociationId": IPV6},
)

ROWS = (SUBNET, VPC)

"""Network: addresses, gateways, endpoints."""

from __future__ import annotations

from botocore.exceptions import ClientError

from local.provider.errors import ProviderError, code_of, is_absent
from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import EC2_TAGGING, IPAM, NOT_MODELLED, delta, ec2_tags, unsupported


def _attach(run: Run) -> None:
    old, new = run.old.get("vpcId"), run.props.get("vpcId")
    if old:
        run.call("DetachInternetGateway", InternetGatewayId=run.id, VpcId=old)
    if new:
        run.call("AttachInternetGateway", InternetGatewayId=run.id, VpcId=new)


def _detach(run: Run) -> None:
    if run.old.get("vpcId"):
        run.call("DetachInternetGateway", InternetGatewayId=run.id, VpcId=run.old["vpcId"])


INTERNET_GATEWAY = Resource(
    type="aws:ec2/internetGateway:InternetGateway",
    terraform="aws_internet_gateway",
    service="ec2",
    create=Call(op="CreateInternetGateway", args={"TagSpecifications": ec2_tags("internet-gateway")}),
    id="=InternetGateway.InternetGatewayId",
    changes=(Change(props=("vpcId",), do=(_attach,), on_create=True),),
    reads=(
        Part(
            call=Call(op="DescribeInternetGateways", args={"InternetGatewayIds": ["$id"]}),
            at="InternetGateways.0",
            take={"vpcId": "InternetGateways.0.Attachments.0.VpcId"},
        ),
    ),
    delete=(_detach, Call(op="DeleteInternetGateway", args={"InternetGatewayId": "$id"})),
    tagging=EC2_TAGGING,
    outputs={"arn": "arn:$partition:ec2:$region:$ownerId:internet-gateway/$id"},
)

EIP = Resource(
    type="aws:ec2/eip:Eip",
    terraform="aws_eip",
    service="ec2",
    create=Call(op="AllocateAddress", by_name=True, args={"TagSpecifications": ec2_tags("elastic-ip")}),
    id="=AllocationId",
    reads=(Part(call=Call(op="DescribeAddresses", args={"AllocationIds": ["$id"]}), at="Addresses.0"),),
    delete=(Call(op="ReleaseAddress", args={"AllocationId": "$id"}),),
    tagging=EC2_TAGGING,
    names={"privateIp": "PrivateIpAddress"},
    defaults={"domain": "vpc"},
    outputs={"arn": "arn:$partition:ec2:$region:$account:elastic-ip/$allocationId"},
    finish=lambda run: run.found.__setitem__("publicDns", _public_dns(run)),
    by_hook=frozenset({"publicDns"}),
    unsupported={
        **unsupported(
            "addresses are given to NAT gateways, not to instances, here", "instance", "networkInterface"
        ),
        "associateWithPrivateIp": "addresses are given to NAT gateways, not to instances, here",
        "customerOwnedIpv4Pool": NOT_MODELLED,
        "ipamPoolId": IPAM,
        "address": NOT_MODELLED,
        "publicIpv4Pool": NOT_MODELLED,
        "networkBorderGroup": NOT_MODELLED,
    },
    absent=unsupported(NOT_MODELLED, "carrierIp", "customerOwnedIp", "privateDns", "ptrRecord"),
)


def _public_dns(run: Run) -> str:
    """AWS's name of a public address: VPC User Guide, "DNS attributes for your VPC"."""
    host = "ec2-" + str(run.found.get("publicIp", "")).replace(".", "-")
    zone = "compute-1" if run.at.region == "us-east-1" else f"{run.at.region}.compute"
    return f"{host}.{zone}.amazonaws.com"


def _nat_state(run: Run) -> str:
    answer = run.call("DescribeNatGateways", NatGatewayIds=[run.id])
    gateways = answer["NatGateways"]
    return str(gateways[0]["State"]) if gateways else "deleted"


def _nat_available(run: Run) -> None:
    def done() -> bool:
        state = _nat_state(run)
        if state in ("failed", "deleted"):
            raise ProviderError(f"the NAT gateway {run.id} is {state}")
        return state == "available"

    run.wait(f"the NAT gateway {run.id} to be available", done)


NAT_GATEWAY = Resource(
    type="aws:ec2/natGateway:NatGateway",
    terraform="aws_nat_gateway",
    service="ec2",
    create=Call(op="CreateNatGateway", by_name=True, args={"TagSpecifications": ec2_tags("natgateway")}),
    id="=NatGateway.NatGatewayId",
    settle=_nat_available,
    reads=(
        Part(
            call=Call(op="DescribeNatGateways", args={"NatGatewayIds": ["$id"]}),
            at="NatGateways.0",
            take={
                "allocationId": "NatGateways.0.NatGatewayAddresses.0.AllocationId",
                "associationId": "NatGateways.0.NatGatewayAddresses.0.AssociationId",
                "networkInterfaceId": "NatGateways.0.NatGatewayAddresses.0.NetworkInterfaceId",
                "privateIp": "NatGateways.0.NatGatewayAddresses.0.PrivateIp",
                "publicIp": "NatGateways.0.NatGatewayAddresses.0.PublicIp",
            },
        ),
    ),
    gone=lambda run: run.answers["DescribeNatGateways"]["NatGateways"][0]["State"] in ("deleting", "deleted"),
    delete=(
        Call(op="DeleteNatGateway", args={"NatGatewayId": "$id"}),
        lambda run: run.wait(f"the NAT gateway {run.id} to be deleted", lambda: _nat_state(run) == "deleted"),
    ),
    tagging=EC2_TAGGING,
    names={"privateIp": "PrivateIpAddress"},
    defaults={"connectivityType": "public"},
    unsupported=unsupported(
        "regional and secondary addresses are not modelled here",
        "availabilityMode",
        "availabilityZoneAddresses",
        "secondaryAllocationIds",
        "secondaryPrivateIpAddressCount",
        "secondaryPrivateIpAddresses",
        "vpcId",
    ),
    absent=unsupported(
        "regional NAT gateways are not modelled here",
        "autoProvisionZones",
        "autoScalingIps",
        "regionalNatGatewayAddresses",
        "regionalNatGatewayAutoMode",
        "routeTableId",
    ),
)

_ENDPOINT = {"VpcEndpointId": "$id"}

VPC_ENDPOINT = Resource(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    terraform="aws_vpc_endpoint",
    service="ec2",
    create=Call(op="CreateVpcEndpoint", by_name=True, args={"TagSpecifications": ec2_tags("vpc-endpoint")}),
    id="=VpcEndpoint.VpcEndpointId",
    reads=(
        Part(call=Call(op="DescribeVpcEndpoints", args={"VpcEndpointIds": ["$id"]}), at="VpcEndpoints.0"),
        Part(
            call=Call(
                op="DescribePrefixLists",
                args={"Filters": [{"Name": "prefix-list-name", "Values": ["$serviceName"]}]},
            ),
            take={"prefixListId": "PrefixLists.0.PrefixListId", "cidrBlocks": "PrefixLists.0.Cidrs"},
            missing_ok=True,
            when=lambda run: _is_gateway(run),
        ),
    ),
    changes=(
        Change(
            props=("policy",),
            do=(Call(op="ModifyVpcEndpoint", args={**_ENDPOINT, "PolicyDocument": "$policy"}),),
            unset=False,
        ),
        Change(
            props=("policy",),
            do=(Call(op="ModifyVpcEndpoint", args={**_ENDPOINT, "ResetPolicy": True}),),
            unset=True,
        ),
        Change(
            props=("privateDnsEnabled",),
            do=(Call(op="ModifyVpcEndpoint", args={**_ENDPOINT, "PrivateDnsEnabled": "$privateDnsEnabled"}),),
        ),
        *(
            Change(
                props=(prop,),
                do=(delta("ModifyVpcEndpoint", _ENDPOINT, prop, f"Add{name}", f"Remove{name}"),),
            )
            for prop, name in (
                ("routeTableIds", "RouteTableIds"),
                ("subnetIds", "SubnetIds"),
                ("securityGroupIds", "SecurityGroupIds"),
            )
        ),
    ),
    delete=(lambda run: _delete_endpoint(run),),
    gone=lambda run: (
        run.answers["DescribeVpcEndpoints"]["VpcEndpoints"][0]["State"] in ("deleting", "deleted")
    ),
    tagging=EC2_TAGGING,
    names={
        "policy": "PolicyDocument",
        "securityGroupIds": "Groups",
        "securityGroupIds[]": "GroupId",
    },
    defaults={"vpcEndpointType": "Gateway"},
    json=frozenset({"policy"}),
    # As with the real provider: only an interface can switch its private DNS.
    replaces_if=lambda old, _new: frozenset(
        () if old.get("vpcEndpointType") == "Interface" else {"privateDnsEnabled"}
    ),
    outputs={"arn": "arn:$partition:ec2:$region:$account:vpc-endpoint/$id"},
    unsupported={
        **unsupported(NOT_MODELLED, "autoAccept", "dnsOptions", "ipAddressType", "serviceRegion"),
        **unsupported(NOT_MODELLED, "resourceConfigurationArn", "serviceNetworkArn", "subnetConfigurations"),
    },
)


def _is_gateway(run: Run) -> bool:
    run.props.setdefault("serviceName", run.found.get("serviceName"))
    return run.found.get("vpcEndpointType") == "Gateway"


def _delete_endpoint(run: Run) -> None:
    try:
        run.call("DeleteVpcEndpoints", VpcEndpointIds=[run.id])
    except ClientError as error:
        if code_of(error) != "InvalidRoute.NotFound":
            raise
        # The local AWS makes no route in a table that was added later, and then cannot delete it.
        tables = list(run.old.get("routeTableIds") or [])
        run.call("ModifyVpcEndpoint", VpcEndpointId=run.id, RemoveRouteTableIds=tables)
        run.call("DeleteVpcEndpoints", VpcEndpointIds=[run.id])

    def done() -> bool:
        try:
            found = run.call("DescribeVpcEndpoints", VpcEndpointIds=[run.id])
        except ClientError as error:
            if is_absent(error):
                return True
            raise
        return all(one["State"] == "deleted" for one in found["VpcEndpoints"])

    run.wait(f"the VPC endpoint {run.id} to be deleted", done)


ROWS = (EIP, INTERNET_GATEWAY, NAT_GATEWAY, VPC_ENDPOINT)

"""Block public access: on for a new account, but for port 22; a launch into a public subnet is held to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.cloud.conftest import Cloud

NEW = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


@dataclass(frozen=True, kw_only=True)
class Network:
    """A public and a private subnet of one VPC, and two groups that let the world in."""

    public: str
    private: str
    web: str  # on port 8088
    shell: str  # on port 22


@pytest.fixture
def network(cloud: Cloud) -> Iterator[Network]:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public, private = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24")["Subnet"]["SubnetId"] for n in (0, 1)
    )
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)

    def group(name: str, port: int) -> str:
        made = str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
        world = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[world])
        return made

    yield Network(public=public, private=private, web=group("web", 8088), shell=group("shell", 22))
    cloud.client("emr").put_block_public_access_configuration(BlockPublicAccessConfiguration=NEW)


def _instances(subnet: str, group: str) -> dict[str, Any]:
    return {"Ec2SubnetId": subnet, "AdditionalMasterSecurityGroups": [group]}


def test_a_new_account_blocks_all_but_port_22(cloud: Cloud) -> None:
    told = cloud.client("emr").get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    assert {name: told[name] for name in NEW} == NEW


def test_a_group_open_to_the_world_keeps_a_cluster_out_of_a_public_subnet(
    cloud: Cloud, network: Network
) -> None:
    with pytest.raises(ClientError, match=f"{network.web} allows public inbound traffic on port 8088") as no:
        cloud.launch(instances=_instances(network.public, network.web))
    assert no.value.response["Error"]["Code"] == "ValidationException"
    assert cloud.client("emr").list_clusters()["Clusters"] == []


def test_what_is_permitted_and_what_is_private_starts(cloud: Cloud, network: Network) -> None:
    cloud.launch(instances=_instances(network.public, network.shell))
    cloud.launch(instances=_instances(network.private, network.web))
    emr = cloud.client("emr")
    wider = {
        "BlockPublicSecurityGroupRules": True,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 8000, "MaxRange": 9000}],
    }
    emr.put_block_public_access_configuration(BlockPublicAccessConfiguration=wider)
    cloud.launch(instances=_instances(network.public, network.web))
    with pytest.raises(ClientError, match="on port 22,"):
        cloud.launch(instances=_instances(network.public, network.shell))
    emr.put_block_public_access_configuration(
        BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": False}
    )
    cloud.launch(instances=_instances(network.public, network.shell))

"""What is in the way of a destroy, against the local AWS: others' interfaces and clusters, protected clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from facts.errors import UserError
from stacks.in_the_way import CLUSTER, GROUP, SUBNET, refuse
from tests.local.cloud.conftest import Cloud, _server, cloud

__all__ = ["_server", "cloud"]  # fixtures
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


@dataclass
class Stack:
    """A stack's state with a subnet, a group and an endpoint, as they are on the local AWS."""

    cloud: Cloud
    state: dict[str, Any]
    subnet: str
    group: str

    def add(self, token: str, id_: str, **outputs: Any) -> None:
        arn = f"arn:aws:any:{self.cloud.region}:123456789012:thing/{id_}"
        self.state["resources"].append({"type": token, "id": id_, "outputs": {"arn": arn, **outputs}})

    def cluster(self, **instances: Any) -> str:
        named = dict.fromkeys(("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup"), self.group)
        return self.cloud.ready(instances={"Ec2SubnetIds": [self.subnet], **named, **instances})

    def refuse(self, client: Callable[..., Any] | None = None) -> list[str]:
        said: list[str] = []
        refuse(
            "dev", self.state, client or (lambda service, _region: self.cloud.client(service)), said.append
        )
        return said


@pytest.fixture
def stack(cloud: Cloud) -> Stack:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    made = Stack(cloud, {"resources": [{"type": "emr:network:Network", "urn": "u"}]}, subnet, group)
    made.add(SUBNET, subnet)
    made.add(GROUP, group)
    service = f"com.amazonaws.{cloud.region}.sts"
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=service, VpcEndpointType="Interface", SubnetIds=[subnet]
    )["VpcEndpoint"]
    made.add(ENDPOINT, endpoint["VpcEndpointId"], networkInterfaceIds=endpoint["NetworkInterfaceIds"])
    return made


def test_nothing_is_in_the_way_of_a_stack_with_its_own_things(stack: Stack) -> None:
    stack.add(CLUSTER, stack.cluster())
    node = stack.cloud.client("ec2").create_network_interface(SubnetId=stack.subnet, Groups=[stack.group])
    assert node["NetworkInterface"]["NetworkInterfaceId"]
    assert stack.refuse() == []


def test_nothing_is_looked_for_where_there_is_no_network(cloud: Cloud) -> None:
    refuse("dev", {}, lambda *_place: pytest.fail("asked AWS"), pytest.fail)


def test_an_interface_of_others_is_named_and_gone_no_more(stack: Stack) -> None:
    ec2 = stack.cloud.client("ec2")
    made = ec2.create_network_interface(SubnetId=stack.subnet, Description="bastion")["NetworkInterface"]
    id_ = made["NetworkInterfaceId"]
    with pytest.raises(
        UserError, match=rf"{id_} \(bastion\) of others is in {stack.subnet}; nothing was touched"
    ):
        stack.refuse()
    ec2.delete_network_interface(NetworkInterfaceId=id_)
    assert stack.refuse() == []


class Filters:
    """An EC2 that takes as many values in a filter as AWS does, with one interface of others in each subnet."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def get_paginator(self, operation: str) -> Filters:
        assert operation == "describe_network_interfaces"
        return self

    def paginate(self, Filters: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N803 - AWS's own name
        (subnets,) = (one["Values"] for one in Filters)
        self.asked.append(len(subnets))
        return [
            {"NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{one}", "SubnetId": one, "Groups": []}]}
            for one in subnets
        ]


def test_every_subnet_is_looked_at_however_many_there_are() -> None:
    ec2, subnets = Filters(), [f"subnet-{number:03}" for number in range(401)]
    arns = {one: f"arn:aws:ec2:us-east-1:123456789012:subnet/{one}" for one in subnets}
    state = {"resources": [{"type": SUBNET, "id": one, "outputs": {"arn": arns[one]}} for one in subnets]}
    with pytest.raises(UserError) as refusal:
        refuse("dev", state, lambda *_place: ec2, pytest.fail)
    assert ec2.asked == [200, 200, 1]
    assert [one for one in subnets if f"is in {one}" not in str(refusal.value)] == []


def test_a_cluster_of_a_run_is_named_until_it_has_ended(stack: Stack) -> None:
    id_ = stack.cluster()
    with pytest.raises(UserError, match=rf"cluster {id_} \(main\) of others is WAITING in its network"):
        stack.refuse()
    stack.cloud.client("emr").terminate_job_flows(JobFlowIds=[id_])
    assert stack.refuse() == []


def test_a_cluster_elsewhere_is_no_matter(stack: Stack) -> None:
    stack.cloud.ready()
    assert stack.refuse() == []


def test_an_own_cluster_that_is_protected_is_named(stack: Stack) -> None:
    id_ = stack.cluster(TerminationProtected=True)
    stack.add(CLUSTER, id_)
    with pytest.raises(UserError, match=rf"its cluster {id_} \(main\) is protected from termination"):
        stack.refuse()


def test_all_of_it_is_named_in_one_line(stack: Stack) -> None:
    stack.cloud.client("ec2").create_network_interface(SubnetId=stack.subnet)
    stack.cluster()
    with pytest.raises(UserError, match=r"^stack 'dev' cannot go: network interface [^\n]*; cluster [^\n]*$"):
        stack.refuse()


def test_who_may_not_look_is_told_and_goes_on(stack: Stack) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeNetworkInterfaces")

    def client(_service: str, _region: str) -> Any:
        raise refusal

    said = stack.refuse(client)
    assert len(said) == 2
    assert all("not looked for what is in the way of stack 'dev'" in line for line in said)

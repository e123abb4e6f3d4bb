"""An engine that was killed while it created: the next one finds what there is, and nothing is made twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from local.provider.journal import Creation, Journal
from tests.local.provider.conftest import Made, Peer, World, urn

BUCKET = "aws:s3/bucket:Bucket"
VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ec2.amazonaws.com"}}]}'
)


@pytest.fixture
def engine(port: int) -> Peer:
    """Another engine, which starts with the first one's state as it was before the creation."""
    return Peer(port).configure()


def _vpcs(aws: Any, cidr: str) -> list[str]:
    found = aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": [cidr]}])
    return [one["VpcId"] for one in found["Vpcs"]]


def test_a_creation_that_nobody_remembers_is_taken_over(world: World, engine: Peer, aws: Any) -> None:
    world.peer.create(VPC, {"cidrBlock": "10.71.0.0/16"}, world.name("vpc"))
    world.made["vpc"] = again = engine.create(VPC, {"cidrBlock": "10.71.0.0/16"}, world.name("vpc"))
    assert _vpcs(aws, "10.71.0.0/16") == [again.id]


def test_a_generated_name_stays_the_one_that_was_taken(world: World, engine: Peer) -> None:
    name = world.name("data")
    lost = world.peer.create(BUCKET, {}, name)
    anew = pb.CheckRequest(urn=urn(BUCKET, name), news=values.write({}), randomSeed=b"another run")
    inputs = engine.stub.Check(anew).inputs
    assert inputs.fields["bucket"] == lost.inputs.fields["bucket"]
    answer = engine.stub.Create(pb.CreateRequest(urn=urn(BUCKET, name), properties=inputs))
    made = world.made["data"] = Made(urn(BUCKET, name), name, answer.id, inputs, answer.properties)
    assert made.id == lost.id
    assert not engine.diff(made, inputs).detailedDiff


def test_what_changed_since_is_mended(world: World, engine: Peer, aws: Any) -> None:
    name = world.name("role")
    lost = world.peer.create(ROLE, {"assumeRolePolicy": TRUST, "description": "before"}, name)
    after = engine.create(ROLE, {"assumeRolePolicy": TRUST, "description": "after", "tags": {"a": "b"}}, name)
    world.made["role"] = after
    assert after.id == lost.id
    role = aws("iam").get_role(RoleName=after.id)["Role"]
    assert (role["Description"], role["Tags"]) == ("after", [{"Key": "a", "Value": "b"}])


def test_what_must_be_another_goes_first(world: World, engine: Peer, aws: Any) -> None:
    world.peer.create(VPC, {"cidrBlock": "10.72.0.0/16"}, world.name("vpc"))
    world.made["vpc"] = engine.create(VPC, {"cidrBlock": "10.73.0.0/16"}, world.name("vpc"))
    assert _vpcs(aws, "10.72.0.0/16") == []
    assert len(_vpcs(aws, "10.73.0.0/16")) == 1


def test_what_is_gone_is_made(world: World, engine: Peer, aws: Any) -> None:
    lost = world.peer.create(VPC, {"cidrBlock": "10.74.0.0/16"}, world.name("vpc"))
    aws("ec2").delete_vpc(VpcId=lost.id)
    world.made["vpc"] = made = engine.create(VPC, {"cidrBlock": "10.74.0.0/16"}, world.name("vpc"))
    assert _vpcs(aws, "10.74.0.0/16") == [made.id] != [lost.id]


@pytest.mark.parametrize("show", ["diff", "read", "check"])
def test_an_engine_that_knows_it_may_have_a_second(world: World, engine: Peer, aws: Any, show: str) -> None:
    """A replacement is created beside the old one under the same URN."""
    cidr = {"diff": "10.75.0.0/16", "read": "10.76.0.0/16", "check": "10.77.0.0/16"}[show]
    name = world.name("vpc")
    first = world.made["first"] = world.peer.create(VPC, {"cidrBlock": cidr}, name)
    if show == "diff":
        engine.diff(first, first.inputs)
    elif show == "read":
        engine.read(first)
    else:
        engine.inputs(VPC, {"cidrBlock": cidr}, name, first.inputs)
    second = world.made["second"] = engine.create(VPC, {"cidrBlock": cidr}, name)
    assert sorted(_vpcs(aws, cidr)) == sorted([first.id, second.id])


def test_a_replacement_that_nobody_remembers_is_taken_over(world: World, engine: Peer, aws: Any) -> None:
    """The state has the old one, so the engine says its inputs at the first Check and none at the second."""
    name = world.name("vpc")
    old = world.made["old"] = world.peer.create(VPC, {"cidrBlock": "10.78.0.0/16"}, name)
    world.peer.read(old)
    lost = world.peer.create(VPC, {"cidrBlock": "10.79.0.0/16"}, name)
    engine.inputs(VPC, {"cidrBlock": "10.79.0.0/16"}, name, old.inputs)
    engine.read(old)
    world.made["new"] = new = engine.create(VPC, {"cidrBlock": "10.79.0.0/16"}, name)
    assert _vpcs(aws, "10.79.0.0/16") == [new.id] == [lost.id]


def test_a_creation_still_under_way_is_waited_for(world: World, aws: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(
                lambda _: world.peer.create(VPC, {"cidrBlock": "10.80.0.0/16"}, world.name("vpc")), range(8)
            )
        )
    world.made["vpc"] = made[0]
    assert _vpcs(aws, "10.80.0.0/16") == [made[0].id]
    assert {one.id for one in made} == {made[0].id}


def test_a_snapshot_has_what_was_made_and_forgets_what_was_under_way() -> None:
    keys = [("1", "us-east-1", f"urn{number}") for number in range(2)]
    journal = Journal()
    journal.restore({keys[0]: Creation({}), keys[1]: Creation({"a": 1}, "id", {"b": 2})})
    assert journal.state() == {keys[1]: Creation({"a": 1}, "id", {"b": 2})}

"""What is set on a bucket: access lists, copies, websites and names, beside what holds for every type."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from tests.local.provider.conftest import Made, World, urn
from tests.local.provider.examples import EXAMPLES

ACL = "aws:s3/bucketAcl:BucketAcl"
WEBSITE = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration"


def _change(world: World, made: Made, type_: str, **props: Any) -> Made:
    inputs = world.peer.inputs(type_, props, made.name, made.inputs)
    return world.peer.update(made, inputs)


def test_a_canned_list_changes_in_place_and_its_grants_are_read(world: World, aws: Any) -> None:
    made = world.make("canned-list")
    bucket = made.outputs["bucket"]
    assert made.id == f"{bucket},log-delivery-write"
    grants = made.outputs["accessControlPolicy"]["grants"]
    assert sorted(one["permission"] for one in grants) == ["FULL_CONTROL", "READ_ACP", "WRITE"]
    changed = _change(world, made, ACL, bucket=bucket, acl="private")
    assert changed.outputs["acl"] == "private"
    assert [one["Permission"] for one in aws("s3").get_bucket_acl(Bucket=bucket)["Grants"]] == [
        "FULL_CONTROL"
    ]
    found = values.read(world.peer.read(changed).properties).props
    assert found == changed.outputs


def test_a_list_is_imported_by_bucket_with_or_without_its_canned_name(world: World) -> None:
    bucket = world.make("canned-list").outputs["bucket"]
    for id_, acl in ((bucket, None), (f"{bucket},log-delivery-write", "log-delivery-write")):
        read = world.peer.stub.Read(pb.ReadRequest(id=id_, urn=urn(ACL, "found")))
        found = values.read(read.properties).props
        assert (read.id, found["bucket"], found.get("acl")) == (id_, bucket, acl)


def test_a_new_bucket_takes_no_list_as_on_aws(world: World) -> None:
    bucket = world.make("listed-bucket").id
    with pytest.raises(grpc.RpcError) as error:
        world.peer.create(ACL, {"bucket": bucket, "acl": "private"}, f"{world.prefix}-list")
    assert "AccessControlListNotSupported: The bucket does not allow ACLs" in str(error.value.details())


def test_a_rule_of_copies_gets_an_id_when_it_has_none(world: World) -> None:
    (rule,) = world.make("replication").outputs["rules"]
    assert rule["id"]
    assert rule["filter"] == {"prefix": ""}


def test_the_rules_of_a_website_are_read_both_ways(world: World) -> None:
    made = world.make("ruled-website")
    (rule,) = made.outputs["routingRules"]
    assert rule["condition"] == {"keyPrefixEquals": "old/"}
    bucket = made.outputs["bucket"]
    blocks = _change(
        world,
        made,
        WEBSITE,
        bucket=bucket,
        indexDocument={"suffix": "index.html"},
        routingRules=[{"redirect": {"hostName": "example.com"}}],
    )
    assert blocks.outputs["routingRuleDetails"] == '[{"Redirect":{"HostName":"example.com"}}]'
    kept = _change(world, blocks, WEBSITE, bucket=bucket, indexDocument={"suffix": "start.html"})
    assert kept.outputs["routingRules"] == blocks.outputs["routingRules"]


@pytest.mark.parametrize(
    ("props", "words"),
    [
        (
            {"redirectAllRequestsTo": {"hostName": "x"}, "indexDocument": {"suffix": "y"}},
            "conflicts with 'index",
        ),
        ({"routingRules": [{"redirect": {}}], "routingRuleDetails": "[]"}, "conflicts with 'routingRules'"),
    ],
)
def test_a_website_that_says_two_things_is_refused(world: World, props: dict[str, Any], words: str) -> None:
    (failure,) = world.peer.check(WEBSITE, {"bucket": "b", **props}).failures
    assert words in failure.reason


@pytest.mark.parametrize("props", [{}, {"acl": "private", "accessControlPolicy": {"owner": {"id": "x"}}}])
def test_a_list_is_canned_or_written_out(world: World, props: dict[str, Any]) -> None:
    (failure,) = world.peer.check(ACL, {"bucket": "b", **props}).failures
    assert failure.reason == "a bucket's list takes one of 'acl' and 'accessControlPolicy'"


@pytest.mark.parametrize("key", ["analytics", "inventory", "metric", "tiering"])
def test_what_has_a_name_is_named_when_the_program_does_not(world: World, key: str) -> None:
    example = EXAMPLES[key]
    props = {prop: value for prop, value in world.resolve(example.props).items() if prop != "name"}
    name = f"{world.prefix}-named"
    made = world.peer.create(example.type, props, name)
    assert made.outputs["name"].startswith(f"{name}-")
    world.peer.delete(made)


def test_a_refused_type_says_why(world: World) -> None:
    with pytest.raises(grpc.RpcError) as error:
        world.peer.check("aws:s3/bucketV2:BucketV2", {}, "old")
    assert str(error.value.details()) == (
        'the local provider does not know the type aws:s3/bucketV2:BucketV2 (resource "old"); '
        "the name that pulumi_aws gave up in version 7: leave out the V2"
    )

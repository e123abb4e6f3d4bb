"""Functions that find what exists: by the protocol, against what the local AWS has."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from tests.local.provider.conftest import ACCOUNT, Peer, World

VPC, SUBNET, SUBNETS = "aws:ec2/getVpc:getVpc", "aws:ec2/getSubnet:getSubnet", "aws:ec2/getSubnets:getSubnets"
TYPE = "aws:ec2/getInstanceType:getInstanceType"
OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
SUPPORTED = "aws:emr/getSupportedInstanceTypes:getSupportedInstanceTypes"
KEY, ALIAS = "aws:kms/getKey:getKey", "aws:kms/getAlias:getAlias"
BUCKET, ROLE = "aws:s3/getBucket:getBucket", "aws:iam/getRole:getRole"
AMI = "aws:ec2/getAmi:getAmi"


def _invoked(peer: Peer, token: str, **args: Any) -> dict[str, Any]:
    answer = peer.stub.Invoke(pb.InvokeRequest(tok=token, args=values.write(args)))
    return values.read(getattr(answer, "return")).props


def _refused(peer: Peer, token: str, **args: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        _invoked(peer, token, **args)
    return str(error.value.details())


def _like(found: dict[str, Any], made: dict[str, Any], *props: str) -> None:
    """What a function finds is what the resource itself says."""
    assert {prop: found[prop] for prop in props} == {prop: made[prop] for prop in props}


def test_a_network_is_found_by_id_and_by_tag(peer: Peer, gallery: World) -> None:
    vpc = gallery.make("vpc")
    found = _invoked(peer, VPC, id=vpc.id)
    _like(found, vpc.outputs, "arn", "cidrBlock", "enableDnsHostnames", "mainRouteTableId", "ownerId", "tags")
    assert found["cidrBlockAssociations"][0]["cidrBlock"] == found["cidrBlock"]
    cidr = [{"name": "cidr", "values": [found["cidrBlock"]]}]
    assert _invoked(peer, VPC, filters=cidr, tags=vpc.outputs["tags"], id=vpc.id)["id"] == vpc.id
    assert _invoked(peer, VPC, default=True)["default"] is True


def test_no_network_or_several_are_said_in_the_real_provider_s_words(peer: Peer, gallery: World) -> None:
    gallery.make("vpc")
    assert _refused(peer, VPC, id="vpc-0123456789abcdef0") == "no matching EC2 VPC found"
    assert _refused(peer, VPC, tags={"no": "such"}) == "no matching EC2 VPC found"
    assert _refused(peer, VPC).startswith("multiple EC2 VPCs matched; use additional constraints")
    assert "'nothing'" in _refused(peer, VPC, nothing="x")


def test_subnets_are_found_one_and_all(peer: Peer, gallery: World) -> None:
    subnet = gallery.make("subnet")
    made = subnet.outputs
    found = _invoked(peer, SUBNET, vpcId=made["vpcId"], cidrBlock=made["cidrBlock"])
    _like(
        found, made, "arn", "availabilityZone", "availabilityZoneId", "mapPublicIpOnLaunch", "ownerId", "tags"
    )
    assert (found["id"], found["state"]) == (subnet.id, "available")
    inside = _invoked(peer, SUBNETS, filters=[{"name": "vpc-id", "values": [made["vpcId"]]}])
    assert subnet.id in inside["ids"]
    assert inside["id"] == "us-east-1"
    assert _invoked(peer, SUBNETS, tags={"no": "such"})["ids"] == []
    assert _refused(peer, SUBNET, id="subnet-0123456789abcdef0") == "no matching EC2 Subnet found"


def test_a_key_is_found_by_id_and_by_alias(peer: Peer, gallery: World) -> None:
    key, alias = gallery.make("key"), gallery.make("alias")
    found = _invoked(peer, KEY, keyId=key.id)
    _like(found, key.outputs, "arn", "description", "customerMasterKeySpec", "keyUsage")
    assert (found["awsAccountId"], found["keyState"], found["enabled"]) == (ACCOUNT, "Enabled", True)
    named = _invoked(peer, KEY, keyId=alias.outputs["name"])
    assert (named["id"], named["keyId"]) == (alias.outputs["targetKeyId"], alias.outputs["name"])
    assert _refused(peer, KEY, keyId="alias/none").startswith(
        "reading KMS Key (alias/none): NotFoundException"
    )


def test_an_alias_is_found_with_its_key(peer: Peer, gallery: World) -> None:
    made = gallery.make("alias").outputs
    found = _invoked(peer, ALIAS, name=made["name"])
    _like(found, made, "arn", "targetKeyArn", "targetKeyId")
    assert found["id"] == found["arn"]
    assert (
        _refused(peer, ALIAS, name="alias/none") == "reading KMS Alias (alias/none): couldn't find resource"
    )


def test_a_bucket_is_found_with_its_website(peer: Peer, gallery: World) -> None:
    made = gallery.make("log-bucket").outputs
    found = _invoked(peer, BUCKET, bucket=made["bucket"])
    _like(found, made, "arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName")
    site = gallery.make("website").outputs
    _like(_invoked(peer, BUCKET, bucket=site["bucket"]), site, "websiteDomain", "websiteEndpoint")
    assert "websiteDomain" not in _invoked(peer, BUCKET, bucket=gallery.make("locked-bucket").id)
    assert _refused(peer, BUCKET, bucket="no-such-bucket-77").startswith(
        "reading S3 Bucket (no-such-bucket-77): 404"
    )


def test_a_role_is_found(peer: Peer, gallery: World) -> None:
    made = gallery.make("role").outputs
    found = _invoked(peer, ROLE, name=made["name"])
    _like(found, made, "arn", "description", "maxSessionDuration", "path", "tags", "uniqueId")
    assert found["assumeRolePolicy"].replace(" ", "") == made["assumeRolePolicy"].replace(" ", "")
    assert (found["id"], found["permissionsBoundary"]) == (made["name"], "")
    assert _refused(peer, ROLE, name="none").startswith("reading IAM Role (none): NoSuchEntity")


def test_an_instance_type_says_what_it_has(peer: Peer) -> None:
    found = _invoked(peer, TYPE, instanceType="m5d.xlarge")
    assert (found["defaultVcpus"], found["memorySize"], found["supportedArchitectures"]) == (
        4,
        16384,
        ["x86_64"],
    )
    assert found["instanceDisks"] == [{"count": 1, "size": 150, "type": "ssd"}]
    assert found["networkCards"][0] == {
        "baselineBandwidth": 1.25, "index": 0, "maximumInterfaces": 4, "peakBandwidth": 10,
        "performance": "Up to 10 Gigabit",
    }  # fmt: skip
    assert found["gpuses"] == []
    assert "InvalidInstanceType" in _refused(peer, TYPE, instanceType="m5.none")


def test_instance_types_are_offered_in_zones(peer: Peer) -> None:
    only = [{"name": "instance-type", "values": ["m5.xlarge", "r6g.2xlarge"]}]
    found = _invoked(peer, OFFERINGS, filters=only, locationType="availability-zone")
    offered = set(zip(found["instanceTypes"], found["locations"], found["locationTypes"], strict=True))
    assert ("m5.xlarge", "us-east-1a", "availability-zone") in offered
    assert {kind for kind, _, _ in offered} == {"m5.xlarge", "r6g.2xlarge"}


def test_emr_says_which_instance_types_a_release_takes(peer: Peer) -> None:
    found = _invoked(peer, SUPPORTED, releaseLabel="emr-7.13.0")
    types = {one["type"]: one for one in found["supportedInstanceTypes"]}
    assert types["m5.xlarge"]["vcpu"] == 4
    assert types["m5.xlarge"]["is64BitsOnly"] is True
    assert types["m6g.xlarge"]["architecture"] == "AARCH64"
    assert found["id"] == "emr-7.13.0"
    said = _refused(peer, SUPPORTED, releaseLabel="emr-0.0.1")
    assert "The supplied release label is invalid: emr-0.0.1." in said


def test_the_most_recent_image_is_the_one_of_the_last_day(peer: Peer) -> None:
    names = [{"name": "name", "values": ["Windows_Server-*"]}]
    found = _invoked(peer, AMI, owners=["amazon"], filters=names, mostRecent=True)
    day = found["creationDate"][:10]
    assert day.replace("-", ".") in found["name"] or day.replace("-", "") in found["name"]
    linux = [{"name": "name", "values": ["al2023-ami-2023*-x86_64"]}]
    assert _invoked(peer, AMI, owners=["amazon"], filters=linux, mostRecent=True)["creationDate"] > day

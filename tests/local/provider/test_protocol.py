"""What a provider must do beside its types: names, tags, secrets, refusals, peers, errors."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from local.provider.values import UNKNOWN
from tests.local.provider.conftest import ACCOUNT, Made, Peer, World, urn

BUCKET = "aws:s3/bucket:Bucket"
VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}'
SAME_POLICY = (
    '{"Statement":[{"Resource":["*"],"Action":["s3:Get*"],"Effect":"Allow"}],"Version":"2012-10-17"}'
)


def _failures(peer: Peer, type_: str, props: dict[str, Any]) -> dict[str, str]:
    return {one.property: one.reason for one in peer.check(type_, props).failures}


def _refused(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return str(error.value.details())


# Check


def test_a_name_is_made_of_the_resource_s_and_seven_digits(peer: Peer) -> None:
    inputs = values.read(peer.inputs(BUCKET, {}, "My-Data")).props
    assert inputs["bucket"].startswith("my-data-")
    assert len(inputs["bucket"]) == len("my-data-") + 7
    assert inputs["__defaults"] == ["bucket", "forceDestroy"]


def test_a_made_name_stays(peer: Peer) -> None:
    first = peer.inputs(BUCKET, {}, "data")
    again = pb.CheckRequest(urn=urn(BUCKET, "data"), news=values.write({}), olds=first, randomSeed=b"another")
    assert peer.stub.Check(again).inputs.fields["bucket"] == first.fields["bucket"]


def test_a_made_name_that_is_too_long_is_refused(peer: Peer) -> None:
    failures = peer.check(ROLE, {"assumeRolePolicy": POLICY}, "x" * 60).failures
    assert [one.property for one in failures] == ["name"]
    assert "64 characters" in failures[0].reason


def test_a_name_of_the_program_s_own_is_kept_and_replaced_before_it_is_made_anew(
    peer: Peer, world: World
) -> None:
    made = world.peer.create(ROLE, {"name": "fixed-name", "assumeRolePolicy": POLICY}, "r")
    world.made["r"] = made
    wanted = peer.inputs(
        ROLE, {"name": "fixed-name", "assumeRolePolicy": POLICY, "path": "/x/"}, "r", made.inputs
    )
    assert peer.diff(made, wanted).deleteBeforeReplace
    free = peer.create(ROLE, {"assumeRolePolicy": POLICY}, world.name("free"))
    world.made["free"] = free
    wanted = peer.inputs(ROLE, {"assumeRolePolicy": POLICY, "path": "/x/"}, free.name, free.inputs)
    assert not peer.diff(free, wanted).deleteBeforeReplace


def test_a_prefix_makes_a_name_when_the_resource_is_made(world: World) -> None:
    shown = world.peer.preview(ROLE, {"namePrefix": "pre-", "assumeRolePolicy": POLICY}, "p")
    assert shown["name"] is UNKNOWN
    made = world.peer.create(ROLE, {"namePrefix": "pre-", "assumeRolePolicy": POLICY}, "p")
    world.made["p"] = made
    assert made.id.startswith("pre-")
    assert not world.peer.diff(made, made.inputs).detailedDiff


@pytest.mark.parametrize(
    ("type_", "props", "prop", "words"),
    [
        (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "no argument 'cidrBlok'"),
        (VPC, {"enableDnsSupport": "perhaps"}, "enableDnsSupport", "is a boolean, not 'perhaps'"),
        (VPC, {"tags": ["a"]}, "tags", "is a map"),
        ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, "vpcId", "needs 'vpcId'"),
        (BUCKET, {"acl": "private"}, "acl", "does not support 'acl'"),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "tcp"},
            "cidrIpv4",
            "exactly one of",
        ),
        (
            "aws:emr/instanceFleet:InstanceFleet",
            {"clusterId": "j-1", "instanceTypeConfigs": [{"instanceTyp": "m5.xlarge"}]},
            "instanceTypeConfigs[0].instanceTyp",
            "no argument 'instanceTyp'",
        ),
        (
            "aws:emr/cluster:Cluster",
            {"releaseLabel": "x", "serviceRole": "x", "masterInstanceFleet": {}, "configurationsJson": "{"},
            "configurationsJson",
            "must be JSON",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_property(
    peer: Peer, type_: str, props: dict[str, Any], prop: str, words: str
) -> None:
    assert words in _failures(peer, type_, props)[prop]


def test_an_unknown_type_is_an_error_that_names_it(peer: Peer) -> None:
    said = _refused(lambda: peer.check("aws:lambda/function:Function", {}, "q"))
    assert "aws:lambda/function:Function" in said
    assert '"q"' in said


# Tags


def test_default_tags_go_under_the_resource_s_own(port: int) -> None:
    peer = Peer(port, defaultTags='{"tags": {"Owner": "me", "Stage": "dev"}}').configure()
    made = peer.create(VPC, {"cidrBlock": "10.7.0.0/16", "tags": {"Stage": "test"}}, "v")
    try:
        assert made.outputs["tagsAll"] == {"Owner": "me", "Stage": "test"}
        assert made.outputs["tags"] == {"Stage": "test"}
        assert not peer.diff(made, made.inputs).detailedDiff
        assert values.read(peer.read(made).inputs).props == values.read(made.inputs).props
        other = Peer(port, defaultTags='{"tags": {"Owner": "you"}}').configure()
        wanted = other.inputs(VPC, {"cidrBlock": "10.7.0.0/16", "tags": {"Stage": "test"}}, "v", made.inputs)
        assert list(other.diff(made, wanted).detailedDiff) == ["tagsAll.Owner"]
        assert other.update(made, wanted).outputs["tagsAll"] == {"Owner": "you", "Stage": "test"}
    finally:
        peer.delete(made)


def test_an_unknown_tag_makes_all_tags_unknown(peer: Peer) -> None:
    shown = peer.preview(VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"a": UNKNOWN}}, "v")
    assert shown["tagsAll"] is UNKNOWN
    assert shown["tags"] == {"a": UNKNOWN}


# Diff


def test_the_same_policy_in_other_words_is_no_change(world: World) -> None:
    made = world.make("role-policy")
    props = {"role": made.outputs["role"], "name": made.id.split(":")[1], "policy": POLICY}
    changed = world.peer.update(made, values.write(props))
    again = values.write({**props, "policy": SAME_POLICY})
    assert not world.peer.diff(changed, again).detailedDiff


def test_ignored_changes_are_no_changes(world: World) -> None:
    made = world.make("vpc")
    wanted = world.peer.inputs(
        VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "other"}}, made.name, made.inputs
    )
    found = world.peer.diff(made, wanted, ("tags", "tagsAll", "enableDnsHostnames"))
    assert not found.detailedDiff


def test_another_region_replaces(world: World) -> None:
    made = world.make("log-group")
    props = {"retentionInDays": 7, "region": "eu-west-1", "tags": {"Name": "example", "team": "data"}}
    wanted = world.peer.inputs("aws:cloudwatch/logGroup:LogGroup", props, made.name, made.inputs)
    assert list(world.peer.diff(made, wanted).replaces) == ["region"]


def test_an_unknown_value_is_a_change(world: World) -> None:
    made = world.make("subnet")
    wanted = values.write({**values.read(made.inputs).props, "vpcId": UNKNOWN})
    assert "vpcId" in world.peer.diff(made, wanted).replaces


# Secrets


def test_a_secret_stays_one(world: World) -> None:
    inputs = world.peer.check(
        ROLE, values.write({"assumeRolePolicy": POLICY, "description": "x"}, {"description"}), "s"
    )
    assert values.read(inputs.inputs).secrets == {"description"}
    request = pb.CreateRequest(urn=urn(ROLE, "s"), properties=inputs.inputs)
    answer = world.peer.stub.Create(request)
    made = Made(urn(ROLE, "s"), "s", answer.id, inputs.inputs, answer.properties)
    world.made["s"] = made
    assert values.read(answer.properties).secrets == {"description"}
    found = world.peer.read(made)
    assert values.read(found.properties).secrets == {"description"}
    assert values.read(found.inputs).secrets == {"description"}


def test_a_secret_tag_hides_every_map_it_is_in(peer: Peer) -> None:
    checked = peer.check(VPC, values.write({"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}, {"tags"}), "v")
    assert values.read(checked.inputs).secrets == {"tags", "tagsAll"}


# The provider's own configuration


def test_an_account_that_is_not_allowed_is_refused_before_anything(port: int) -> None:
    said = _refused(Peer(port, allowedAccountIds='["999999999999"]').configure)
    assert ACCOUNT in said
    assert "999999999999" in said
    Peer(port, allowedAccountIds=f'["{ACCOUNT}"]').configure()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"region": "moon-east-1"}, "no AWS region"),
        ({"region": None}, "aws:region is not set"),
        ({"assumeRoles": "[]"}, "'assumeRoles'"),
        ({"allowedAccountIds": "12"}, "list of account ids"),
    ],
)
def test_a_wrong_configuration_is_refused(
    port: int, config: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    peer = Peer(port)
    news = values.write({"region": "us-east-1", **config})
    failures = peer.stub.CheckConfig(
        pb.CheckRequest(urn="urn:pulumi:t::p::pulumi:providers:aws::d", news=news)
    ).failures
    assert words in failures[0].reason


def test_what_configure_said_belongs_to_the_connection(port: int, aws: Any) -> None:
    here, there = Peer(port).configure(), Peer(port, region="eu-west-1").configure()
    regions = {}
    for peer in (here, there):
        answer = peer.stub.Invoke(pb.InvokeRequest(tok="aws:index/getRegion:getRegion"))
        regions[peer] = values.read(getattr(answer, "return")).props["name"]
    assert [regions[here], regions[there]] == ["us-east-1", "eu-west-1"]
    made = there.create("aws:cloudwatch/logGroup:LogGroup", {}, "there")
    assert made.outputs["arn"].startswith("arn:aws:logs:eu-west-1:")
    assert values.read(here.read(made).properties).props["region"] == "eu-west-1"
    there.delete(made)


def test_a_connection_without_configure_is_refused(port: int) -> None:
    assert "not configured" in _refused(lambda: Peer(port).check(VPC, {"cidrBlock": "10.0.0.0/16"}))


def test_the_version_is_the_one_that_pulumi_aws_asks_for(peer: Peer) -> None:
    from importlib.metadata import version

    from google.protobuf import empty_pb2

    assert peer.stub.GetPluginInfo(empty_pb2.Empty()).version == version("pulumi-aws")


# Functions


@pytest.mark.parametrize(
    ("name", "args", "prop", "value"),
    [
        ("getCallerIdentity", {}, "accountId", ACCOUNT),
        ("getRegion", {}, "region", "us-east-1"),
        ("getPartition", {}, "partition", "aws"),
        ("getAvailabilityZones", {"state": "available"}, "id", "us-east-1"),
    ],
)
def test_functions(peer: Peer, name: str, args: dict[str, Any], prop: str, value: str) -> None:
    answer = peer.stub.Invoke(pb.InvokeRequest(tok=f"aws:index/{name}:{name}", args=values.write(args)))
    assert values.read(getattr(answer, "return")).props[prop] == value


def _invoked(peer: Peer, token: str, args: dict[str, Any]) -> dict[str, Any]:
    answer = peer.stub.Invoke(pb.InvokeRequest(tok=token, args=values.write(args)))
    return values.read(getattr(answer, "return")).props


def test_the_releases_of_an_application_are_listed(peer: Peer) -> None:
    filters = {"application": "Spark", "prefix": "emr-spark-8"}
    found = _invoked(peer, "aws:emr/getReleaseLabels:getReleaseLabels", {"filters": filters})
    assert "emr-spark-8.0.0" in found["releaseLabels"]
    assert all(label.startswith("emr-spark-8") for label in found["releaseLabels"])
    assert found["id"] == ",".join(found["releaseLabels"])


def test_an_image_is_found_by_owner_filter_and_name(peer: Peer) -> None:
    found = _invoked(
        peer,
        "aws:ec2/getAmi:getAmi",
        {
            "owners": ["amazon"],
            "filters": [{"name": "name", "values": ["amzn2-ami-hvm-*"]}],
            "nameRegex": "x86_64",
            "mostRecent": True,
        },
    )
    assert found["id"] == found["imageId"]
    assert found["name"].startswith("amzn2-ami-hvm-")
    assert "x86_64" in found["name"]
    assert found["arn"] == f"arn:aws:ec2:us-east-1::image/{found['id']}"


def test_a_policy_document_is_written(peer: Peer) -> None:
    args = {"statements": [{"actions": ["s3:GetObject"], "resources": ["*"]}]}
    found = _invoked(peer, "aws:iam/getPolicyDocument:getPolicyDocument", args)
    assert found["minifiedJson"] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
    )


def test_zones_are_named_in_order(peer: Peer) -> None:
    request = pb.InvokeRequest(
        tok="aws:index/getAvailabilityZones:getAvailabilityZones",
        args=values.write({"excludeNames": ["us-east-1b"]}),
    )
    names = values.read(getattr(peer.stub.Invoke(request), "return")).props["names"]
    assert names[:2] == ["us-east-1a", "us-east-1c"]


@pytest.mark.parametrize(
    ("token", "args", "words"),
    [
        ("aws:ec2/getVpcs:getVpcs", {}, "no function aws:ec2/getVpcs:getVpcs"),
        ("aws:ec2/getAmi:getAmi", {"owners": ["self"]}, "Your query returned no results."),
        ("aws:ec2/getAmi:getAmi", {"owners": ["amazon"]}, "more than one result. Please try a more specific"),
        ("aws:emr/getReleaseLabels:getReleaseLabels", {"filters": {"prefix": "emr-99"}}, "empty result"),
        ("aws:iam/getPolicyDocument:getPolicyDocument", {"version": "1"}, "expected version to be one of"),
        ("aws:iam/getPolicyDocument:getPolicyDocument", {"sourceJson": "{}"}, "to be an empty string"),
        ("aws:index/getRegion:getRegion", {"name": "moon-1"}, "no AWS region"),
        ("aws:index/getPartition:getPartition", {"wrong": 1}, "'wrong'"),
    ],
)
def test_a_wrong_function_is_refused(peer: Peer, token: str, args: dict[str, Any], words: str) -> None:
    assert words in _refused(lambda: peer.stub.Invoke(pb.InvokeRequest(tok=token, args=values.write(args))))


# Errors of AWS


def test_an_error_of_aws_is_one_line_with_code_type_and_name(peer: Peer) -> None:
    subnet = "aws:ec2/subnet:Subnet"
    said = _refused(lambda: peer.create(subnet, {"vpcId": "vpc-0", "cidrBlock": "10.0.0.0/24"}, "lost"))
    assert said.startswith(f'creating {subnet} "lost": InvalidVpcID.NotFound')
    assert "\n" not in said


def test_what_was_made_before_an_error_is_not_lost(peer: Peer, aws: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        peer.create("aws:iam/instanceProfile:InstanceProfile", {"name": "half", "role": "nobody"}, "half")
    assert "NoSuchEntity" in str(error.value.details())
    trailing: Any = error.value.trailing_metadata()
    details = dict(trailing)
    assert b"half" in details["grpc-status-details-bin"]
    assert b"ErrorResourceInitFailed" in details["grpc-status-details-bin"]
    aws("iam").delete_instance_profile(InstanceProfileName="half")


def test_cancel_ends_waiting(port: int, world: World) -> None:
    from google.protobuf import empty_pb2

    made = world.make("cluster")
    peer = Peer(port).configure()
    said: list[str] = []
    waiting = threading.Thread(target=lambda: said.append(_refused(lambda: peer.delete(made))))
    peer.stub.Cancel(empty_pb2.Empty())
    waiting.start()
    waiting.join(30)
    assert "cancelled while waiting" in said[0]

"""Every type of the table through its whole life, by the protocol, against the local AWS."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from local.provider.types import RESOURCES
from local.provider.values import UNKNOWN
from tests.local.provider.conftest import KNOWN, Made, World
from tests.local.provider.examples import EXAMPLES, Example

# What later resources change of earlier ones, on AWS too: a NAT gateway takes the address, a role the policy,
# …
SHARED = {
    "bare-group": {"ingress", "egress"},
    "bare-table": {"routes"},
    "eip": {"associationId", "privateIp"},
    "fifo-topic": {"policy"},
    "policy": {"attachmentCount"},
    "queue": {"policy"},
}
REPLACED = [key for key, example in EXAMPLES.items() if example.replace]


def _kind(number: int) -> str:
    return str(pb.PropertyDiff.Kind.Name(number))  # type: ignore[arg-type]


def _details(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    return str(error.value.details())


def _said(made: Made) -> dict[str, Any]:
    """The program's own words for a resource, without what Check has added."""
    inputs = values.read(made.inputs).props
    return {key: value for key, value in inputs.items() if key not in ("__defaults", "tagsAll")}


def test_every_type_has_an_example() -> None:
    assert {example.type for example in EXAMPLES.values()} == set(RESOURCES)


# Arguments that an update changes and no example does, each for a reason.
UNCHANGED = {
    "aws:dynamodb/table:Table": {"deletionProtectionEnabled": "a table under protection cannot be deleted"},
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": "a VPC has one gateway, which others' routes name"},
    "aws:ec2/route:Route": dict.fromkeys(
        (
            "egressOnlyGatewayId",
            "networkInterfaceId",
            "transitGatewayId",
            "vpcEndpointId",
            "vpcPeeringConnectionId",
        ),
        "one target is as the other; what these are is no type here",
    ),
    "aws:emr/cluster:Cluster": {
        "terminationProtection": "has a test of its own: its cluster cannot be deleted"
    },
    "aws:s3/bucketAcl:BucketAcl": {"acl": "has a test of its own: S3 does not say which canned list it was"},
    "aws:s3/bucketLogging:BucketLogging": {"targetGrants": "needs a bucket with access control lists"},
    "aws:s3/bucketObject:BucketObject": {"etag": "the content decides it"},
    "aws:s3/bucketObjectv2:BucketObjectv2": {"etag": "the content decides it"},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"prefixListId": "no list is a type here"},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"prefixListId": "no list is a type here"},
}


@pytest.mark.parametrize("token", RESOURCES)
def test_every_argument_that_can_be_changed_in_place_is_changed_by_an_example(token: str) -> None:
    row, known = RESOURCES[token], KNOWN[token]
    changeable = {prop for prop in known.schema.inputs if not known.schema.replaces(prop)}
    ours = changeable - set(row.unsupported) - row.keep - {"region", "tagsAll"}
    mine = [example for example in EXAMPLES.values() if example.type == token]
    changed = {prop for one in mine for prop in {**(one.change or {}), **(one.replace or {})}}
    assert ours - changed == set(UNCHANGED.get(token, ()))


@pytest.mark.parametrize("key", EXAMPLES)
def test_created_is_clean(gallery: World, key: str) -> None:
    made = gallery.make(key)
    assert made.id
    again = gallery.peer.diff(made, made.inputs)
    assert not again.detailedDiff, dict(again.detailedDiff)
    assert again.changes == pb.DiffResponse.DIFF_NONE


@pytest.mark.parametrize("key", EXAMPLES)
def test_refresh_is_clean(gallery: World, key: str) -> None:
    made = gallery.make(key)
    found = gallery.peer.read(made)
    assert found.id == made.id
    differing = {
        prop
        for state in [values.read(found.properties).props]
        for prop in {*state, *made.outputs}
        if state.get(prop) != made.outputs.get(prop)
    }
    assert differing <= SHARED.get(key, set())
    assert values.read(found.inputs).props == values.read(made.inputs).props


@pytest.mark.parametrize("key", EXAMPLES)
def test_what_a_preview_knows_comes_true(gallery: World, key: str) -> None:
    example = EXAMPLES[key]
    shown = gallery.peer.preview(example.type, gallery.resolve(example.props), gallery.name(key))
    outputs = gallery.make(key).outputs
    for prop, value in shown.items():
        if value is not UNKNOWN:
            assert prop in outputs, prop
            assert not _differs(value, outputs[prop]), (prop, value, outputs[prop])
    for prop, value in outputs.items():
        assert prop in shown or value in (False, 0) or prop == "region", prop


def _differs(shown: Any, real: Any) -> bool:
    """Whether what a preview showed is not what came; AWS may add fields to a block."""
    if isinstance(shown, dict) and isinstance(real, dict):
        return any(key not in real or _differs(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(real, list):
        return len(shown) != len(real) or any(_differs(*pair) for pair in zip(shown, real, strict=True))
    return bool(shown != real)


@pytest.mark.parametrize("key", EXAMPLES)
def test_changed_in_place_then_deleted_twice(world: World, gallery: World, key: str) -> None:
    example = EXAMPLES[key]
    place = gallery if example.once else world
    made = place.make(key)
    if example.change:
        made = _change(place, made, example)
    place.peer.delete(made)
    place.peer.delete(place.made.pop(key))
    if not example.stays:
        assert place.peer.read(made).id == ""


def _change(world: World, made: Made, example: Example) -> Made:
    """Make the example's change, seen in a preview, clean afterwards."""
    wanted = {**_said(made), **world.resolve(example.change)}
    inputs = world.peer.inputs(example.type, wanted, made.name, made.inputs)
    found = world.peer.diff(made, inputs)
    assert found.changes == pb.DiffResponse.DIFF_SOME
    assert not found.replaces
    assert set(example.change or {}) <= set(found.diffs)
    shown = world.peer.update(made, inputs, preview=True).outputs
    updated = world.peer.update(made, inputs)
    for prop, value in shown.items():
        if value is not UNKNOWN:
            assert prop in updated.outputs, prop
    again = world.peer.diff(updated, inputs)
    assert not again.detailedDiff, dict(again.detailedDiff)
    assert values.read(world.peer.read(updated).properties).props == updated.outputs
    return updated


@pytest.mark.parametrize("key", REPLACED)
def test_change_that_replaces(gallery: World, key: str) -> None:
    made, example = gallery.make(key), EXAMPLES[key]
    replace = example.replace or {}
    checked = gallery.peer.check(
        example.type, {**_said(made), **gallery.resolve(replace)}, made.name, made.inputs
    )
    found = gallery.peer.diff(made, checked.inputs)
    assert set(replace) & set(found.replaces)
    assert all(
        "REPLACE" in _kind(diff.kind) for path, diff in found.detailedDiff.items() if path in found.replaces
    )


def test_out_of_band_change_is_seen_and_mended(world: World, aws: Any) -> None:
    made = world.make("vpc")
    aws("ec2").modify_vpc_attribute(VpcId=made.id, EnableDnsHostnames={"Value": False})
    aws("ec2").create_tags(Resources=[made.id], Tags=[{"Key": "stray", "Value": "x"}])
    found = world.peer.read(made)
    assert values.read(found.inputs).props["enableDnsHostnames"] is False
    drifted = Made(made.urn, made.name, made.id, found.inputs, found.properties)
    diff = world.peer.diff(drifted, made.inputs)
    assert {"enableDnsHostnames", "tags.stray"} <= set(diff.detailedDiff)
    mended = world.peer.update(drifted, made.inputs)
    assert mended.outputs == made.outputs


def test_a_cluster_that_ended_is_gone_with_what_belongs_to_it(world: World, aws: Any) -> None:
    cluster, fleet, scaling = (world.make(key) for key in ("cluster", "fleet", "scaling"))
    aws("emr").terminate_job_flows(JobFlowIds=[cluster.id])
    assert [world.peer.read(made).id for made in (cluster, fleet, scaling)] == ["", "", ""]


def test_termination_protection_is_an_error_that_says_so(world: World) -> None:
    made = world.make("cluster")
    guarded = world.peer.inputs(
        EXAMPLES["cluster"].type, {**_said(made), "terminationProtection": True}, made.name, made.inputs
    )
    updated = world.peer.update(made, guarded)
    with pytest.raises(grpc.RpcError) as error:
        world.peer.delete(updated)
    assert "ValidationException" in _details(error)
    assert "protect" in _details(error)
    world.peer.update(updated, {**guarded, "terminationProtection": False})


def test_a_bucket_with_versions_is_emptied_only_by_force(world: World, aws: Any) -> None:
    made = world.make("log-bucket")
    aws("s3").put_bucket_versioning(Bucket=made.id, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        aws("s3").put_object(Bucket=made.id, Key="a", Body=b"x")
    aws("s3").delete_object(Bucket=made.id, Key="a")
    without = {**_said(made), "forceDestroy": False}
    careful = world.peer.update(
        made, world.peer.inputs(EXAMPLES["log-bucket"].type, without, made.name, made.inputs)
    )
    with pytest.raises(grpc.RpcError) as error:
        world.peer.delete(careful)
    assert "BucketNotEmpty" in _details(error)
    world.peer.delete(made)
    assert world.peer.read(made).id == ""


def test_a_password_that_aws_never_shows_stays_a_secret_of_the_state(gallery: World, aws: Any) -> None:
    made = gallery.make("kerberos-cluster")
    said = EXAMPLES["kerberos-cluster"].props["kerberosAttributes"]
    shown = aws("emr").describe_cluster(ClusterId=made.id)["Cluster"]["KerberosAttributes"]
    assert shown == {"Realm": "EC2.INTERNAL", "ADDomainJoinUser": "joiner"}
    for bag in (
        values.read(made.inputs),
        values.read(made.state),
        values.read(gallery.peer.read(made).properties),
    ):
        assert bag.props["kerberosAttributes"] == said
        assert "kerberosAttributes" in bag.secrets  # though the program did not say so


@pytest.mark.parametrize(
    ("key", "import_id"),
    [
        ("vpc", "${vpc}"),
        ("subnet", "${subnet}"),
        ("role-policy", "${role}:${role-policy.name}"),
        ("attachment", "${role}/${policy}"),
        ("association", "${subnet}/${route-table}"),
        ("route", "${bare-table}_0.0.0.0/0"),
        ("bucket", "${bucket}"),
        ("object", "${bucket}/a/b.txt"),
        ("alias", "${alias}"),
        ("fleet", "${cluster}/${fleet}"),
        ("scaling", "${cluster}"),
        ("log-group", "${log-group}"),
        ("security-configuration", "${security-configuration}"),
    ],
)
def test_import_gives_a_clean_preview(gallery: World, key: str, import_id: str) -> None:
    made = gallery.make(key)
    found = gallery.peer.stub.Read(pb.ReadRequest(id=gallery.resolve(import_id), urn=made.urn))
    assert found.id == made.id
    imported = Made(made.urn, made.name, found.id, found.inputs, found.properties)
    said = _said(made)
    inputs = gallery.peer.inputs(EXAMPLES[key].type, said, made.name, imported.inputs)
    diff = gallery.peer.diff(imported, inputs)
    only_ours = RESOURCES[EXAMPLES[key].type].keep  # what no API gives back, an import cannot know
    assert not {path for path in diff.detailedDiff if path.split(".")[0] not in only_ours}

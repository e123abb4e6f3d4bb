"""A role's own and managed policies: exactly those that are said, where any are said."""

from __future__ import annotations

from typing import Any

from local.provider import values
from tests.local.provider.conftest import Made, World
from tests.local.provider.examples.base import policy, trust

ROLE = "aws:iam/role:Role"
STRAY = policy("s3:DeleteObject", "*")


def _inputs(made: Made) -> dict[str, Any]:
    return values.read(made.inputs).props


def test_what_came_behind_the_program_s_back_is_seen_and_goes(world: World, aws: Any) -> None:
    made, other = world.make("role-with-policies"), world.make("other-policy").id
    name, iam = made.outputs["name"], aws("iam")
    iam.attach_role_policy(RoleName=name, PolicyArn=other)
    iam.put_role_policy(RoleName=name, PolicyName="stray", PolicyDocument=STRAY)
    found = world.peer.read(made)
    drifted = Made(made.urn, made.name, made.id, found.inputs, found.properties)
    assert {one.split("[")[0] for one in world.peer.diff(drifted, made.inputs).detailedDiff} == {
        "inlinePolicies",
        "managedPolicyArns",
    }
    mended = world.peer.update(drifted, made.inputs)
    assert mended.outputs == made.outputs
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == made.outputs["managedPolicyArns"]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["read", "list"]


def test_a_role_that_says_nothing_of_policies_keeps_what_others_gave_it(world: World, aws: Any) -> None:
    made, other = world.make("role"), world.make("other-policy").id
    aws("iam").attach_role_policy(RoleName=made.outputs["name"], PolicyArn=other)
    assert values.read(world.peer.read(made).properties).props == made.outputs
    aws("iam").detach_role_policy(RoleName=made.outputs["name"], PolicyArn=other)


def test_no_policies_said_as_such_are_none(world: World, aws: Any) -> None:
    name = f"{world.prefix}-bare"
    made = world.peer.create(
        ROLE, {"assumeRolePolicy": trust("ec2.amazonaws.com"), "inlinePolicies": []}, name
    )
    aws("iam").put_role_policy(RoleName=made.outputs["name"], PolicyName="stray", PolicyDocument=STRAY)
    found = world.peer.read(made)
    drifted = Made(made.urn, made.name, made.id, found.inputs, found.properties)
    world.peer.update(drifted, made.inputs)
    assert aws("iam").list_role_policies(RoleName=made.outputs["name"])["PolicyNames"] == []
    world.peer.delete(made)

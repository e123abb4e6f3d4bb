"""IAM: roles, policies, attachments, instance profiles. IAM has no region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.known import same_json
from local.provider.run import Run
from local.provider.shapes import text
from local.provider.table import Call, Change, Name, Part, Resource, Tagging

_ROLE = {"RoleName": "$id"}
_MANAGED, _OWN = "managedPolicyArns", "inlinePolicies"


def _pages(run: Run, op: str, key: str, **params: Any) -> list[Any]:
    """All items of one of IAM's paged answers."""
    found: list[Any] = []
    while True:
        answer = run.call(op, **params)
        found += answer[key]
        if not answer.get("IsTruncated"):
            return found
        params["Marker"] = answer["Marker"]


def _free_role(run: Run) -> None:
    """A role leaves its instance profiles; its policies go only when the program says force, as with the
    real one."""
    for profile in _pages(run, "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=run.id):
        name = profile["InstanceProfileName"]
        run.call("RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=run.id)
    forced = run.old.get("forceDetachPolicies")
    if forced or run.old.get(_MANAGED):
        for arn in _attached(run):
            run.call("DetachRolePolicy", RoleName=run.id, PolicyArn=arn)
    if forced or run.old.get(_OWN):
        for name in _pages(run, "ListRolePolicies", "PolicyNames", RoleName=run.id):
            run.call("DeleteRolePolicy", RoleName=run.id, PolicyName=name)


def _attached(run: Run) -> list[str]:
    found = _pages(run, "ListAttachedRolePolicies", "AttachedPolicies", RoleName=run.id)
    return [str(one["PolicyArn"]) for one in found]


def _own_policies(props: Mapping[str, Any]) -> dict[str, str]:
    """A role's inline policies by name; a block without words says only that there are no others."""
    said = [one for one in props.get(_OWN) or [] if one.get("policy")]
    return {str(one["name"]): str(one["policy"]) for one in said}


def _attach(run: Run) -> None:
    """Exactly the managed policies that are said: whatever else was attached goes."""
    old, new = set(run.old.get(_MANAGED) or []), set(run.props.get(_MANAGED) or [])
    for arn in sorted(old - new):
        run.call("DetachRolePolicy", RoleName=run.id, PolicyArn=arn)
    for arn in sorted(new - old):
        run.call("AttachRolePolicy", RoleName=run.id, PolicyArn=arn)


def _write_own(run: Run) -> None:
    """Exactly the inline policies that are said."""
    old, new = _own_policies(run.old), _own_policies(run.props)
    for name in sorted(set(old) - set(new)):
        run.call("DeleteRolePolicy", RoleName=run.id, PolicyName=name)
    for name, policy in new.items():
        if not same_json(old.get(name), policy):
            run.call("PutRolePolicy", RoleName=run.id, PolicyName=name, PolicyDocument=policy)


def _find_policies(run: Run) -> None:
    """The role's policies, where the program says what they are, or nothing is known yet: an import.

    The real provider always reads them: its refresh then shows a role changed that only got an attachment.
    """
    importing = "assumeRolePolicy" not in run.props
    if importing or run.props.get(_MANAGED) is not None:
        run.found[_MANAGED] = _attached(run)
    if importing or run.props.get(_OWN) is not None:
        names = _pages(run, "ListRolePolicies", "PolicyNames", RoleName=run.id)
        told = [run.call("GetRolePolicy", RoleName=run.id, PolicyName=name) for name in names]
        run.found[_OWN] = [{"name": one["PolicyName"], "policy": text(one["PolicyDocument"])} for one in told]


def _update_role(run: Run) -> None:
    params = {"Description": run.props.get("description") or "", "RoleName": run.id}
    run.call("UpdateRole", **params, MaxSessionDuration=int(run.props.get("maxSessionDuration") or 3600))


ROLE = Resource(
    type="aws:iam/role:Role",
    terraform="aws_iam_role",
    service="iam",
    create=Call(op="CreateRole", by_name=True, args={"Tags": "$tagsAll"}),
    id="$name",
    reads=(
        Part(
            call=Call(op="GetRole", args=_ROLE),
            at="Role",
            skip=frozenset({"permissionsBoundary"}),
            take={"permissionsBoundary": "Role.PermissionsBoundary.PermissionsBoundaryArn"},
        ),
    ),
    finish=_find_policies,
    changes=(
        Change(
            props=("assumeRolePolicy",),
            do=(Call(op="UpdateAssumeRolePolicy", args={**_ROLE, "PolicyDocument": "$assumeRolePolicy"}),),
        ),
        Change(props=("description", "maxSessionDuration"), do=(_update_role,)),
        Change(
            props=("permissionsBoundary",),
            do=(
                Call(
                    op="PutRolePermissionsBoundary",
                    args={**_ROLE, "PermissionsBoundary": "$permissionsBoundary"},
                ),
            ),
            unset=False,
        ),
        Change(
            props=("permissionsBoundary",),
            do=(Call(op="DeleteRolePermissionsBoundary", args=_ROLE),),
            unset=True,
        ),
        Change(props=(_OWN,), do=(_write_own,), on_create=True),
        Change(props=(_MANAGED,), do=(_attach,), on_create=True),
    ),
    delete=(_free_role, Call(op="DeleteRole", args=_ROLE)),
    tagging=Tagging(
        add=Call(op="TagRole", args={**_ROLE, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagRole", args={**_ROLE, "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=64),
    names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument", "uniqueId": "RoleId"},
    defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
    keep=frozenset({"forceDetachPolicies", "namePrefix"}),
    json=frozenset({"assumeRolePolicy"}),
    by_hook=frozenset({_MANAGED, _OWN}),
    same={f"{_OWN}.policy": same_json},
)

_INLINE = {"RoleName": "$role", "PolicyName": "$name"}

ROLE_POLICY = Resource(
    type="aws:iam/rolePolicy:RolePolicy",
    terraform="aws_iam_role_policy",
    service="iam",
    create=Call(op="PutRolePolicy", args={**_INLINE, "PolicyDocument": "$policy"}),
    id="$role:$name",
    reads=(Part(call=Call(op="GetRolePolicy", args=_INLINE)),),
    changes=(
        Change(
            props=("policy",), do=(Call(op="PutRolePolicy", args={**_INLINE, "PolicyDocument": "$policy"}),)
        ),
    ),
    delete=(Call(op="DeleteRolePolicy", args=_INLINE),),
    name=Name(length=128),
    names={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    keep=frozenset({"namePrefix"}),
    json=frozenset({"policy"}),
)

_POLICY = {"PolicyArn": "$id"}


def _default_version(run: Run) -> bool:
    run.props["versionId"] = run.answers["GetPolicy"]["Policy"]["DefaultVersionId"]
    return True


def _versions(run: Run) -> list[dict[str, Any]]:
    versions = _pages(run, "ListPolicyVersions", "Versions", PolicyArn=run.id)
    return sorted(
        (one for one in versions if not one["IsDefaultVersion"]), key=lambda one: str(one["CreateDate"])
    )


def _new_version(run: Run) -> None:
    """A policy keeps five versions: the oldest makes room, as with the real provider."""
    versions = _versions(run)
    if len(versions) >= 4:
        run.call("DeletePolicyVersion", PolicyArn=run.id, VersionId=versions[0]["VersionId"])
    run.call("CreatePolicyVersion", PolicyArn=run.id, PolicyDocument=run.props["policy"], SetAsDefault=True)


def _drop_versions(run: Run) -> None:
    for one in _versions(run):
        run.call("DeletePolicyVersion", PolicyArn=run.id, VersionId=one["VersionId"])


POLICY = Resource(
    type="aws:iam/policy:Policy",
    terraform="aws_iam_policy",
    service="iam",
    create=Call(op="CreatePolicy", by_name=True, args={"Tags": "$tagsAll"}),
    id="=Policy.Arn",
    reads=(
        Part(call=Call(op="GetPolicy", args=_POLICY), at="Policy", skip=frozenset({"policy"})),
        Part(
            call=Call(op="GetPolicyVersion", args={**_POLICY, "VersionId": "$versionId"}),
            take={"policy": "PolicyVersion.Document"},
            when=_default_version,
        ),
    ),
    changes=(Change(props=("policy",), do=(_new_version,)),),
    delete=(_drop_versions, Call(op="DeletePolicy", args=_POLICY)),
    tagging=Tagging(
        add=Call(op="TagPolicy", args={**_POLICY, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagPolicy", args={**_POLICY, "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=128),
    names={"name": "PolicyName", "policy": "PolicyDocument"},
    defaults={"path": "/"},
    keep=frozenset({"namePrefix"}),
    json=frozenset({"policy"}),
    unsupported={"delayAfterPolicyCreationInMs": "a policy can be attached at once here"},
)

_ATTACHMENT = {"RoleName": "$role", "PolicyArn": "$policyArn"}


def _detached(run: Run) -> bool:
    wanted = {**run.old, **run.props}
    attached = _pages(run, "ListAttachedRolePolicies", "AttachedPolicies", RoleName=wanted["role"])
    return all(one["PolicyArn"] != wanted["policyArn"] for one in attached)


ROLE_POLICY_ATTACHMENT = Resource(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    terraform="aws_iam_role_policy_attachment",
    service="iam",
    create=Call(op="AttachRolePolicy", args=_ATTACHMENT),
    id="$role/$policyArn",
    reads=(Part(call=Call(op="GetRole", args={"RoleName": "$role"}), at="Role", skip=frozenset({"role"})),),
    gone=_detached,
    delete=(Call(op="DetachRolePolicy", args=_ATTACHMENT),),
    keep=frozenset({"role", "policyArn"}),
    # Two of them are one attachment: creating the new and then deleting the old would leave none.
    delete_first=True,
)

_PROFILE = {"InstanceProfileName": "$id"}


def _set_role(run: Run) -> None:
    profile = run.call("GetInstanceProfile", InstanceProfileName=run.id)["InstanceProfile"]
    for role in profile["Roles"]:
        run.call("RemoveRoleFromInstanceProfile", InstanceProfileName=run.id, RoleName=role["RoleName"])
    if run.props.get("role"):
        run.call("AddRoleToInstanceProfile", InstanceProfileName=run.id, RoleName=run.props["role"])


def _no_role(run: Run) -> None:
    run.props["role"] = None
    _set_role(run)


INSTANCE_PROFILE = Resource(
    type="aws:iam/instanceProfile:InstanceProfile",
    terraform="aws_iam_instance_profile",
    service="iam",
    create=Call(op="CreateInstanceProfile", by_name=True, args={"Tags": "$tagsAll"}),
    id="$name",
    reads=(
        Part(
            call=Call(op="GetInstanceProfile", args=_PROFILE),
            at="InstanceProfile",
            skip=frozenset({"role"}),
            take={"role": "InstanceProfile.Roles.0.RoleName"},
        ),
    ),
    changes=(Change(props=("role",), do=(_set_role,), on_create=True),),
    delete=(_no_role, Call(op="DeleteInstanceProfile", args=_PROFILE)),
    tagging=Tagging(
        add=Call(op="TagInstanceProfile", args={**_PROFILE, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagInstanceProfile", args={**_PROFILE, "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=128),
    names={"name": "InstanceProfileName", "uniqueId": "InstanceProfileId"},
    defaults={"path": "/"},
    keep=frozenset({"namePrefix"}),
)

ROWS = (INSTANCE_PROFILE, POLICY, ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT)

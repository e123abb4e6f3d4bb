"""Who holds which policies in a stack: what a role, user or group is granted, taken together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from policies.documents import Document
from policies.grants import IDENTITY_POLICIES, ROLE, documents
from policies.unknown import Unknown
from policies.view import Resource, Stack

POLICY = "aws:iam/policy:Policy"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
# A holder's type: by which property what belongs to it names it, its inline policies, its attachments.
PARTS = {
    ROLE: ("role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
    USER: (
        "user",
        "aws:iam/userPolicy:UserPolicy",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    ),
    GROUP: (
        "group",
        "aws:iam/groupPolicy:GroupPolicy",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    ),
}
HOLDERS_AND_POLICIES = IDENTITY_POLICIES | frozenset(PARTS)
TO_SEVERAL = "aws:iam/policyAttachment:PolicyAttachment"  # names its holders in `roles`, `users` and `groups`
ATTACHMENTS = (*(attachment for _, _, attachment in PARTS.values()), TO_SEVERAL)
OF_A_ROLE = "managedPolicyArns"


def together(resource: Resource, stack: Stack) -> Iterator[Document | Unknown]:
    """The documents that are judged with `resource`: all of a holder's, or a policy's own that no holder here has."""
    if resource.type in PARTS:
        prop, inline, attachment = PARTS[resource.type]
        if resource.type == ROLE:
            yield from documents(resource)
        for source in stack.referring(resource, prop, inline):
            yield from _named(source)
        attached = [(one, "policyArn") for one in stack.referring(resource, prop, attachment)]
        attached += [(one, "policyArn") for one in stack.referring(resource, f"{prop}s", TO_SEVERAL)]
        for one, by in [*attached, (resource, OF_A_ROLE)]:
            for policy in stack.targets(one, by, POLICY):
                yield from _named(policy)
        for group in _groups(resource, stack):
            yield from together(group, stack)
    elif not _is_held(resource, stack) and not is_boundary(resource, stack):
        yield from documents(resource)


def _groups(resource: Resource, stack: Stack) -> Iterator[Resource]:
    """The groups of a user, whose policies count for it too."""
    if resource.type != USER:
        return
    ways = (
        ("users", "group", "aws:iam/groupMembership:GroupMembership"),
        ("user", "groups", "aws:iam/userGroupMembership:UserGroupMembership"),
    )
    for mine, theirs, kind in ways:
        for one in stack.referring(resource, mine, kind):
            yield from stack.targets(one, theirs, GROUP)


def _named(source: Resource) -> Iterator[Document | Unknown]:
    """A policy's documents, their statements with the policy's name."""
    for document in documents(source):
        if isinstance(document, Unknown):
            yield document
        else:
            named = (replace(one, where=f"{source.label} {one.where}") for one in document.statements)
            yield Document(tuple(named))


def _is_held(policy: Resource, stack: Stack) -> bool:
    if policy.type != POLICY:
        return any(
            stack.targets(policy, prop, holder)
            for holder, (prop, inline, _) in PARTS.items()
            if policy.type == inline
        )
    if stack.referring(policy, OF_A_ROLE, ROLE):
        return True
    return any(
        stack.targets(one, prop if one.type == attachment else f"{prop}s", holder)
        for one in stack.referring(policy, "policyArn", *ATTACHMENTS)
        for holder, (prop, _, attachment) in PARTS.items()
        if one.type in (attachment, TO_SEVERAL)
    )


def is_boundary(policy: Resource, stack: Stack) -> bool:
    """Whether a policy only bounds what others grant: a permissions boundary of this stack, attached to nobody."""
    if policy.type != POLICY or stack.referring(policy, "policyArn", *ATTACHMENTS):
        return False
    if stack.referring(policy, OF_A_ROLE, ROLE):
        return False
    if stack.referring(policy, "permissionsBoundary", *PARTS):
        return True
    name = policy.get("name").value
    return isinstance(name, str) and name in _bounds(stack)


@lru_cache(maxsize=1)
def _bounds(stack: Stack) -> frozenset[str]:
    """Names of the boundaries that are given as ARNs put together beforehand: the policy's own is not known yet."""
    arns = (one.get("permissionsBoundary").value for one in stack.of(*PARTS))
    return frozenset(arn.rsplit("/", 1)[-1] for arn in arns if isinstance(arn, str))

"""What an identity is granted, statement by statement: shared by the rules on IAM."""

from __future__ import annotations

from collections.abc import Iterator

from policies.documents import Condition, Document, Statement, read
from policies.unknown import NotYetKnownError, Unknown
from policies.view import Node, Resource

ROLE = "aws:iam/role:Role"
PERMISSION_SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
IDENTITY_POLICIES = frozenset(
    {
        PERMISSION_SET,
        "aws:iam/policy:Policy",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/groupPolicy:GroupPolicy",
        "aws:iam/userPolicy:UserPolicy",
        ROLE,
    }
)
# Condition keys that tie a grant on "*" to certain resources after all.
NARROWING = ("aws:resourcetag/", "aws:requesttag/", "kms:resourcealiases", "ec2:vpc", "ec2:subnet")
# Condition keys that say whose a caller is, or from where the call comes.
OWNERS = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
)
EXACT = ("stringequals", "stringlike", "stringequalsignorecase", "arnequals", "arnlike")


def documents(resource: Resource) -> Iterator[Document | Unknown]:
    """The identity policies of a resource: its own, or a role's inline ones; what is not known yet as such."""
    nodes = [resource.get("inlinePolicy" if resource.type == PERMISSION_SET else "policy")]
    if resource.type == ROLE:
        inline = resource.get("inlinePolicies")
        nodes = (
            [Node(inline.value, inline.path)] if inline.unknown else [n.get("policy") for n in inline.items()]
        )
    for node in nodes:
        try:
            document = read(node)
        except NotYetKnownError as error:
            yield Unknown(error.path)
            continue
        if document is not None:
            yield document


def grants(resource: Resource) -> Iterator[Statement | Unknown]:
    """Every statement that grants, and what of them is not known yet."""
    for document in documents(resource):
        if isinstance(document, Unknown):
            yield document
            continue
        for statement in document.allowing():
            yield from statement.settled()
            yield statement


def is_exact(condition: Condition) -> bool:
    """Whether a condition holds only for values it names: a string or ARN test, no bare wildcard."""
    operator = condition.operator.lower().removeprefix("foranyvalue:")
    return (
        operator in EXACT
        and bool(condition.values)
        and not any(set(v) <= {"*", "?"} for v in condition.values)
    )


def may_be_limited(statement: Statement) -> bool:
    """Whether a condition that is not known yet may limit the statement; it is listed as unknown already."""
    return any(".Condition" in path for path in statement.unknowns)


def is_narrowed(statement: Statement) -> bool:
    """Whether conditions tie a grant on every resource to certain ones."""
    return any(
        is_exact(condition) and (condition.key.startswith(NARROWING) or ":resourcetag/" in condition.key)
        for condition in statement.conditions
    )


def is_everything(text: str) -> bool:
    """Whether an ARN pattern names no resource: `*`, or an ARN whose last part is nothing but wildcards."""
    last = text.split(":", 5)[-1]
    return "*" in last and set(last) <= {"*", "?", "/", ":"}

"""The judgement: what all policies together say of a question. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local.cloud.iam.language import Document, Question
from local.cloud.iam.principals import Match

IDENTITY, BOUNDARY, SESSION, RESOURCE = (
    "identity-based policy", "permissions boundary", "session policy", "resource-based policy",
)  # fmt: skip
ENDPOINT = "VPC endpoint policy"


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Every policy that has a say. None stands for "there is none", which is not the same as an empty one."""

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Document | None = None
    resource: Document | None = None
    endpoint: Document | None = None
    # Whether the resource's own policy must allow, as of KMS keys and of roles; elsewhere IAM alone may do.
    resource_decides: bool = False
    owner: str = (
        ""  # the account of the resource; "" where it has none of its own, and then it is the caller's
    )


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why not: the kind of policy, and whether it denies or merely does not allow."""

    policy: str
    explicit: bool


def judge(question: Question, policies: Policies) -> Refusal | None:
    """Why the question is answered with no, None when the answer is yes."""
    return _denied(question, policies) or _endpoint(question, policies) or _not_allowed(question, policies)


def _denied(question: Question, policies: Policies) -> Refusal | None:
    documents = [
        *((IDENTITY, document) for document in policies.identity),
        (BOUNDARY, policies.boundary), (SESSION, policies.session),
        (RESOURCE, policies.resource), (ENDPOINT, policies.endpoint),
    ]  # fmt: skip
    for kind, document in documents:
        if document is not None and any(
            s.effect == "Deny" and s.concerns(question.caller) for s in document.applying(question)
        ):
            return Refusal(policy=kind, explicit=True)
    return None


def _endpoint(question: Question, policies: Policies) -> Refusal | None:
    """What an endpoint's policy does not allow does not pass it, whoever asks."""
    document = policies.endpoint
    if document is None or _named(document, question) is not Match.NOBODY:
        return None
    return Refusal(policy=ENDPOINT, explicit=False)


def _not_allowed(question: Question, policies: Policies) -> Refusal | None:
    caller = question.caller
    named = Match.NOBODY if policies.resource is None else _named(policies.resource, question)
    if caller.kind in ("anonymous", "service"):
        granted = named in (Match.ITSELF, Match.EVERYONE)
        return None if granted else Refusal(policy=RESOURCE, explicit=False)
    if policies.owner and policies.owner != caller.account:
        refused = _own_policies(question, policies)
        return refused or (Refusal(policy=RESOURCE, explicit=False) if named is Match.NOBODY else None)
    if named in (Match.ITSELF, Match.EVERYONE):
        return None
    if named is Match.ROLE:
        return _limits(question, policies)
    if policies.resource_decides and named is Match.NOBODY:
        return Refusal(policy=RESOURCE, explicit=False)
    return _own_policies(question, policies)


def _own_policies(question: Question, policies: Policies) -> Refusal | None:
    """IAM of the caller's account: an identity policy allows, and nothing limits it."""
    if question.caller.kind != "root" and not any(_allows(each, question) for each in policies.identity):
        return Refusal(policy=IDENTITY, explicit=False)
    return _limits(question, policies)


def _limits(question: Question, policies: Policies) -> Refusal | None:
    for kind, document in ((BOUNDARY, policies.boundary), (SESSION, policies.session)):
        if document is not None and not _allows(document, question):
            return Refusal(policy=kind, explicit=False)
    return None


def _allows(document: Document, question: Question) -> bool:
    return any(s.effect == "Allow" for s in document.applying(question))


def _named(document: Document, question: Question) -> Match:
    """The strongest way in which an Allow of a resource's policy names the caller."""
    ways = (s.names(question.caller) for s in document.applying(question) if s.effect == "Allow")
    return max(ways, key=lambda each: each.value, default=Match.NOBODY)

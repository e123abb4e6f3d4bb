"""SQS queues: encrypted, for known senders only, over TLS, with a place for what nobody can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policies.checks import either, is_own_key, must_be_set, must_be_true, said
from policies.documents import read
from policies.openness import check_every_action, check_public, pending, refuses_plain
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp, nag
from policies.unknown import unknowns
from policies.view import Node, Resource, Stack

QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE = "aws:sqs/redrivePolicy:RedrivePolicy"
REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
FUNCTION = "aws:lambda/function:Function"


def _check_aws_key(resource: Resource, _: Config) -> Verdicts:
    key = resource.get("kmsMasterKeyId")
    if key.present and not is_own_key(key):
        yield Finding(f"is encrypted with a key that no policy guards: {said(key)}")


def _check_tls(queue: Resource, stack: Stack, _: Config) -> Verdicts:
    policies = stack.referring(queue, "queueUrl", POLICY)
    nodes = [queue.given("policy"), *(policy.get("policy") for policy in policies)]
    documents = [document for node in nodes if (document := read(node))]
    refused = ("sqs:SendMessage", "sqs:ReceiveMessage")
    if any(refuses_plain(s, *refused) for document in documents for s in document.statements):
        return
    waiting = [unknown for document in documents for unknown in pending(document)]
    yield from waiting
    if not waiting:
        yield Finding("takes requests without TLS: no policy of it denies them")


def _check_dead_letters(queue: Resource, stack: Stack, _: Config) -> Verdicts:
    if queue.given("redrivePolicy").present or stack.referring(queue, "queueUrl", REDRIVE):
        return
    # A queue that says who may move messages to it is the end of the way itself.
    if queue.given("redriveAllowPolicy").present or stack.referring(queue, "queueUrl", REDRIVE_ALLOW):
        return
    if not any(_is_end(user, queue) for user in _movers(stack)):
        yield Finding("has no redrivePolicy: what cannot be read is tried until it expires")


def _movers(stack: Stack) -> Iterator[tuple[Resource, str, Node]]:
    """Whatever names a queue for dead letters: who, in which property, and where it stands."""
    for resource in stack.of(QUEUE, REDRIVE):
        node = resource.get("redrivePolicy")
        if isinstance(node.value, str):
            try:
                node = Node(json.loads(node.value), node.path)
            except json.JSONDecodeError:
                continue
        yield resource, "redrivePolicy", _member(node, "deadLetterTargetArn")
    for resource in stack.of(FUNCTION):
        yield resource, "deadLetterConfig", _member(resource.get("deadLetterConfig"), "targetArn")


def _member(node: Node, key: str) -> Node:
    value: Any = node.value
    return node.get(key) if isinstance(value, dict) else Node(None, node.path)


def _is_end(mover: tuple[Resource, str, Node], queue: Resource) -> bool:
    source, prop, target = mover
    if queue in source.references.get(prop, []):
        return True
    name = queue.get("name").value
    known = isinstance(target.value, str) and isinstance(name, str) and not list(unknowns(name))
    return known and target.value.endswith(f":{name}")


RULES = (
    ResourceRule(
        id="sqs-encrypted",
        title="SQS queues say how they are encrypted",
        protects="What messages tell while they wait",
        remedy="Set kmsMasterKeyId, or sqsManagedSseEnabled to true",
        severity=Severity.MEDIUM,
        types=frozenset({QUEUE}),
        controls=checkov("CKV_AWS_27") + fsbp("SQS.1") + nag("AwsSolutions-SQS2"),
        check=either(
            must_be_set("kmsMasterKeyId", "sets no encryption"),
            must_be_true("sqsManagedSseEnabled", "sets no encryption"),
        ),
    ),
    ResourceRule(
        id="sqs-no-aws-managed-key",
        title="No queue is encrypted with the key that AWS manages",
        protects="Messages: who may use that key is for nobody here to say",
        remedy="Set kmsMasterKeyId to a key of your own",
        severity=Severity.MEDIUM,
        types=frozenset({QUEUE}),
        controls=checkov("CKV2_AWS_73"),
        check=_check_aws_key,
    ),
    ResourceRule(
        id="sqs-policy-not-public",
        title="No queue lets everyone send or receive",
        protects="Messages, and whoever acts on them",
        remedy="Name the principals, or test aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID",
        severity=Severity.CRITICAL,
        types=frozenset({QUEUE, POLICY}),
        controls=checkov("CKV_AWS_168", "CKV_AWS_283", "CKV_AWS_387") + fsbp("SQS.3"),
        check=check_public,
    ),
    ResourceRule(
        id="sqs-policy-no-wildcard-action",
        title="No queue policy allows every action",
        protects="The queue, from being deleted or opened by whoever may send to it",
        remedy="Name the actions, as in sqs:SendMessage",
        types=frozenset({QUEUE, POLICY}),
        controls=checkov("CKV_AWS_72"),
        check=check_every_action,
    ),
    StackRule(
        id="sqs-tls",
        title="Queues take requests over TLS only",
        protects="Messages on the wire",
        remedy="Deny sqs:* to * under Bool aws:SecureTransport false alone",
        severity=Severity.MEDIUM,
        types=frozenset({QUEUE}),
        controls=nag("AwsSolutions-SQS4"),
        check=_check_tls,
    ),
    StackRule(
        id="sqs-dead-letters",
        title="Every queue has a queue for what cannot be read, or is one",
        protects="Messages from being lost, and readers from one that always fails",
        remedy="Set redrivePolicy, or redriveAllowPolicy where it is such a queue itself",
        severity=Severity.LOW,
        types=frozenset({QUEUE}),
        controls=nag("AwsSolutions-SQS3"),
        check=_check_dead_letters,
    ),
)

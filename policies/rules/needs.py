"""Roles that say what they need: what they are granted against that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.documents import Document, Statement, parse
from policies.grants import ROLE, documents
from policies.holders import TO_SEVERAL
from policies.needs import Need, Pair, ungranted, unneeded
from policies.rule import Config, Finding, Severity, StackRule, Verdicts
from policies.unknown import NotYetKnownError, Unknown
from policies.view import Node, Resource, Stack

DECLARED = "emr:security:Role"
POLICY, ROLE_POLICY = "aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
KEY = "aws:kms/key:Key"
SHOWN = 3
"""Pairs of action and resource that a finding names; the rest is counted."""


def _check(component: Resource, stack: Stack, _: Config) -> Verdicts:
    if not component.get("needs").present:
        yield Finding(
            "does not tell its needs", remedy="Register them as the output 'needs' of the component"
        )
        return
    keys = _keys(stack)
    needs = [_need(node, keys) for node in component.get("needs").items()]
    granted: list[tuple[Resource, Statement]] = []
    all_known = True
    for source, document in _granted(component, stack):
        if isinstance(document, Unknown):
            all_known = False
            yield document
        elif isinstance(document, Finding):
            yield document
        else:
            granted += [(source, statement) for statement in document.statements]
    for _source, statement in granted:
        yield from statement.settled()
    # A condition that is not known yet may be the one that is missing.
    settled = [
        (source, statement)
        for source, statement in granted
        if not any(".Condition" in path or ".Effect" in path for path in statement.unknowns)
    ]
    yield from _unneeded(settled, needs)
    if all_known and not any(statement.unknowns for _, statement in granted):
        yield from _ungranted([statement for _, statement in granted], needs)


def _keys(stack: Stack) -> Mapping[str, str]:
    """The ARNs of the stack's keys, by name, as far as they are known and the name is one key's."""
    found: dict[str, list[Node]] = {}
    for key in stack.of(KEY):
        found.setdefault(key.name, []).append(key.get("arn"))
    return {
        name: arn
        for name, nodes in found.items()
        if len(nodes) == 1 and not nodes[0].unknown and (arn := nodes[0].text())
    }


def _need(node: Node, arns: Mapping[str, str]) -> Need:
    """A declared need, its keys by their ARNs where the stack has keys of those names."""
    keys = [name for each in node.get("keys").items() if (name := each.text())]
    known = [arns[name] for name in keys if name in arns]
    wanted: dict[str, Any] = {
        "Sid": node.get("name").text(),
        "Effect": "Allow",
        "Action": node.get("actions").value,
        "Resource": node.get("resources").value,
        "Condition": node.get("condition").value,
    }
    (statement,) = parse({"Statement": [wanted]}, node.path).statements
    for path in statement.unknowns:
        raise NotYetKnownError(path)
    return Need(replace(statement, resources=(*statement.resources, *known)), len(keys) - len(known))


def _granted(component: Resource, stack: Stack) -> Iterator[tuple[Resource, Document | Unknown | Finding]]:
    """Every policy of the component's roles: below it, or made elsewhere for one of them."""
    roles = stack.children(component, ROLE)
    policies = stack.children(component, ROLE_POLICY, ATTACHMENT)
    for role in roles:
        elsewhere = (
            *stack.referring(role, "role", ROLE_POLICY, ATTACHMENT),
            *stack.referring(role, "roles", TO_SEVERAL),
        )
        policies += [one for one in elsewhere if one not in policies]
    for source in [*roles, *policies]:
        for document in documents(source):
            yield source, document
    for role in roles:
        for node in role.get("managedPolicyArns").items():
            yield role, _foreign(role, node)
    for attachment in policies:
        if attachment.type in (ATTACHMENT, TO_SEVERAL):
            yield from _attached(attachment, stack)


def _attached(attachment: Resource, stack: Stack) -> Iterator[tuple[Resource, Document | Unknown | Finding]]:
    targets = stack.targets(attachment, "policyArn", POLICY)
    for policy in targets:
        for document in documents(policy):
            yield policy, document
    if not targets:
        yield attachment, _foreign(attachment, attachment.get("policyArn"))


def _foreign(holder: Resource, node: Node) -> Unknown | Finding:
    """A policy that is not of this stack: what it grants is not said here."""
    if node.unknown:
        return Unknown(node.path)
    return Finding(
        f"{holder.label} attaches the policy {node.text()!r}, whose grants are not declared",
        remedy="Declare what the role needs of it as needs, and take the attachment away",
    )


def _unneeded(granted: Sequence[tuple[Resource, Statement]], needs: Sequence[Need]) -> Iterator[Finding]:
    sources = {id(statement): source for source, statement in granted}
    for found in unneeded([statement for _, statement in granted], needs):
        source, statement = sources[id(found.statement)], found.statement
        why = (
            f"without the condition of the need '{found.nearest.name}'"
            if found.wider and found.nearest
            else "which no declared need covers"
        )
        remedy = (
            f"Grant instead {_text(found.nearest)}" if found.nearest else "Take it out, or declare the need"
        )
        yield Finding(f"{source.label} {statement.where} allows {_listed(found.pairs)}, {why}", remedy=remedy)


def _ungranted(granted: Sequence[Statement], needs: Sequence[Need]) -> Iterator[Finding]:
    for found in ungranted(granted, needs):
        yield Finding(
            f"is not granted what its need '{found.need.name}' declares: {_listed(found.pairs)}",
            remedy=f"Grant {_text(found.need)}, or take the need out",
        )


def _listed(pairs: Sequence[Pair]) -> str:
    told = [f"{action} on {resource or 'its keys'}" for action, resource in pairs[:SHOWN]]
    return ", ".join(told) + (f" and {len(pairs) - SHOWN} more" if pairs[SHOWN:] else "")


def _text(need: Need) -> str:
    """The statement that grants just the need."""
    wanted = need.wanted
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in wanted.conditions:
        conditions.setdefault(condition.operator, {})[condition.key] = list(condition.values)
    keys = [f"<ARN of its key {number}>" for number in range(1, need.open_keys + 1)]
    statement = {
        "Sid": wanted.sid,
        "Effect": "Allow",
        "Action": list(wanted.actions),
        "Resource": [*wanted.resources, *keys],
    }
    return json.dumps({**statement, "Condition": conditions} if conditions else statement)


RULES = (
    StackRule(
        id="iam-grants-are-needed",
        title="A role that declares its needs is granted those and nothing else",
        protects="Least privilege: a grant that nothing asks for is found, and a need that nothing grants",
        remedy="Grant what is declared",
        severity=Severity.HIGH,
        types=frozenset({DECLARED}),
        check=_check,
    ),
)

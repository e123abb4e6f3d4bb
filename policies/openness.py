"""What a resource's own policy opens: to everyone, to other accounts, to requests in the clear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.actions import covering
from policies.documents import Condition, Document, Statement, read
from policies.grants import OWNERS, is_exact, may_be_limited
from policies.ranges import prefix_is_short
from policies.rule import Config, Finding, Verdicts
from policies.unknown import Unknown
from policies.view import Node, Resource

# What S3 counts as a fixed place or caller, beyond the keys of every service:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
FIXED = (
    "aws:principalorgpaths",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
)
ALL_ACTIONS = re.compile(r"([\w-]+:)?[*]+")
OWN_ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "ownAccounts": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "description": "Ids of accounts that are yours, beside the provider's allowedAccountIds.",
    }
}


def is_public(statement: Statement) -> bool:
    """Whether a statement grants to everyone, with no condition on who calls or from where.

    A condition that is not known yet may be one: the update judges it.
    """
    everyone = bool(statement.not_principals) or any(name == "*" for _, name in statement.principals)
    return statement.allows and everyone and not _is_held(statement)


def _is_held(statement: Statement) -> bool:
    return may_be_limited(statement) or any(
        _is_narrow_range(c) or _names_owner(c) for c in statement.conditions
    )


def _names_owner(condition: Condition) -> bool:
    # An ARN of every account names nobody.
    return (
        is_exact(condition)
        and condition.key in (*OWNERS, *FIXED)
        and not any(_of_anyone(value) for value in condition.values)
    )


def _of_anyone(arn: str) -> bool:
    parts = arn.split(":")
    return len(parts) > 4 and parts[0] == "arn" and set(parts[4]) == {"*"}


def _is_narrow_range(condition: Condition) -> bool:
    if condition.operator.lower() != "ipaddress" or condition.key not in ("aws:sourceip", "aws:vpcsourceip"):
        return False
    return bool(condition.values) and not any(map(prefix_is_short, condition.values))


def check_public(resource: Resource, _: Config) -> Verdicts:
    """Judge that the resource's policy, if it has one, lets nobody in by `*`."""
    document = read(resource.get("policy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        if statement.not_principals and is_public(statement):
            yield Finding(f"{statement.where} allows everyone but those of NotPrincipal")
        elif is_public(statement):
            what = ", ".join(statement.actions) or "all but its NotAction"
            yield Finding(f"{statement.where} allows {what} to everyone ('*')")


def check_every_action(resource: Resource, _: Config) -> Verdicts:
    """Judge that the resource's policy, if it has one, allows to nobody all actions of its service."""
    document = read(resource.get("policy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        wide = [action for action in statement.actions if ALL_ACTIONS.fullmatch(action)]
        if wide or statement.not_actions:
            yield Finding(f"{statement.where} allows {wide[0] if wide else 'all but its NotAction'}")


def own_accounts(resource: Resource, config: Config) -> set[str]:
    """The accounts that are ours: the configured ones and those that the provider is held to."""
    allowed = resource.provider.get("allowedAccountIds")
    if isinstance(allowed.value, str):  # a provider's nested properties travel as JSON text
        try:
            allowed = Node(json.loads(allowed.value), allowed.path)
        except json.JSONDecodeError:
            return set(config["ownAccounts"])
    known = [] if allowed.unknown else [n.text() or "" for n in allowed.items() if not n.unknown]
    return {*config["ownAccounts"], *known}


def foreign(statement: Statement, own: set[str]) -> Iterator[str]:
    """The principals of a statement that are of a named account which is not ours, unless a condition holds them."""
    if _is_held(statement):
        return
    for kind, name in statement.principals:
        account = name.split(":")[4] if name.startswith("arn:") and name.count(":") >= 5 else name
        if kind == "AWS" and account.isdigit() and account not in own:
            yield name


def refuses_plain(statement: Statement, *actions: str) -> bool:
    """Whether a statement refuses, to everyone, every one of `actions` that comes without TLS."""
    # One more condition would let some requests through.
    insecure = [(c.operator.lower(), c.key, c.values) for c in statement.conditions] == [
        ("bool", "aws:securetransport", ("false",))
    ]
    everyone = any(name == "*" for _, name in statement.principals)
    covered = all(covering(statement.actions, action) for action in actions)
    return statement.effect == "Deny" and everyone and insecure and covered


def pending(document: Document) -> list[Unknown]:
    """What of a document is not known yet."""
    return [unknown for statement in document.statements for unknown in statement.settled()]

"""Trees of settings for tests: dev's, which is good, and what is changed in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from facts.errors import UserError
from infra.settings.loader import from_config, parse
from tests.infra.recording import stack_config, wire_config

Tree = dict[str, Any]
# A name, one change to dev's good tree, and what the message must say: the key, what it was, what is allowed.
Case = tuple[str, Callable[[Tree], Any], str]

VPC: Tree = {"vpc_id": "vpc-0123456789abcdef0", "private_subnet_ids": ["subnet-0123456789abcdef0"]}
TOPIC = "arn:aws:sns:us-east-1:111111111111:page"
KEY = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"


def good() -> Tree:
    """What dev's stack file says, read but not checked."""
    return from_config(wire_config(stack_config("dev")))


def main(tree: Tree, **changes: Any) -> Tree:
    """The cluster of that name, changed."""
    cluster: Tree = tree["clusters"]["main"]
    cluster.update(changes)
    return cluster


def zone(tree: Tree, name: str, said: Tree) -> None:
    """Say something of a bucket."""
    tree["storage"].setdefault("zones", {})[name] = said


def mistakes(tree: Tree) -> list[str]:
    """The lines that a user reads who says this."""
    with pytest.raises(UserError) as refusal:
        parse(tree)
    return [line.strip() for line in str(refusal.value).splitlines()[1:]]

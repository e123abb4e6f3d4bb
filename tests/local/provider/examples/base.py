"""What an example is, and what several of them say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ZONE = "us-east-1a"


def policy(action: str, resource: str, **more: Any) -> str:
    """A policy of one statement; `more` goes into it."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource], **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    """A trust policy that lets a service in."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True, kw_only=True)
class Example:
    """Inputs of one resource, a change in place and one that replaces; None where the type has no such change.

    `${name}` in a value is the id of another example, `${name.prop}` one of its outputs. All changes can be made at
    once, and so can all replacements.
    """

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    change: Mapping[str, Any] | None = None
    replace: Mapping[str, Any] | None = None
    stays: bool = False  # after its deletion something of it is still there, as on AWS
    once: bool = False  # an account has one of it
    found: bool = True  # whether an import finds all of it, as on AWS


TAGS = {"tags": {"Name": "example", "team": "data"}}
NEW_TAGS = {"tags": {"Name": "example", "owner": "me"}}

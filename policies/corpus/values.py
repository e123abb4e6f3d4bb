"""Values of a file that is only read: known, not known, and what a resource will have once it is made."""

from __future__ import annotations

import json
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

UNKNOWN = UNKNOWN_STRING_VALUE
HOLE = "\ue000"  # stands in a text for a part that is not known, until it is clear what the text is
ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"
"""Where a file that is only read is taken to be; documents of AWS have this account in their examples."""


def arn(service: str, kind: str, name: str) -> str:
    """A likely ARN: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html."""
    match service:
        case "s3":
            return f"arn:{PARTITION}:s3:::{name}"
        case "iam":
            return f"arn:{PARTITION}:iam::{ACCOUNT}:{kind}/{name}"
        case "sns" | "sqs":
            return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{name}"
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{kind}/{name}"


def holds_unknown(value: Any) -> bool:
    """Whether anything in `value` is not known."""
    if isinstance(value, dict):
        return any(holds_unknown(member) for member in value.values())
    if isinstance(value, list):
        return any(holds_unknown(member) for member in value)
    return isinstance(value, str) and value == UNKNOWN


def as_text(value: Any) -> str:
    """A value inside a template."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def joined(parts: list[Any]) -> Any:
    """A template's parts as one value: text; an object, where the text is JSON with holes; else not known."""
    if not any(part == UNKNOWN or isinstance(part, dict | list) for part in parts):
        return "".join(as_text(part) for part in parts)
    text = "".join(
        HOLE if part == UNKNOWN or isinstance(part, dict | list) else as_text(part) for part in parts
    )
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return UNKNOWN
    return _unfilled(found) if isinstance(found, dict) else UNKNOWN


def _unfilled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unfilled(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unfilled(member) for member in value]
    return UNKNOWN if isinstance(value, str) and HOLE in value else value


def step_of(base: Any, step: Any) -> Any:
    """What stands at `step` in `base`: a key, or a place in a list."""
    if isinstance(base, dict):
        return base.get(step, UNKNOWN)
    if isinstance(base, list) and isinstance(step, int) and step < len(base):
        return base[step]
    return UNKNOWN


def member(base: Any, steps: list[Any]) -> Any:
    """What stands below `base` at `steps`."""
    for step in steps:
        base = step_of(base, step)
    return base

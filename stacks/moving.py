"""A stack's state moved from one backend to another: each step can be done again after an interruption.

https://www.pulumi.com/docs/iac/concepts/state-and-backends/#migrating-between-state-backends
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from facts.errors import UserError
from stacks.engine import Pulumi

# What marks a secret in a state: sdk/go/common/resource/sig/sig.go of the engine.
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public mark, no secret


def move(stack: str, *, source: Pulumi, to: Pulumi, secrets_provider: str, exists: bool) -> None:
    """Take the state of `stack` out of `source`'s backend into `to`'s, where it is made unless it `exists`.

    It is dropped at the source last: whatever is interrupted leaves it in one place at least. Raises UserError for a
    state that holds secrets: those are sealed for the old place.
    """
    found = source.document(stack)
    found["deployment"] = unsealed(stack, found["deployment"])
    if not exists:
        to.init(stack, secrets_provider)
    to.put(stack, found)
    source.forget(stack)


def unsealed(stack: str, deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The state without the word for who seals its secrets, of which it has none: the new backend has its own."""
    if SECRET_SIGNATURE in json.dumps(deployment):
        raise UserError(f"the state of stack '{stack}' holds secrets, which cannot be moved with it")
    return {key: value for key, value in deployment.items() if key != "secrets_providers"}

"""What differs by environment: parts of a spec, laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The rest is what the job is: it is the same wherever it runs.
MAY_DIFFER = (
    "resources",
    "conf",
    "parameters",
    "runtime",
    "fallback",
    "retry",
    "timeout_minutes",
    "concurrency",
    "breaker",
    "schedule",
    "slo",
    "tags",
    "secrets",
    "mitigate",
    "canary",
)
# A mapping that says which it is says all of itself: the keys of a cluster mean nothing to an application, nor
# those of one size to another.
_WHOLE = ("kind", "size")


def laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` in it, key by key; null takes a key away, a list or a plain value replaces what was there.

    A JSON merge patch (https://www.rfc-editor.org/rfc/rfc7396), except that a mapping which names its `kind` or its
    `size` replaces the one it lies over.
    """
    found = dict(base)
    for key, value in over.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            below = found.get(key)
            merges = isinstance(below, Mapping) and not any(name in value for name in _WHOLE)
            found[key] = laid_over(below if merges and below else {}, value)
        else:
            found[key] = value
    return found

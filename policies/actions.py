"""IAM action patterns against the table of every known action (data/actions.json)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent / "data" / "actions.json"


@cache
def _services() -> dict[str, dict[str, list[str]]]:
    services: dict[str, dict[str, list[str]]] = json.loads(TABLE.read_text())["services"]
    return services


@cache
def _seen() -> dict[str, frozenset[str]]:
    """What AWS's own managed policies name beside the table, in small letters."""
    table = json.loads((TABLE.parent / "seen.json").read_text())["services"]
    return {service: frozenset(name.lower() for name in names) for service, names in table.items()}


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """IAM's wildcards as a regular expression: `*` any run, `?` one character, case ignored."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c) or re.escape(c) for c in text), re.IGNORECASE | re.DOTALL)


def matches(text: str, action: str) -> bool:
    """Whether the action pattern `text` covers `action`."""
    return pattern(text).fullmatch(action) is not None


def covering(patterns: Iterable[str], action: str) -> str | None:
    """The first of the patterns that covers `action`."""
    return next((text for text in patterns if matches(text, action)), None)


@lru_cache(maxsize=4096)
def narrowable(text: str) -> tuple[str, ...]:
    """The actions that the pattern `text` covers and that could be granted on named resources.

    An action that the table does not know counts as one, since nothing says otherwise. Empty means that AWS
    takes nothing but `Resource: "*"` for it.
    """
    service, _, name = text.partition(":")
    if not name:
        return (text,)
    known: Any = _services().get(service.lower())
    if known is None:
        return (text,)
    found = [action for action in known["narrow"] if matches(name, action)]
    if not found and not any(matches(name, action) for action in known["any"]):
        return (text,)
    return tuple(f"{service}:{action}" for action in found)


@lru_cache(maxsize=4096)
def stray(text: str) -> str | None:
    """What is wrong with a pattern that covers no action there is, with the nearest; None when it covers some."""
    service, _, name = text.partition(":")
    if not name:
        return None if set(text) <= {"*"} else "which is no action: one is written service:Action"
    if set(service) & {"*", "?"}:
        return "whose service is a pattern, which IAM does not take"
    known = _services().get(service.lower())
    if name.lower() in _seen().get(service.lower(), ()):
        return None
    if known is None:
        near = get_close_matches(service.lower(), _services(), 1)
        return f"whose service is not known{f'; perhaps {near[0]}' if near else ''}"
    names = [*known["narrow"], *known["any"]]
    if any(matches(name, action) for action in names):
        return None
    near = get_close_matches(name.strip("*?"), names, 1)
    return f"which {service} does not have{f'; perhaps {service}:{near[0]}' if near else ''}"


@lru_cache(maxsize=4096)
def spelt(text: str) -> tuple[str, ...]:
    """The actions that the pattern `text` covers, as AWS spells them."""
    service, _, name = text.partition(":")
    known = _services().get(service.lower(), {"narrow": [], "any": []})
    return tuple(f"{service}:{a}" for a in (*known["narrow"], *known["any"]) if matches(name, a))


def is_narrowable(action: str) -> bool:
    """Whether the action, named in full, could be granted on named resources."""
    return bool(narrowable(action))

"""How a snapshot of the local AWS is told, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def restored(told: Mapping[str, Any]) -> str:
    """What became of the last snapshot when a local AWS started."""
    if told.get("problem"):
        return f"the last snapshot is not restored, this AWS is empty: {told['problem']}"
    return f"restored from a snapshot of {_ago(told)}{_holding(told)}"


def last(told: Mapping[str, Any]) -> str:
    """The last snapshot of a local AWS that is up."""
    taken = f"{_ago(told)}{_holding(told)}" if "made_at" in told else "none"
    return f"{taken}; a later one failed: {told['problem']}" if told["problem"] else taken


def _ago(told: Mapping[str, Any]) -> str:
    seconds = told["age_seconds"]
    size, unit = next((span for span in _SPANS if seconds >= span[0]), _SPANS[-1])
    return f"{seconds // size:.0f} {unit} ago"


def _holding(told: Mapping[str, Any]) -> str:
    held = [
        f"{count} {name.removesuffix('s') if count == 1 else name}"
        for name, count in told["holds"].items()
        if count
    ]
    return f": {', '.join(held)}" if held else ""

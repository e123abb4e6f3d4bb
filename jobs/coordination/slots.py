"""Slots: a job has as many as runs are allowed at once, and a run under way holds one. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

# The one of canaries, above all that a spec may allow: a canary never keeps a run of the job waiting, nor is kept.
SHADOW: Final = 100


def free(held: Collection[int], limit: int, *, shadow: bool = False) -> int | None:
    """The slot for a new run, None when `limit` runs are under way. Always the lowest: two who look at once want the
    same one, and the table gives it to one of them."""
    if shadow:
        return None if SHADOW in held else SHADOW
    if len([slot for slot in held if slot != SHADOW]) >= limit:
        return None
    return min(slot for slot in range(limit) if slot not in held)

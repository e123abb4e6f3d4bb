"""Slots: a job has as many as runs are allowed at once, and a run under way holds one. Pure."""

from __future__ import annotations

from collections.abc import Collection


def free(held: Collection[int], limit: int) -> int | None:
    """The slot for a new run, None when `limit` runs are under way. Always the lowest: two who look at once want the
    same one, and the table gives it to one of them."""
    if len(held) >= limit:
        return None
    return min(slot for slot in range(limit) if slot not in held)

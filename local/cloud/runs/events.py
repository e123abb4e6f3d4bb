"""State changes as EventBridge is told of them; whoever delivers them gives `Emit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

# account id, region, source, detail type, detail, resources
Emit = Callable[[str, str, str, str, Mapping[str, object], Sequence[str]], None]


def stamp(moment: datetime) -> str:
    """A time as these events have it: 2022-05-31T21:07:42.299487Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

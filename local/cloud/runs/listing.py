"""Which of many a List operation shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar


class Listed(Protocol):
    """Something with a state and a time of creation."""

    @property
    def state(self) -> str:
        """Its state."""

    created: datetime


T = TypeVar("T", bound=Listed)


def chosen(items: Iterable[T], request: Mapping[str, Any], *, newest_first: bool = True) -> list[T]:
    """The items in the states and between the times that `request` names, in either API's members."""
    after = request.get("createdAtAfter") or request.get("createdAfter")
    before = request.get("createdAtBefore") or request.get("createdBefore")
    states = request.get("states")
    found = [
        item
        for item in items
        if (not states or item.state in states)
        and (after is None or item.created > _aware(after, item.created))
        and (before is None or item.created < _aware(before, item.created))
    ]
    return sorted(found, key=lambda item: item.created, reverse=newest_first)


def _aware(moment: datetime, like: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=like.tzinfo)

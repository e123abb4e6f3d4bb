"""Many runs followed by one process: a list call for each place and page of fifty, never a call for each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from botocore.exceptions import ClientError

from jobs import objects
from jobs.runs import Attempt
from jobs.runtimes.base import Runtime, Status

# What EMR, EMR Serverless and EMR on EKS say of a place that they do not know (any more).
UNKNOWN_PLACE = frozenset({"InvalidRequestException", "ResourceNotFoundException"})


@runtime_checkable
class ListsMany(Protocol):
    """A runtime that finds many attempts by one listing."""

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """The attempts with these tokens, each kept at the time beside it; what is in no list is left out."""


def look(
    attempts: Iterable[Attempt], runtime_of: Callable[[Attempt], Runtime]
) -> Iterator[tuple[Attempt, Status | None, bool]]:
    """Each attempt with its status, None while it is in no list, and whether its place is there to run it."""
    places: dict[tuple[str, str, str], list[Attempt]] = {}
    for attempt in attempts:
        places.setdefault((attempt.runtime, attempt.place, attempt.place_id), []).append(attempt)
    for group in places.values():
        runtime = runtime_of(group[0])
        try:
            found = _find_all(runtime, {each.token: each.created_at for each in group})
            there = len(found) == len(group) or runtime.alive()
        except ClientError as error:
            if objects.code(error) not in UNKNOWN_PLACE:
                raise
            found, there = {}, False
        yield from ((each, found.get(each.token), there) for each in group)


def _find_all(runtime: Runtime, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
    if isinstance(runtime, ListsMany):
        return runtime.find_all(tokens)
    found = {token: runtime.find(token, since) for token, since in tokens.items()}
    return {token: status for token, status in found.items() if status is not None}

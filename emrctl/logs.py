"""A run's logs on standard output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from facts.errors import UserError

if TYPE_CHECKING:
    from jobs.lifecycle import Event, Lifecycle
    from jobs.runs import Attempt


def chosen(logs: Mapping[str, str], stream: str | None) -> dict[str, str]:
    """The logs that are asked for: all, one by its name, or those whose names begin so.

    Raises UserError where there is none.
    """
    found = {
        name: text
        for name, text in logs.items()
        if stream is None or name == stream or name.startswith(f"{stream} ")
    }
    if found:
        return found
    there = ", ".join(f"'{name}'" for name in logs) or "none yet: EMR writes them every few minutes"
    raise UserError(f"there is no log '{stream}'; there are: {there}" if stream else f"logs: {there}", code=1)


def text(logs: Mapping[str, str], *, alone: bool) -> str:
    """The logs one after the other, each below its name; without it when one was asked for by name."""
    return "".join(
        ("" if alone else f"==> {name} <==\n") + log.rstrip("\n") + "\n" for name, log in logs.items()
    )


class Printer:
    """Prints the new lines of each look at a run."""

    def __init__(self, stream: str | None) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Print what is new."""
        if not event.said.lines:
            return
        with suppress(UserError):  # nothing new in what is asked for
            for name, lines in chosen(event.said.lines, self._stream).items():
                for line in lines.splitlines():
                    print(line if name == self._stream else f"{name}: {line}", flush=True)


def follow(lifecycle: Lifecycle, attempt: Attempt) -> None:
    """Print until the attempt ends, or Ctrl-C, which does nothing to the run."""
    with suppress(KeyboardInterrupt):
        lifecycle.watch(attempt).until_over(math.inf)

"""A gate that requests go through, and that can be closed for a moment in which nothing changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """Requests that were at work did not end in time."""


class Gate:
    """Any number of requests at a time, or none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait while the gate is closed, then be inside."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self, seconds: float) -> Iterator[None]:
        """Let nobody in, wait until nobody is inside, and open again after the body; for one thread at a time.

        Raises BusyError when somebody is still inside after `seconds`, so that one slow client holds up nobody else.
        """
        with self._changed:
            self._closed = True
            free = self._changed.wait_for(lambda: self._inside == 0, seconds)
        try:
            if not free:
                raise BusyError(f"requests have been at work for more than {seconds:g} s")
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

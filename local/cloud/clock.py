"""Time as the control plane sees it, so that a test can let a day pass in a moment.

Only the control plane's timers and the times that its API shows go by it: signatures, sessions and Spark keep
the machine's time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the control plane takes the time from."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment, never going back: what timers are set by."""

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError when they are less than none."""


class RunningClock:
    """The machine's own time, and `ahead` of it, in seconds, by as much as it has been moved."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += _forward(seconds)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def advance(self, seconds: float) -> None:
        self._passed += _forward(seconds)


def _forward(seconds: float) -> float:
    if not seconds >= 0:  # so that NaN is refused, too
        raise ValueError(f"a clock does not go back: {seconds} s")
    return seconds

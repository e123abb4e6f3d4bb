"""Waiting for one attempt: bounded, jittered, and deaf to single lost answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import tenacity
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs.clock import Clock
from jobs.runtimes.base import Phase, Runtime, Status

# An attempt is asked for after a twentieth of the time it already took: the end is seen at most 5 % late.
SHORTEST, LONGEST, SHARE = 1.0, 15.0, 20.0
_LOST_SECONDS = 180.0  # without one answer
# For an attempt to end after it was asked to, and after it was told to: a cluster of its own takes minutes to end.
_GRACE_SECONDS = {False: 90.0, True: 300.0}


class TimedOutError(Exception):
    """The attempt is not over and its time is up."""


@dataclass(kw_only=True)
class Watch:
    """Follows one attempt by its token. Twins that show up are cancelled at once and remembered."""

    runtime: Runtime
    token: str
    since: datetime
    clock: Clock
    told: Callable[[Status], None] = lambda _: None
    last: Status | None = None
    twins: list[str] = field(default_factory=list)

    def look(self) -> Status | None:
        """One look. None while the attempt is in no list (yet)."""
        status = self.runtime.find(self.token, self.since)
        if status is None:
            return None
        for twin in status.twins:
            if twin not in self.twins:
                self.runtime.cancel(twin, force=True)
                self.twins.append(twin)
        self.last = status
        self.told(status)
        return status

    def until_over(self, timeout: float) -> Status:
        """Wait for the end. `timeout` is in seconds, counted anew when the attempt starts to run.

        Raises TimedOutError, and UserError when nothing is heard of the attempt any more.
        """
        begun = heard = self.clock.monotonic()
        deadline = begun + timeout
        running = False

        def look() -> Status | None:
            nonlocal deadline, running, heard
            try:
                status = self.look()
            except (ClientError, BotoCoreError) as error:
                self._require_contact(heard, error)
                return None
            if status is None:
                self._require_contact(heard, None)
                return None
            heard = self.clock.monotonic()
            if status.phase is Phase.RUNNING and not running:
                # A command that comes back to a running attempt takes its earlier time into account.
                before = (self.clock.now() - status.started).total_seconds() if status.started else 0.0
                deadline, running = heard + timeout - max(0.0, before), True
            return status

        def pause(_: Any) -> float:
            soon = (self.clock.monotonic() - begun) / SHARE
            # Jitter, so that many waiting callers do not ask in step.
            return min(LONGEST, max(SHORTEST, soon)) * random.uniform(0.75, 1.25)  # noqa: S311

        def late(_: Any) -> Any:
            raise TimedOutError

        status = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None or not found.phase.over),
            wait=pause,
            stop=lambda _: self.clock.monotonic() >= deadline,
            sleep=self.clock.sleep,
            retry_error_callback=late,
        )(look)
        assert status is not None  # None is tried again, or is late
        return status

    def end(self) -> Status | None:
        """Cancel the attempt and prove that it is gone: first asked to end, then told to. None: it never was.

        Raises UserError when it is still not over; a later command finds it and goes on from there.
        """
        # What was sent a moment ago may be in no list yet.
        looking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None),
            wait=tenacity.wait_fixed(SHORTEST),
            stop=tenacity.stop_after_attempt(4),
            sleep=self.clock.sleep,
            retry_error_callback=lambda _: None,
        )
        status = self.last or looking(self.look)
        if status is None or status.phase.over:
            return status
        for force in (False, True):
            self.runtime.cancel(status.id, force=force)
            try:
                return self.until_over(_GRACE_SECONDS[force])
            except TimedOutError:
                continue
        raise UserError(
            f"{self.token} ({status.id}) was cancelled and is still {self.last.state if self.last else 'there'}; "
            "run the command again to see it end",
            code=1,
        )

    def _require_contact(self, heard: float, error: Exception | None) -> None:
        if self.clock.monotonic() - heard < _LOST_SECONDS:
            return
        why = f": {error}" if error else ", and it is in no list"
        raise UserError(
            f"nothing heard of {self.token} for {_LOST_SECONDS:.0f} s{why}; it may go on, "
            "and the same command takes it up again",
            code=1,
        )

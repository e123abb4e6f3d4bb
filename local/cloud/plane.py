"""The control plane's heart: one lock, one set of timers, one thread that runs them.

API requests and reports of the runner come from many threads; each changes state under `lock` and leaves what
is to happen later as a timer, and what the runner must do as a command. `settle` runs both: timers under the
lock, commands outside of it, so that a runner may report while it is being told something.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.cloud.clock import Clock, RunningClock

log = logging.getLogger(__name__)
Action = Callable[[], None]


@dataclass(order=True)
class Timer:
    """Something that is to happen at `due`, in seconds of the clock's `monotonic`, unless it is cancelled."""

    due: float
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Let it not happen; fine when it already has."""
        self.cancelled = True


class ControlPlane:
    """Timers, commands to the runner, and the lock that guards every state of the control plane."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.lock = threading.RLock()
        self.context = Context()  # every timer and command runs in it
        self._clock = clock or RunningClock()
        self._timers: list[Timer] = []
        self._orders = itertools.count()
        self._commands: deque[Action] = deque()
        self._moment: float | None = None  # while a timer runs: when it was due
        self._settling = threading.Lock()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def monotonic(self) -> float:
        """Seconds of the clock; while a timer runs, the moment it was due.

        So a chain of timers falls due in the right order and at the right times, however late the thread
        comes by, or however far a test has moved the clock.
        """
        return self._clock.monotonic() if self._moment is None else self._moment

    def now(self) -> datetime:
        """The time of day that goes with `monotonic`, in UTC."""
        return self._clock.now() - timedelta(seconds=self._clock.monotonic() - self.monotonic())

    def after(self, seconds: float, action: Action) -> Timer:
        """Have `action` run under the lock when `seconds` have passed."""
        with self.lock:
            timer = Timer(self.monotonic() + seconds, next(self._orders), action)
            heapq.heappush(self._timers, timer)
        self._woken.set()
        return timer

    def command(self, action: Action) -> None:
        """Have `action` run soon, in order, outside the lock: for what the runner is told."""
        self._commands.append(action)
        self._woken.set()

    def settle(self) -> None:
        """Run every timer that is due and every command, with all that follows from them."""
        with self._settling:
            while self._run_timer() or self._run_command():
                pass

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No timer and no command runs while the body does; what is under way is waited for."""
        with self._settling:
            yield

    def advance(self, seconds: float) -> datetime:
        """Move the clock; all that falls due meanwhile has happened, in order, when this returns the new time."""
        with self.lock:
            self._clock.advance(seconds)
        self.settle()
        return self.now()

    def start(self) -> None:
        """Settle by a thread of its own, whenever a timer falls due or something has changed."""
        self._thread = threading.Thread(target=self._run, name="control-plane", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is still pending does not run any more."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            self.settle()
            self._woken.wait(self._until_next())

    def _until_next(self) -> float | None:
        with self.lock:
            return max(0.0, self._timers[0].due - self._clock.monotonic()) if self._timers else None

    def _run_timer(self) -> bool:
        # Commands first: what one timer has told the runner must reach it before the next timer's.
        if self._commands:
            return False
        with self.lock:
            if not self._timers or self._timers[0].due > self._clock.monotonic():
                return False
            timer = heapq.heappop(self._timers)
            if timer.cancelled:
                return True
            self._moment = timer.due
            try:
                self.context.run(_guarded, timer.action)
            finally:
                self._moment = None
        return True

    def _run_command(self) -> bool:
        try:
            action = self._commands.popleft()
        except IndexError:
            return False
        self.context.run(_guarded, action)
        return True


def _guarded(action: Action) -> None:
    """Run `action`; a defect in one must not end the thread that all depend on."""
    try:
        action()
    except Exception:
        log.exception("control plane: an action failed")

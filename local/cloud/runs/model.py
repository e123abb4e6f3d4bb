"""A job run: its attempts, their states and when each changed, whichever service it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from local.cloud.plane import Timer
from local.contracts import JobRun

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Words:
    """The states of a service's job runs, by what they mean."""

    before: tuple[str, ...]  # on the way to running; the first is a run's first
    running: str
    success: str
    failed: str
    cancelling: str
    cancelled: str

    @property
    def ended(self) -> tuple[str, ...]:
        """The states that a run stays in."""
        return self.success, self.failed, self.cancelled

    @property
    def all(self) -> tuple[str, ...]:
        """Every state there is."""
        return (*self.before, self.running, self.cancelling, *self.ended)


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often a run is tried."""

    attempts: int | None = 1  # in all; None: as long as `an_hour` allows
    an_hour: int | None = None  # failures within an hour that are too many

    def allows(self, failures: Sequence[datetime]) -> bool:
        """Whether a run is tried again whose attempts failed at these times, the last one just now."""
        recent = [at for at in failures if failures[-1] - at < HOUR]
        few = self.attempts is None or len(failures) < self.attempts
        return few and (self.an_hour is None or len(recent) < self.an_hour)


@dataclass(kw_only=True)
class Attempt:
    """One attempt of a run. `given` says that the runner has it, whatever its state still shows."""

    number: int
    state: str
    details: str
    created: datetime
    updated: datetime
    started: datetime | None = None
    ended: datetime | None = None
    given: bool = False


@dataclass(kw_only=True)
class Run:
    """A job run, from its start to its end, and after."""

    id: str
    arn: str
    parent_id: str
    request: Mapping[str, Any]  # StartJobRun's, with what a template gave
    created_by: str
    created: datetime
    tags: dict[str, str]
    service: Service
    retry: Retry
    timeout: float | None  # seconds from the first RUNNING to the cancellation, None: none
    grace: float = 0.0  # seconds that a cancelled driver has to end by itself
    attempts: list[Attempt] = field(default_factory=list)
    executors: int | None = None  # that it has got of what it asks for, once it is scheduled
    next_step: Timer | None = None  # towards RUNNING
    deadline: Timer | None = None

    @property
    def current(self) -> Attempt:
        """The latest attempt; its state is the run's."""
        return self.attempts[-1]

    @property
    def state(self) -> str:
        """The run's state."""
        return self.current.state

    @property
    def active(self) -> bool:
        """Whether the run has not ended."""
        return self.state not in self.service.words.ended

    @property
    def started(self) -> datetime | None:
        """When the run was first RUNNING."""
        return next((a.started for a in self.attempts if a.started), None)


class Service(Protocol):
    """What the conductor asks of the service that a run is of. All calls come under the plane's lock."""

    words: Words

    def next_state(self, run: Run) -> str | None:
        """The state after the present one, on the way to RUNNING; None while something is waited for."""

    def obstacle(self, run: Run) -> str | None:
        """Why the run cannot be started at all, None when it can."""

    def contract(self, run: Run) -> JobRun:
        """The present attempt as the runner is told of it."""

    def tell_failure(self, error: str) -> str:
        """The details of the state of a run whose driver ended with `error`."""

    def changed(self, run: Run, previous: str | None) -> None:
        """The run has a new state; None before its first. Every change comes by here."""

    def retried(self, run: Run) -> None:
        """An attempt has failed and the next one has begun."""

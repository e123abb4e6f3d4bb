"""A job's circuit breaker: after so many failed runs in a row none is started for a while, then one as a trial. Pure.

closed → (failures) → open → (pause is over, a run is begun as the trial) → half-open → closed, or open again.
All times are the table's own (`table.Coordination.now`), never of one caller's clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from facts.errors import UserError
from jobs.spec.running import Breaker as Rule

Phase = Literal["closed", "open", "half-open"]


class Failure(BaseModel):
    """A run that failed or ran out of time."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    run_id: str
    at: datetime


class Breaker(BaseModel):
    """The state. `until`: from then on a trial is allowed; `trial`: the run that is one."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    failures: tuple[Failure, ...] = ()  # in a row, and no more than count
    opened_at: datetime | None = None
    until: datetime | None = None
    trial: str | None = None

    def phase(self, now: datetime) -> Phase:
        """Where it is at `now`."""
        if self.until is None:
            return "closed"
        return "half-open" if self.trial or now >= self.until else "open"


CLOSED = Breaker()


def start(state: Breaker, job: str, run_id: str, now: datetime) -> Breaker:
    """The state once `run_id` has begun. Raises UserError when it may not."""
    if state.phase(now) == "closed":
        return state
    if refuses(state, now):
        how = f"'emrctl jobs run {job} --force' starts a run all the same"
        raise UserError(f"{describe(state, job, now)}; {how}", code=1)
    return state.model_copy(update={"trial": run_id})


def refuses(state: Breaker, now: datetime) -> bool:
    """Whether no run may begin at `now`: it is open, or its trial is under way."""
    return state.trial is not None or state.phase(now) == "open"


def after(state: Breaker, rule: Rule, run_id: str, outcome: str, now: datetime) -> Breaker:
    """The state once `run_id` has ended as `outcome`, a record's state."""
    if outcome == "SUCCEEDED":
        return CLOSED
    trial = state.trial == run_id
    if outcome == "CANCELLED":  # says nothing of the job; the next run may be the trial
        return state.model_copy(update={"trial": None}) if trial else state
    recent = [each for each in state.failures if now - each.at <= timedelta(minutes=rule.window_minutes)]
    failures = (*recent, Failure(run_id=run_id, at=now))[-rule.failures :]
    if trial or (state.until is None and len(failures) >= rule.failures):
        until = now + timedelta(minutes=rule.pause_minutes)
        return Breaker(failures=failures, opened_at=now, until=until)
    return state.model_copy(update={"failures": failures})


def describe(state: Breaker, job: str, now: datetime) -> str:
    """The state in one clause: since when, why, until when."""
    if state.until is None or state.opened_at is None:
        return f"the circuit breaker of '{job}' is closed, {len(state.failures)} failed runs in a row"
    last = f", the last {state.failures[-1].run_id}" if state.failures else ""
    why = f"since {state.opened_at:%Y-%m-%d %H:%M} UTC, for {len(state.failures)} failed runs in a row{last}"
    if state.trial:
        return f"the circuit breaker of '{job}' is half-open {why}; run {state.trial} is its trial"
    then = (
        "a trial is allowed now" if now >= state.until else f"a trial is allowed at {state.until:%H:%M} UTC"
    )
    return f"the circuit breaker of '{job}' is {state.phase(now)} {why}; {then}"


def forgotten_at(state: Breaker, rule: Rule) -> datetime | None:
    """When it says nothing any more, None while it is closed without a failure."""
    ends = [each.at + timedelta(minutes=rule.window_minutes) for each in state.failures]
    return max([*ends, *([state.until] if state.until else [])], default=None)

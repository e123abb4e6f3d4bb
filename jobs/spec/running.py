"""How a job is run: when, how often it is tried, how many at once, and what its users may count on."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from facts.texts import text
from jobs.spec.targets import Target
from jobs.spec.values import Memory, Part

Mitigation = Literal["memory", "partitions", "on_demand"]


class Retry(Part):
    """How often a run is tried in all; a cancelled or timed-out run is never tried again by itself.

    Between two attempts lies a random part (full jitter) of `backoff_seconds` doubled with each, and of
    `backoff_limit_seconds` at most.
    """

    max_attempts: int = Field(default=1, ge=1, le=5)
    backoff_seconds: float = Field(default=10, gt=0, le=3600)
    backoff_limit_seconds: float = Field(default=300, gt=0, le=6 * 3600)

    @model_validator(mode="after")
    def _limit_is_above(self) -> Retry:
        if self.backoff_limit_seconds < self.backoff_seconds:
            raise ValueError("backoff_limit_seconds is less than backoff_seconds")
        return self


class Mitigate(Part):
    """What `--auto-mitigate` may change in a retry, and how far."""

    allowed: tuple[Mitigation, ...] = ("memory", "partitions", "on_demand")
    memory_ceiling: Memory = "16g"
    partitions_ceiling: int = Field(default=4000, ge=1, le=100_000)


class Concurrency(Part):
    """How many runs of the job there may be at once, counted over all callers, and what one too many does."""

    limit: int = Field(default=1, ge=1, le=100)
    when_full: Literal["fail", "wait", "join"] = (
        "join"  # join: follow the run of the same version that is under way
    )


class Breaker(Part):
    """After so many failed runs in a row within the window no new one is started for a while."""

    failures: int = Field(default=3, ge=1, le=100)
    window_minutes: int = Field(default=24 * 60, ge=1)
    pause_minutes: int = Field(default=60, ge=1)


class Fallback(Part):
    """Where a run goes when its own place is busy: that many steps or runs wait there, or it has no room."""

    runtime: Target
    when_waiting: int = Field(default=1, ge=1, le=256)


class Schedule(Part):
    """When the job runs by itself, as EventBridge Scheduler reads it."""

    expression: Annotated[
        str,
        text(
            r"^(cron|rate)\([^()]+\)$",
            "as EventBridge has it: cron(0 5 * * ? *) or rate(1 hour)",
            longest=256,
        ),
    ]
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _is_one(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone such as UTC or America/New_York") from None
        return name


class Slo(Part):
    """What the job's users may count on."""

    success_rate: float = Field(default=0.99, gt=0, le=1)  # share of runs, a day
    p95_minutes: float = Field(gt=0)  # duration
    freshness_hours: float = Field(gt=0)  # age of the newest good output

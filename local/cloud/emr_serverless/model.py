"""What EMR Serverless knows of an application. Its states are here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.plane import Timer
from local.cloud.runs.model import Run, Words

# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/job-states.html
RUN_WORDS = Words(
    before=("SUBMITTED", "QUEUED", "PENDING", "SCHEDULED"),
    running="RUNNING",
    success="SUCCESS",
    failed="FAILED",
    cancelling="CANCELLING",
    cancelled="CANCELLED",
)
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/applications.html
APPLICATION_STATES = ("CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED", "TERMINATED")
CHANGEABLE = ("CREATED", "STOPPED")  # UpdateApplication, DeleteApplication: "in a stopped or created state"
CONCURRENCY_DEFAULT = (7, 3, 0)  # the release since which runs queue though no scheduler is configured
MAX_CONCURRENT_RUNS, QUEUE_TIMEOUT_MINUTES = 15, 360  # defaults of SchedulerConfiguration
AUTO_STOP_MINUTES = 15  # default of AutoStopConfig


@dataclass(kw_only=True)
class Application:
    """One application, from its creation to its deletion, and after: it stays in the lists, TERMINATED."""

    id: str
    arn: str
    account_id: str
    region: str
    version: tuple[int, ...]  # of its release
    settings: dict[str, Any]  # the members of CreateApplication's request that GetApplication gives back
    tags: dict[str, str]
    created: datetime
    updated: datetime
    state: str = "CREATING"
    details: str = ""
    runs: dict[str, Run] = field(default_factory=dict)
    idle_timer: Timer | None = None

    def active_runs(self) -> list[Run]:
        """The runs that have not ended, oldest first."""
        return [run for run in self.runs.values() if run.active]

    @property
    def starts_by_itself(self) -> bool:
        """Whether a submitted job starts the application."""
        return bool(self.settings["autoStartConfiguration"].get("enabled", True))

    @property
    def idle_seconds(self) -> float | None:
        """After how many seconds without a run the application stops by itself, None: it does not."""
        stop = self.settings["autoStopConfiguration"]
        minutes = stop.get("idleTimeoutMinutes", AUTO_STOP_MINUTES)
        return 60.0 * minutes if stop.get("enabled", True) else None

    @property
    def scheduler(self) -> tuple[int, float] | None:
        """How many runs there may be at once and how many seconds others wait, None: runs do not queue."""
        given = self.settings.get("schedulerConfiguration")
        if given is None and self.version < CONCURRENCY_DEFAULT:
            return None
        given = given or {}
        minutes = given.get("queueTimeoutMinutes", QUEUE_TIMEOUT_MINUTES)
        return given.get("maxConcurrentRuns", MAX_CONCURRENT_RUNS), 60.0 * minutes

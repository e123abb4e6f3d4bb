"""What a runtime does for the lifecycle, in words that all of them share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from jobs.spec import Resources


class Phase(Enum):
    """Where a submitted attempt is. The runtimes' own states map to these, one table for each."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"  # not over: it may still be writing
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def over(self) -> bool:
        """Whether nothing of the attempt runs any more."""
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One attempt, ready to be sent. `token` is its identity: the runtime never starts two with the same one."""

    token: str
    since: datetime  # when the token was kept; nothing of it can be older
    name: str  # the Spark application's name
    role_arn: str
    main_uri: str
    wheel_uri: str
    arguments: Sequence[str]
    conf: Mapping[str, str]
    resources: Resources
    deploy_mode: str | None  # of steps on EC2; the other runtimes know one way only
    timeout_minutes: int  # of the attempt; the command keeps it, and where a runtime can, it is the net below
    tags: Mapping[str, str]
    jar_uris: Sequence[str] = ()  # in the order of the class path
    archive_uri: str | None = None  # of the packed environment, which has the Python to run with


@dataclass(frozen=True, kw_only=True)
class Status:
    """What the runtime says of one attempt. Times are UTC, None until they are known."""

    id: str  # the runtime's own: a step's, a job run's; of a cluster of the run's own, the cluster's and the step's
    phase: Phase
    state: str  # in the runtime's own words
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    reason: str | None = None  # why it failed, as far as the runtime knows
    twins: Sequence[str] = field(default=())  # ids of others with the same token that are not over


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Instances that run for the attempt: what its cost is reckoned from."""

    instance_type: str
    spot: bool
    count: int
    hours: float | None = None  # of all of them together; None: as long as the run takes


@dataclass(frozen=True, kw_only=True)
class Billed:
    """What a runtime without instances bills an attempt for."""

    vcpu_hours: float
    memory_gb_hours: float
    storage_gb_hours: float  # beyond what is free


class Runtime(Protocol):
    """One place to run a job. Every call may raise botocore's errors; none of them waits for the job."""

    def submit(self, submission: Submission) -> str:
        """Send the attempt unless it is there already, and return its id. Calling again changes nothing."""

    def find(self, token: str, since: datetime) -> Status | None:
        """The attempt with `token`, which was kept at `since`: earliest if there are several, None if there is none."""

    def alive(self) -> bool:
        """Whether the place can still run what was sent to it."""

    def cancel(self, id_: str, *, force: bool) -> None:
        """Ask for the end of an attempt; fine when it is over. `force` does not let it clean up."""

    def logs(self, id_: str) -> Mapping[str, str]:
        """What is there of the attempt's logs by name (controller, stderr, driver stdout, …), as text."""

    def log_uri(self, id_: str) -> str:
        """Where its logs are, or will be."""

    def capacity(self, id_: str) -> Sequence[Capacity] | Billed | None:
        """What an attempt is charged for: instances, or units that were billed; None where neither is to be had."""


def shortened(token: str, limit: int) -> str:
    """`token` within `limit` characters, for APIs that take no more: always the same, and no other token's."""
    if len(token) <= limit:
        return token
    return f"{token[: limit - 17]}-{hashlib.sha256(token.encode()).hexdigest()[:16]}"

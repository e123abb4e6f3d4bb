"""A platform with a deployed job, on an EMR, an S3 and a DynamoDB that fail as a test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs import artifacts, attempts, spec
from jobs.lifecycle import Event, Lifecycle
from jobs.platform import Platform
from jobs.runs import Record
from tests.jobs.fake_table import FakeTable
from tests.jobs.fakes import FakeEmr, FakeS3, FakeSession, FakeStep, Faults, KilledError, Time

JOB = "nightly-etl"
_deployed: dict[str, dict[tuple[str, str], bytes]] = {}  # by what was changed in the spec


# How a step may have ended that an attempt is recorded as: one that failed while it was being ended was cancelled.
ENDS = {
    "SUCCEEDED": ("COMPLETED",), "FAILED": ("FAILED",), "CANCELLED": ("CANCELLED", "FAILED"),
    "TIMED_OUT": ("CANCELLED", "FAILED"),
}  # fmt: skip


class World:
    """A platform with a deployed job, and everything that may be seen of it."""

    def __init__(self, platform: Platform, faults: Sequence[str] = (), lag: int = 0) -> None:
        self.platform = platform
        self.time = Time()
        self.faults = Faults(time=self.time)
        self.s3 = FakeS3(self.faults)
        self.table = FakeTable(self.time, self.faults)
        self.emr = FakeEmr(self.time, self.s3, self.faults)
        self.emr.lag = lag
        self.events: list[Event] = []
        self.session = cast(boto3.Session, FakeSession(emr=self.emr, s3=self.s3, table=self.table))
        self.have()
        self.faults.plan = iter(faults)
        self.faults.meanwhile = self.cancelled_by_another

    def have(self, **changes: Any) -> None:
        """As `deploy`, from what an earlier one put: packaging is dear when it is done a thousand times."""
        key = repr(sorted(changes.items()))
        if key not in _deployed:
            plan, self.faults.plan = self.faults.plan, iter(())
            self.deploy(**changes)
            _deployed[key], self.faults.plan = dict(self.s3.objects), plan
        self.s3.objects.update(_deployed[key])

    def deploy(self, **changes: Any) -> None:
        job = spec.find(JOB).model_copy(update=changes)
        artifacts.deploy(self.session, self.platform, job, "dev", clock=self.time.clock)

    def lifecycle(self) -> Lifecycle:
        return Lifecycle(self.session, self.platform, clock=self.time.clock, told=self.events.append)

    def run(self) -> Record:
        return self.lifecycle().run(JOB, "dev")

    def cancelled_by_another(self) -> None:
        """`emrctl runs cancel` of all that is under way, by another command; what it refuses it refuses."""
        other = self.lifecycle()
        for attempt in other.shared.open_attempts():
            try:
                other.cancel(attempt)
            except UserError as refused:
                assert "is in no list yet" in str(refused)  # noqa: PT017

    def active(self) -> list[FakeStep]:
        return [step for step in self.emr.steps if step.state not in ("COMPLETED", "CANCELLED", "FAILED")]

    @property
    def notes(self) -> list[str]:
        return [event.note for event in self.events if event.note]

    def insist(self) -> Record:
        """What a user does: the same command again until it ends by itself."""
        for _ in range(60):
            try:
                return self.run()
            except (KilledError, ClientError, BotoCoreError, UserError, KeyboardInterrupt):
                self.time.go(1)
        raise AssertionError("the command never came to an end")

    def check(self) -> None:
        """One run a logical attempt, no orphan, nothing left open, and the records tell the truth of every step."""
        self.faults.plan = iter(())
        assert self.active() == []
        assert self.lifecycle().shared.open_attempts() == []
        steps = {step.id: step for step in self.emr.steps}
        told = [attempt for record in self.lifecycle().store.list_runs() for attempt in record.attempts]
        assert len({attempt.token for attempt in told}) == len(told)
        of_records = [id_ for attempt in told for id_ in (attempt.id, *attempt.twins) if id_]
        assert sorted(of_records) == sorted(steps)
        for attempt in told:
            if attempt.id:
                step = steps[attempt.id]
                assert step.config["Name"] == attempt.token
                assert step.state in ENDS[attempt.state]
            assert all(steps[twin].state == "CANCELLED" for twin in attempt.twins)


def many_under_way(world: World, count: int) -> None:
    """So many runs of one job, kept and sent."""
    lifecycle = world.lifecycle()
    first = lifecycle.start(JOB, "dev")
    artifact = lifecycle._artifact(first)
    for number in range(1, count):
        run_id = f"{first.run_id}-{number:04}"
        changes = {"run_id": run_id, "token": f"{JOB}-{run_id}-a1", "slot": number}
        run = first.model_copy(update=changes)
        assert lifecycle.shared.begin(run, lifecycle.shared.look("no-other"))
        lifecycle._runtime(run).submit(attempts.submission(world.platform, artifact, run))

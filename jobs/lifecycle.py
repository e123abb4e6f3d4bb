"""A run from start to record: start → wait → read what it left → record.

A run has attempts; each has a token that is kept in the run store before it is sent. A command that dies leaves
its run going; the next one for the same job finds the kept attempt and takes it up, and never starts a second.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import artifacts, attempts, diagnosis, records
from jobs.clock import Clock
from jobs.failures.finding import Finding
from jobs.platform import Place, Platform
from jobs.runs import Attempt, Ended, Record, RunStore, State
from jobs.runtimes.base import Phase, Runtime, Status
from jobs.runtimes.places import runtime_of
from jobs.spec import JobSpec, Kind
from jobs.waiting import TimedOutError, Watch

if TYPE_CHECKING:
    import boto3

# An attempt that was kept and is in no list: so long its sender may still be at it.
_SENDING = timedelta(minutes=10)
_BACKOFF_SECONDS = 5.0
_STATES: dict[Phase, State] = {
    Phase.SUCCEEDED: "SUCCEEDED",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a command shows of a run under way: a look at it, or a `note` on what is done about it."""

    run_id: str
    attempt: int
    status: Status | None = None
    note: str | None = None


class Lifecycle:
    """Runs jobs on one platform. `told` hears of every look at a run."""

    def __init__(
        self,
        session: boto3.Session,
        platform: Platform,
        *,
        clock: Clock | None = None,
        told: Callable[[Event], None] = lambda _: None,
        runtime: Callable[[Place], Runtime] | None = None,
    ) -> None:
        self._session = session
        self._platform = platform
        self._clock = clock or Clock()
        self._told = told
        self._s3 = session.client("s3")
        self._make_runtime = runtime or (lambda place: runtime_of(session, place, self._clock))
        self.store = RunStore(self._s3, platform.buckets.runs)

    def start(self, job: str, channel: str, *, auto_mitigate: bool = False) -> Attempt:
        """Submit a run of what `channel` holds, or the one that an interrupted command left, and return.

        Raises UserError for what the user can mend, a run of another version under way included.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        left = self._left_behind(job)
        if left and left.digest != artifact.manifest.digest:
            raise UserError(
                f"run {left.run_id} of another version ({left.digest[:12]}) of '{job}' is under way; "
                "let it end, or run without --no-wait, which waits for it first"
            )
        attempt = left or self._first(artifact, channel, auto_mitigate)
        self._runtime(attempt).submit(attempts.submission(self._platform, artifact, attempt))
        return attempt

    def run(self, job: str, channel: str, *, auto_mitigate: bool = False) -> Record:
        """Run what `channel` holds to its end, with the retries that the spec allows, and return its record.

        A run that an interrupted command left is taken up; one of another version is waited for first.
        `auto_mitigate` lets a retry change what `mitigate` of the spec allows, as the failure asks for it.
        KeyboardInterrupt cancels the run, proves it gone, and returns its record like any other end.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        while left := self._left_behind(job):
            same = left.digest == artifact.manifest.digest
            self._say(left, "taking up the run that an earlier command left" if same else
                      "waiting for an earlier run of another version")  # fmt: skip
            record = self.follow(left)
            if same or record.state == "CANCELLED":
                return record
        return self.follow(self._first(artifact, channel, auto_mitigate))

    def follow(self, attempt: Attempt) -> Record:
        """Follow a run from `attempt`, sent or only kept, to its record."""
        artifact = self._artifact(attempt)
        retry = artifact.manifest.spec.retry
        while True:
            ended = self._attempt(attempt, artifact)
            if ended.state != "FAILED" or attempt.number >= retry.max_attempts:
                return self._record(attempt, ended)
            pause = random.uniform(0, _BACKOFF_SECONDS * 2**attempt.number)  # noqa: S311 - jitter is no secret
            self._say(attempt, f"attempt {attempt.number} failed ({ended.reason}); the next in {pause:.0f} s")
            try:
                self._clock.sleep(pause)
            except KeyboardInterrupt:
                return self._record(attempt, ended)
            following = attempts.following(attempt, ended, self._clock.now())
            attempt = self._keep(self._mitigated(following, artifact, ended))

    def logs(self, record: Record) -> dict[str, str]:
        """The logs of a run's last attempt, by name; empty where there are none (yet)."""
        last = record.attempts[-1].id
        return dict(self._at(record.runtime, record.place, record.place_id).logs(last)) if last else {}

    def explain(self, record: Record) -> tuple[Finding | None, JobSpec]:
        """Why a run failed, None when it did not, and the spec that its last attempt ran with."""
        spec = artifacts.load(
            self._s3, self._platform.buckets.artifacts, record.job, record.digest
        ).manifest.spec
        runtime = self._at(record.runtime, record.place, record.place_id)
        return diagnosis.again(self._s3, self._platform, runtime, spec, record)

    def _attempt(self, attempt: Attempt, artifact: artifacts.Artifact) -> Ended:
        runtime = self._runtime(attempt)
        watch = Watch(
            runtime=runtime,
            token=attempt.token,
            since=attempt.created_at,
            clock=self._clock,
            told=lambda seen: self._told(Event(run_id=attempt.run_id, attempt=attempt.number, status=seen)),
        )
        stopped: State | None = None
        status: Status | None
        try:
            runtime.submit(attempts.submission(self._platform, artifact, attempt))
            status = watch.until_over(artifact.manifest.spec.timeout_minutes * 60.0)
        except (TimedOutError, KeyboardInterrupt) as why:
            stopped = "TIMED_OUT" if isinstance(why, TimedOutError) else "CANCELLED"
            self._say(attempt, "its time is up, cancelling" if stopped == "TIMED_OUT" else "cancelling")
            status = watch.end()
        return self._ended(attempt, status, stopped, tuple(watch.twins))

    def _left_behind(self, job: str) -> Attempt | None:
        """The oldest open run that is not over. Those that ended unseen get their record on the way."""
        for attempt in self.store.open_attempts(job):
            status, cluster_there = self._there(attempt)
            if status is not None and not status.phase.over:
                return attempt
            being_sent = self._clock.now() - attempt.created_at < _SENDING
            if status is None and cluster_there and being_sent:
                return attempt
            self._record(attempt, self._ended(attempt, status, None if status else "CANCELLED", ()))
        return None

    def _there(self, attempt: Attempt) -> tuple[Status | None, bool]:
        """The status of a kept attempt, and whether its cluster may still run it."""
        runtime = self._runtime(attempt)
        try:
            return runtime.find(attempt.token, attempt.created_at), runtime.alive()
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 400:
                raise
            return None, False  # EMR knows no such cluster (any more)

    def _ended(
        self, attempt: Attempt, status: Status | None, stopped: State | None, twins: tuple[str, ...]
    ) -> Ended:
        """How an attempt ended; `stopped` is why we ended it, which success that came first overrules."""
        if status is None:
            state: State = stopped or "CANCELLED"
            reason: str | None = "interrupted before it was sent"
        else:
            state, reason = _STATES[status.phase], status.reason
            if stopped and state != "SUCCEEDED":
                state, reason = stopped, reason or f"{stopped.lower().replace('_', ' ')} by the command"
        return Ended(
            number=attempt.number,
            token=attempt.token,
            id=status.id if status else "",
            state=state,
            started_at=status.started if status else None,
            ended_at=status.ended if status else None,
            reason=None if state == "SUCCEEDED" else reason,
            twins=twins,
            log_uri=self._runtime(attempt).log_uri(status.id) if status else "",
        )

    def _record(self, attempt: Attempt, ended: Ended) -> Record:
        return self.store.close(
            records.build(
                self._s3,
                self.store,
                self._platform,
                self._runtime(attempt),
                self._artifact(attempt).manifest.spec,
                attempt,
                ended,
                self._clock.now(),
            )
        )

    def _first(self, artifact: artifacts.Artifact, channel: str, auto_mitigate: bool) -> Attempt:
        attempt = attempts.first(self._platform, artifact, channel, self._clock.now())
        return self._keep(attempt.model_copy(update={"auto_mitigate": auto_mitigate}))

    def _mitigated(self, attempt: Attempt, artifact: artifacts.Artifact, ended: Ended) -> Attempt:
        if not attempt.auto_mitigate:
            return attempt
        attempt, note = diagnosis.mitigated(
            self._s3, self._platform, self._runtime(attempt), artifact.manifest.spec, attempt, ended
        )
        self._say(attempt, note)
        return attempt

    def _keep(self, attempt: Attempt) -> Attempt:
        return self.store.keep(attempt)

    def _artifact(self, attempt: Attempt) -> artifacts.Artifact:
        return artifacts.load(self._s3, self._platform.buckets.artifacts, attempt.job, attempt.digest)

    def _runtime(self, attempt: Attempt) -> Runtime:
        return self._at(attempt.runtime, attempt.place, attempt.place_id)

    def _at(self, kind: Kind, name: str, id_: str) -> Runtime:
        return self._make_runtime(self._platform.known_place(kind, name, id_))

    def _say(self, attempt: Attempt, note: str) -> None:
        self._told(Event(run_id=attempt.run_id, attempt=attempt.number, note=note))

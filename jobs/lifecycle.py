"""A run from start to record: start → wait → read what it left → record.

A run has attempts; each has a token that is kept in the run store before it is sent. A command that dies leaves
its run going; the next one for the same job finds the kept attempt and takes it up, and never starts a second.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import artifacts, attempts, records
from jobs.clock import Clock
from jobs.following import Follower, Said
from jobs.platform import Place, Platform
from jobs.runs import Attempt, Ended, Record, RunStore, State
from jobs.runtimes.base import Phase, Runtime, Status
from jobs.runtimes.places import runtime_of
from jobs.spec import Kind
from jobs.waiting import TimedOutError, Watch

if TYPE_CHECKING:
    import boto3

# An attempt that was kept and is in no list: so long its sender may still be at it.
_SENDING = timedelta(minutes=10)
_UNKNOWN = (400, 404)  # how EMR, and how the services of job runs, answer for a place that they do not know
_BACKOFF_SECONDS = 5.0
_STATES: dict[Phase, State] = {
    Phase.SUCCEEDED: "SUCCEEDED",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a command shows of a run under way: a look at it, or a `note` on what is done about it.

    `said` is what its logs say since the look before.
    """

    run_id: str
    attempt: int
    status: Status | None = None
    said: Said = field(default_factory=Said)
    note: str | None = None


class Lifecycle:
    """Runs jobs on one platform.

    `told` hears of every look at a run, with what its logs say when `logs` is on. `cancels` is asked when Ctrl-C comes:
    True cancels the run, False goes on, and what it raises leaves the run as it is.
    """

    def __init__(
        self,
        session: boto3.Session,
        platform: Platform,
        *,
        clock: Clock | None = None,
        told: Callable[[Event], None] = lambda _: None,
        logs: bool = False,
        cancels: Callable[[Attempt], bool] = lambda _: True,
        runtime: Callable[[Place], Runtime] | None = None,
    ) -> None:
        self._session = session
        self._platform = platform
        self._clock = clock or Clock()
        self._told, self._logs, self._cancels = told, logs, cancels
        self._s3 = session.client("s3")
        self._make_runtime = runtime or (lambda place: runtime_of(session, place, self._clock))
        self.store = RunStore(self._s3, platform.buckets.runs)

    def start(self, job: str, channel: str, asked: attempts.Asked | None = None) -> Attempt:
        """Submit a run of what `channel` holds, or the one that an interrupted command left, and return.

        Raises UserError for what the user can mend, a run of another version under way included.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        new = attempts.first(self._platform, artifact, channel, self._clock.now(), asked)
        left = self._left_behind(job)
        if left and not attempts.same_work(left, new):
            raise UserError(
                f"run {left.run_id} of another version ({left.digest[:12]}), date or parameters of '{job}' is under "
                "way; let it end, or run without --no-wait, which waits for it first"
            )
        attempt = left or self._keep(new)
        self._runtime(attempt).submit(attempts.submission(self._platform, artifact, attempt))
        return attempt

    def run(self, job: str, channel: str, asked: attempts.Asked | None = None) -> Record:
        """Run what `channel` holds to its end, with the retries that the spec allows, and return its record.

        A run that an interrupted command left is taken up; one of another version, or that was asked for something
        else, is waited for first.
        KeyboardInterrupt cancels the run, proves it gone, and returns its record like any other end.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        new = attempts.first(self._platform, artifact, channel, self._clock.now(), asked)
        while left := self._left_behind(job):
            same = attempts.same_work(left, new)
            self._say(left, "taking up the run that an earlier command left" if same else
                      "waiting for an earlier run of another version, date or parameters")  # fmt: skip
            record = self.follow(left)
            if same or record.state == "CANCELLED":
                return record
            new = attempts.first(self._platform, artifact, channel, self._clock.now(), asked)
        return self.follow(self._keep(new))

    def follow(self, attempt: Attempt) -> Record:
        """Follow a run from `attempt`, sent or only kept, to its record."""
        artifact = self._artifact(attempt)
        retry = attempts.spec_of(self._platform, artifact).retry
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
            attempt = self._keep(attempts.following(attempt, ended, self._clock.now()))

    def cancel(self, attempt: Attempt) -> Record:
        """Cancel an open run, prove it gone, and return its record.

        Raises UserError while its sender may still be at it: what is cancelled then could come up after all.
        """
        status, place_there = self.there(attempt)
        if status is None and place_there and self._being_sent(attempt):
            raise UserError(
                f"run {attempt.run_id} is in no list yet: it is being sent, or was left before it was; cancel it when "
                f"it shows, or after {_SENDING.total_seconds() / 60:.0f} minutes",
                code=1,
            )
        if status is None:
            return self._record(attempt, self._ended(attempt, None, "CANCELLED", ()))
        watch = self.watch(attempt)
        return self._record(attempt, self._ended(attempt, watch.end(), "CANCELLED", tuple(watch.twins)))

    def watch(self, attempt: Attempt) -> Watch:
        """Looks at an open run, and does nothing to it."""
        runtime = self._runtime(attempt)
        follower = Follower(runtime, self._clock) if self._logs else None

        def tell(status: Status) -> None:
            said = follower.look(status) if follower else Said()
            self._told(Event(run_id=attempt.run_id, attempt=attempt.number, status=status, said=said))

        return Watch(
            runtime=runtime, token=attempt.token, since=attempt.created_at, clock=self._clock, told=tell
        )

    def logs(self, run: Record | Attempt) -> dict[str, str]:
        """The logs of a run's last attempt, by name; empty where there are none (yet)."""
        if isinstance(run, Attempt):
            status, _ = self.there(run)
            return dict(self._runtime(run).logs(status.id)) if status else {}
        last = run.attempts[-1].id
        return dict(self._at(run.runtime, run.place, run.place_id).logs(last)) if last else {}

    def _attempt(self, attempt: Attempt, artifact: artifacts.Artifact) -> Ended:
        watch = self.watch(attempt)
        stopped: State | None = None
        status: Status | None = None
        while status is None and stopped is None:
            try:
                watch.runtime.submit(attempts.submission(self._platform, artifact, attempt))
                status = watch.until_over(attempts.spec_of(self._platform, artifact).timeout_minutes * 60.0)
            except TimedOutError:
                stopped = "TIMED_OUT"
            except KeyboardInterrupt:
                # Sending again changes nothing.
                stopped = "CANCELLED" if self._cancels(attempt) else None
        if stopped:
            self._say(attempt, "its time is up, cancelling" if stopped == "TIMED_OUT" else "cancelling")
            status = watch.end()
        return self._ended(attempt, status, stopped, tuple(watch.twins))

    def _left_behind(self, job: str) -> Attempt | None:
        """The oldest open run that is not over. Those that ended unseen get their record on the way."""
        for attempt in self.store.open_attempts(job):
            status, cluster_there = self.there(attempt)
            if status is not None and not status.phase.over:
                return attempt
            if status is None and cluster_there and self._being_sent(attempt):
                return attempt
            self._record(attempt, self._ended(attempt, status, None if status else "CANCELLED", ()))
        return None

    def _being_sent(self, attempt: Attempt) -> bool:
        return self._clock.now() - attempt.created_at < _SENDING

    def there(self, attempt: Attempt) -> tuple[Status | None, bool]:
        """The status of a kept attempt, and whether its place may still run it."""
        runtime = self._runtime(attempt)
        try:
            return runtime.find(attempt.token, attempt.created_at), runtime.alive()
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in _UNKNOWN:
                raise
            return None, False  # the service knows no such place (any more)

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
                attempts.spec_of(self._platform, self._artifact(attempt)),
                attempt,
                ended,
                self._clock.now(),
            )
        )

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

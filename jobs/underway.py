"""Runs under way: what each is at, by its place's own word, and its record once it is over.

Nothing here waits. Time is the table's: a caller's clock may jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from jobs import artifacts, attempts, diagnosis, records, tracking
from jobs.clock import Clock
from jobs.coordination.table import Coordination
from jobs.failures.finding import Finding
from jobs.following import Follower, Said
from jobs.platform import Place, Platform
from jobs.runs import Attempt, Ended, Record, RunStore, State
from jobs.runtimes.base import Phase, Runtime, Status
from jobs.runtimes.places import runtime_of
from jobs.spec import JobSpec, Kind
from jobs.waiting import Watch

if TYPE_CHECKING:
    import boto3

# An attempt that was kept and is in no list: so long after it was due its sender may still be at it.
SENDING = timedelta(minutes=10)
_STATES: dict[Phase, State] = {
    Phase.SUCCEEDED: "SUCCEEDED",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
}


class SupersededError(Exception):
    """The run went on, or was closed, without this caller."""


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


class UnderWay:
    """The runs under way of one platform.

    `told` hears of every look at a run, with what its logs say when `logs` is on.
    """

    def __init__(
        self,
        session: boto3.Session,
        platform: Platform,
        *,
        clock: Clock | None = None,
        told: Callable[[Event], None] = lambda _: None,
        logs: bool = False,
        runtime: Callable[[Place], Runtime] | None = None,
    ) -> None:
        self._session = session
        self._platform = platform
        self._told, self._logs = told, logs
        self._s3 = session.client("s3")
        own = clock or Clock()
        self.shared = Coordination(session, platform.coordination_table, own)
        self._clock = replace(own, now=self.shared.now)
        self._make_runtime = runtime or (lambda place: runtime_of(session, place, self._clock))
        self._artifacts: dict[tuple[str, str], artifacts.Artifact] = {}
        self.store = RunStore(self._s3, platform.buckets.runs)

    def get(self, run_id: str) -> Record | Attempt:
        """A run by its id or a part of it: its record, or its last attempt while it is under way. Raises UserError."""
        return self.store.get(run_id, self.shared.open_attempts())

    def states(self, open_attempts: Iterable[Attempt]) -> dict[str, Status | None]:
        """By run id what runs under way are at, by list calls; None for what is in no list."""
        return {each.run_id: status for each, status, _ in tracking.look(open_attempts, self._runtime)}

    def there(self, attempt: Attempt) -> tuple[Status | None, bool]:
        """The status of a kept attempt, and whether its place may still run it."""
        ((_, status, place_there),) = tracking.look([attempt], self._runtime)
        return status, place_there

    def watch(self, attempt: Attempt) -> Watch:
        """Looks at a run under way, which ends twins and does nothing else."""
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

    def explain(self, record: Record) -> tuple[Finding | None, JobSpec]:
        """Why a run failed, None when it did not, and the spec that its last attempt ran with."""
        spec = attempts.spec_of(self._platform, self._artifact(record), record.conf)
        runtime = self._at(record.runtime, record.place, record.place_id)
        return diagnosis.again(self._s3, self._platform, runtime, spec, record)

    def sweep(
        self,
        open_attempts: Iterable[Attempt],
        saw: Callable[[Attempt, Status | None], None] = lambda *_: None,
    ) -> list[Attempt]:
        """One look at runs under way, by list calls. Those that are over get their record; returns what is left."""
        left = []
        for attempt, status, there in tracking.look(open_attempts, self._runtime):
            saw(attempt, status)
            if going := self.settle(attempt, status, place_there=there):
                left.append(going)
        return left

    def settle(self, attempt: Attempt, status: Status | None, *, place_there: bool) -> Attempt | None:
        """What an open run is at, as its place has told; None when it is over, which is recorded then."""
        try:
            if attempt.ended:
                self._finish(attempt, attempt.ended)
            elif status is not None:
                if not status.phase.over:
                    return attempt
                for twin in status.twins:
                    self._runtime(attempt).cancel(twin, force=True)
                ended = self._ended(attempt, status, None, tuple(status.twins))
                if ended.state == "FAILED" and attempt.number < self._spec(attempt).retry.max_attempts:
                    return self._following(attempt, ended)
                self._record(attempt, ended)
            elif place_there and self._being_sent(attempt):
                return attempt
            else:
                self._give_up(attempt)
        except SupersededError:
            return self.shared.current(attempt)
        return None

    def _being_sent(self, attempt: Attempt) -> bool:
        due = attempt.send_after or attempt.created_at
        return self._clock.now() - due < SENDING

    def _give_up(self, attempt: Attempt) -> Record:
        """Close a run with an attempt that was never sent."""
        if attempt.before:
            return self._record(*attempts.taken_back(attempt), held=attempt)
        return self._record(attempt, self._ended(attempt, None, "CANCELLED", ()))

    def _following(self, attempt: Attempt, ended: Ended) -> Attempt | None:
        """Keep the attempt after one that failed, before its pause: nobody takes the run for over meanwhile."""
        pause = attempts.pause(self._spec(attempt).retry, attempt)
        following = attempts.following(attempt, ended, self._clock.now(), pause)
        if attempt.auto_mitigate:
            spec, runtime = self._spec(attempt), self._runtime(attempt)
            following, note = diagnosis.mitigated(self._s3, self._platform, runtime, spec, following, ended)
            self._say(attempt, note)
        return self.shared.advance(attempt, following)

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

    def _record(self, attempt: Attempt, ended: Ended, held: Attempt | None = None) -> Record:
        """Close the run with `attempt` as its last one; `held` is what its slot holds, where that is taken back.

        That it is over is kept first: who comes after a command that died here closes the run as well, the same way.
        """
        marked = self.shared.advance(held or attempt, attempt.model_copy(update={"ended": ended}))
        if marked is None:
            return self.store.get_run(attempt.run_id)
        if marked.ended is None:
            raise SupersededError
        return self._finish(marked, marked.ended)

    def _finish(self, attempt: Attempt, ended: Ended) -> Record:
        spec, now = self._spec(attempt), self._clock.now()
        runtime = self._runtime(attempt)
        record = self.store.write(
            records.build(self._s3, self.store, self._platform, runtime, spec, attempt, ended, now)
        )
        self.shared.close(record, attempt, spec.breaker)
        return record

    def _spec(self, attempt: Attempt) -> JobSpec:
        return attempts.spec_of(self._platform, self._artifact(attempt), attempt.conf)

    def _artifact(self, run: Attempt | Record) -> artifacts.Artifact:
        key = (run.job, run.digest)
        if key not in self._artifacts:  # named by its content, so that it never changes
            self._artifacts[key] = artifacts.load(self._s3, self._platform.buckets.artifacts, *key)
        return self._artifacts[key]

    def _runtime(self, attempt: Attempt) -> Runtime:
        return self._at(attempt.runtime, attempt.place, attempt.place_id)

    def _at(self, kind: Kind, name: str, id_: str) -> Runtime:
        return self._make_runtime(self._platform.known_place(kind, name, id_))

    def _say(self, attempt: Attempt, note: str) -> None:
        self._told(Event(run_id=attempt.run_id, attempt=attempt.number, note=note))

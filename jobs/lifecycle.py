"""A run from start to record: start → wait → read what it left → record.

A run has attempts; each has a token that is kept in the coordination table before it is sent. A command that dies
leaves its run going and its slot held; whoever comes next finds it there, takes it up or records how it ended, and
never starts a second. Time is the table's: a caller's clock may jump.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from facts.errors import UserError
from jobs import artifacts, attempts, fallback
from jobs.clock import Clock
from jobs.coordination import slots
from jobs.platform import Place, Platform
from jobs.runs import Attempt, Ended, Record, State
from jobs.runtimes.base import Runtime, Status
from jobs.spec import Target
from jobs.spec.running import Fallback
from jobs.underway import SENDING, Event, SupersededError, UnderWay
from jobs.waiting import TimedOutError, Watch

if TYPE_CHECKING:
    import boto3

__all__ = ["Event", "Lifecycle"]
_LOOK_SECONDS = 10.0  # for a slot to become free
_TRIES = 10  # for a slot that others want as well


class Lifecycle(UnderWay):
    """Runs jobs on one platform.

    `cancels` is asked when Ctrl-C comes: True cancels the run, False goes on, and what it raises leaves the run as
    it is.
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
        super().__init__(session, platform, clock=clock, told=told, logs=logs, runtime=runtime)
        self._cancels = cancels

    def start(
        self, job: str, channel: str, asked: attempts.Asked | None = None, *, force: bool = False
    ) -> Attempt:
        """Submit a run of what `channel` holds, or the one that an interrupted command left, and return.

        `force`: although the job's circuit breaker is open. Raises UserError for what the user can mend, runs under
        way that leave no room for another included.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        attempt = self._begin(artifact, channel, asked or attempts.Asked(), force=force, patient=False)
        if attempt.send_after and attempt.send_after > self._clock.now():
            return attempt  # whoever follows it sends it
        try:
            self._send(attempt, artifact)
        except SupersededError:
            raise UserError(
                f"run {attempt.run_id} was closed by another command; try again", code=1
            ) from None
        return attempt

    def run(
        self, job: str, channel: str, asked: attempts.Asked | None = None, *, force: bool = False
    ) -> Record:
        """Run what `channel` holds to its end, with the retries that the spec allows, and return its record.

        When as many runs are under way as the spec allows it says what is done: fail, wait for one to end, or join the
        one of the same version, date and parameters, which an interrupted command may have left (else wait). `force` as
        for `start`. KeyboardInterrupt cancels the run, proves it gone, and returns its record like any other end.
        """
        artifact = artifacts.resolve(self._session, self._platform, job, channel)
        return self.run_version(artifact, channel, asked or attempts.Asked(), force=force)

    def run_version(
        self, artifact: artifacts.Artifact, channel: str, asked: attempts.Asked, *, force: bool = False
    ) -> Record:
        """As `run`, of a version that the caller has; the record says `channel`."""
        return self.follow(self._begin(artifact, channel, asked, force=force, patient=True))

    def follow(self, attempt: Attempt) -> Record:
        """Follow a run from `attempt`, sent or only kept, to its record."""
        artifact = self._artifact(attempt)
        retry = self._spec(attempt).retry
        current: Attempt | None = attempt
        while current is not None:
            attempt = current
            try:
                if attempt.ended:
                    return self._finish(attempt, attempt.ended)
                if not self._await_turn(attempt):
                    return self._record(*attempts.taken_back(attempt), held=attempt)
                ended = self._attempt(attempt, artifact)
                if ended.state != "FAILED" or attempt.number >= retry.max_attempts:
                    return self._record(attempt, ended)
                current = self._following(attempt, ended)
            except SupersededError:
                current = self.shared.current(attempt)
        return self.store.get_run(attempt.run_id)

    def cancel(self, attempt: Attempt) -> Record:
        """Cancel a run under way, prove it gone, and return its record.

        Raises UserError while its sender may still be at it: what is cancelled then could come up after all.
        """
        try:
            if attempt.ended:
                return self._finish(attempt, attempt.ended)
            status, place_there = self.there(attempt)
            if status is None and place_there and self._being_sent(attempt):
                raise UserError(
                    f"run {attempt.run_id} is in no list yet: it is being sent, or was left before it was; cancel it "
                    f"when it shows, or after {SENDING.total_seconds() / 60:.0f} minutes",
                    code=1,
                )
            if status is None:
                return self._give_up(attempt)
            watch = self.watch(attempt)
            stopped: State | None = (
                None if status.phase.over else "CANCELLED"
            )  # what failed by itself has failed
            return self._record(attempt, self._ended(attempt, watch.end(), stopped, tuple(watch.twins)))
        except SupersededError:
            now = self.shared.current(attempt)
            return self.cancel(now) if now else self.store.get_run(attempt.run_id)

    def wait(self, seconds: float) -> None:
        """Let time pass between two looks."""
        self._clock.sleep(seconds)

    def _begin(
        self,
        artifact: artifacts.Artifact,
        channel: str,
        asked: attempts.Asked,
        *,
        force: bool,
        patient: bool,
    ) -> Attempt:
        """Keep a new run, or find the one to join."""
        spec = attempts.spec_of(self._platform, artifact)
        # What cannot be is said before anything is waited for.
        own = fallback.Choice(target=spec.runtime)
        attempts.first(self._platform, artifact, channel, self._clock.now(), own, 0, asked)
        rule, lost, told = spec.concurrency, 0, False
        give_up = self._clock.monotonic() + spec.timeout_minutes * 60.0 * spec.retry.max_attempts
        while lost < _TRIES:
            seen = self.shared.look(spec.name)
            under_way = self.sweep(seen.attempts)
            if len(under_way) < len(seen.attempts):
                continue  # some got their record, which may have moved the breaker
            slot = slots.free([each.slot for each in under_way], rule.limit, shadow=asked.shadow)
            if slot is not None:
                choice = fallback.choose(spec, lambda target: self._waiting(target, spec.fallback))
                now = self._clock.now()
                attempt = attempts.first(self._platform, artifact, channel, now, choice, slot, asked)
                if self.shared.begin(attempt, seen, force=force):
                    return attempt
                lost += 1
                continue
            # Runs in the shadow and others do not get in each other's way.
            under_way = [each for each in under_way if each.shadow == asked.shadow]
            when_full = "join" if asked.shadow else rule.when_full
            same = next((each for each in under_way if attempts.same_work(each, artifact, spec, asked)), None)
            if when_full == "join" and same:
                self._say(same, "taking up the run that is under way")
                return same
            if when_full == "fail" or not patient or self._clock.monotonic() >= give_up:
                raise _full(under_way, spec.name, artifact.manifest.digest, patient=patient)
            if not told:
                self._say(under_way[0], "waiting for it to end: as many runs as are allowed are under way")
            told = True
            self._clock.sleep(_LOOK_SECONDS)
        raise UserError(
            f"others started runs of '{spec.name}' at the same moment, {lost} times; try again", code=1
        )

    def _await_turn(self, attempt: Attempt) -> bool:
        """Wait for the moment when a retry is to be sent; False when the user will not wait."""
        left = (attempt.send_after - self._clock.now()).total_seconds() if attempt.send_after else 0.0
        if left > 0:
            self._say(
                attempt,
                f"attempt {attempt.number - 1} failed ({attempt.before[-1].reason}); the next in {left:.0f} s",
            )
            try:
                self._clock.sleep(left)
            except KeyboardInterrupt:
                return False
        return True

    def _attempt(self, attempt: Attempt, artifact: artifacts.Artifact) -> Ended:
        watch = self.watch(attempt)
        stopped: State | None = None
        status: Status | None = None
        while status is None and stopped is None:
            try:
                self._send(attempt, artifact, watch)
                status = watch.until_over(self._spec(attempt).timeout_minutes * 60.0)
            except TimedOutError:
                stopped = "TIMED_OUT"
            except KeyboardInterrupt:
                # Sending again changes nothing.
                stopped = "CANCELLED" if self._cancels(attempt) else None
        if stopped:
            self._say(attempt, "its time is up, cancelling" if stopped == "TIMED_OUT" else "cancelling")
            status = watch.end()
        return self._ended(attempt, status, stopped, tuple(watch.twins))

    def _send(self, attempt: Attempt, artifact: artifacts.Artifact, watch: Watch | None = None) -> None:
        """Send the attempt while it is what its run is at. Who slept over that finds out, and ends what it sent."""
        if not self.shared.holds(attempt):
            raise SupersededError
        runtime = self._runtime(attempt)
        runtime.submit(attempts.submission(self._platform, artifact, attempt))
        if not self.shared.holds(attempt):
            self._say(attempt, "it was given up meanwhile, ending what was sent")
            (
                watch
                or Watch(runtime=runtime, token=attempt.token, since=attempt.created_at, clock=self._clock)
            ).end()
            raise SupersededError

    def _waiting(self, target: Target, other: Fallback | None) -> int:
        place = self._platform.place(target)
        return fallback.waiting(self._session, place, other.when_waiting) if other else 0


def _full(under_way: list[Attempt], job: str, digest: str, *, patient: bool) -> UserError:
    runs = ", ".join(
        f"{each.run_id} ({'of this' if each.digest == digest else 'of another'} version"
        f"{f', for {each.logical_at:%Y-%m-%dT%H:%MZ}' if each.logical_at else ''})"
        for each in under_way
    )
    then = "let one end" if patient else "let one end, or run without --no-wait, which waits"
    return UserError(f"as many runs of '{job}' as its spec allows are under way: {runs}; {then}", code=1)

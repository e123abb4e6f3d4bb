"""Brings job runs through their states, by timers and by what the runner reports.

Every method runs under the plane's lock but the two reports of the runner, which take it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

from local.cloud.plane import ControlPlane
from local.cloud.runs.model import Attempt, Run
from local.contracts import JobRunner

log = logging.getLogger(__name__)
# How long a run stays in each state before RUNNING, where nothing holds it up; seconds to minutes on AWS.
STEP_SECONDS = 0.1
LOST = "the local AWS ended while the driver was running"
DETAILS = 256  # letters in the details of a state (String256 in both APIs)


class Conductor:
    """The runs of every service, account and region in this process: it is the runner's `JobSink`."""

    def __init__(self, plane: ControlPlane, runner: JobRunner, step_seconds: float = STEP_SECONDS) -> None:
        self.plane = plane
        self._runner, self._step_seconds = runner, step_seconds
        self._runs: dict[str, Run] = {}

    def submit(self, run: Run) -> None:
        """Begin: the run is in its first state."""
        self._runs[run.id] = run
        self._begin_attempt(run)
        run.service.changed(run, None)

    def resume(self, run: Run) -> None:
        """Go on with a run of a snapshot: an attempt that ran then has failed, what waited still waits."""
        self._runs[run.id] = run
        if not run.active:
            return
        if run.started is not None:
            self._set_deadline(run, (self.plane.now() - run.started).total_seconds())
        if run.current.given:
            self.plane.after(0, partial(self.finished, run.id, run.current.number, LOST))
        elif run.state == run.service.words.cancelling:
            self._cancelled_soon(run)
        else:
            self._soon(run)

    def nudge(self, runs: Iterable[Run]) -> None:
        """Something has changed that these runs may have waited for."""
        for run in runs:
            if run.next_step is None:
                self._advance(run)

    def cancel(self, run: Run, details: str) -> None:
        """Cancel a run that has not ended; fine when it is being cancelled already."""
        words = run.service.words
        if not run.active or run.state == words.cancelling:
            return
        given = run.current.given
        self._become(run, words.cancelling, details)
        if given:
            self.plane.command(lambda: self._runner.cancel_run(run.id, run.grace))
        else:
            _stop_timers(run)
            self._cancelled_soon(run)

    def forget(self, runs: Iterable[Run]) -> None:
        """Drop these runs without a word; drivers that run are ended."""
        for run in list(runs):
            if self._runs.pop(run.id, None) is not None and run.active and run.current.given:
                self.plane.command(partial(self._runner.cancel_run, run.id, 0.0))
            _stop_timers(run)

    def running(self, run_id: str, attempt: int) -> None:
        """The runner's report that a driver has started."""
        with self.plane.lock:
            run = self._reported(run_id, attempt)
            if run is None or run.state not in run.service.words.before:
                return
            run.current.started = self.plane.now()
            self._become(run, run.service.words.running)
            self._set_deadline(run, 0.0)

    def finished(self, run_id: str, attempt: int, failure: str | None) -> None:
        """The runner's report that a driver has ended."""
        with self.plane.lock:
            run = self._reported(run_id, attempt)
            if run is None:
                return
            words = run.service.words
            if failure is None:
                self._become(run, words.success)
            elif run.state == words.cancelling:
                self._become(run, words.cancelled, run.current.details)
            else:
                self._failed(run, run.service.tell_failure(failure))

    def _set_deadline(self, run: Run, passed: float) -> None:
        """Have a run that was RUNNING first `passed` seconds ago cancelled when its time is over."""
        if run.timeout is None or run.deadline is not None:
            return
        details = f"The job run exceeded its timeout of {round(run.timeout / 60)} minutes"
        run.deadline = self.plane.after(max(0.0, run.timeout - passed), lambda: self.cancel(run, details))

    def _cancelled_soon(self, run: Run) -> None:
        words, details = run.service.words, run.current.details
        run.next_step = self.plane.after(
            self._step_seconds, lambda: self._become(run, words.cancelled, details)
        )

    def _reported(self, run_id: str, attempt: int) -> Run | None:
        run = self._runs.get(run_id)
        return run if run is not None and run.active and run.current.number == attempt else None

    def _failed(self, run: Run, details: str) -> None:
        failures = [a.ended for a in run.attempts if a.ended is not None]
        if not run.retry.allows([*failures, self.plane.now()]):
            self._become(run, run.service.words.failed, details)
            return
        # The run itself has not failed: nobody is told of such a state, only of another attempt.
        now, words, previous = self.plane.now(), run.service.words, run.state
        run.current.state, run.current.details = words.failed, details[:DETAILS]
        run.current.updated = run.current.ended = now
        self._begin_attempt(run)
        run.service.retried(run)
        run.service.changed(run, previous)

    def _begin_attempt(self, run: Run) -> None:
        now, first = self.plane.now(), run.service.words.before[0]
        number = len(run.attempts) + 1
        run.attempts.append(Attempt(number=number, state=first, details="", created=now, updated=now))
        self._soon(run)

    def _soon(self, run: Run) -> None:
        def step() -> None:
            run.next_step = None
            self._advance(run)

        run.next_step = self.plane.after(self._step_seconds, step)

    def _advance(self, run: Run) -> None:
        words = run.service.words
        if run.state not in words.before or run.current.given:
            return
        state = run.service.next_state(run)
        if state == words.running:
            self._give(run)
        elif state is not None:
            self._become(run, state)
            self._soon(run)

    def _give(self, run: Run) -> None:
        obstacle = run.service.obstacle(run)
        if obstacle is not None:
            self._become(run, run.service.words.failed, obstacle)
            return
        run.current.given = True
        contract = run.service.contract(run)

        def start() -> None:
            try:
                self._runner.start_run(contract, self)
            except Exception as error:
                log.exception("job run %s does not start", run.id)
                self.finished(run.id, contract.attempt, str(error))

        self.plane.command(start)

    def _become(self, run: Run, state: str, details: str = "") -> None:
        """The one place where a run's state changes, but for the beginning of an attempt."""
        attempt, previous = run.current, run.state
        attempt.state, attempt.details, attempt.updated = state, details[:DETAILS], self.plane.now()
        log.info("job run %s is %s%s", run.id, state, f": {details}" if details else "")
        if not run.active:
            attempt.ended = attempt.updated
            _stop_timers(run)
        run.service.changed(run, previous)


def _stop_timers(run: Run) -> None:
    for timer in filter(None, (run.deadline, run.next_step)):
        timer.cancel()

"""EMR Serverless applications that a change would meet running: drained first, since AWS refuses it otherwise.

UpdateApplication and DeleteApplication ask for a created or stopped application, StopApplication for one without runs:
https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_UpdateApplication.html. So: cancel the runs (if the
user agrees), wait, stop, wait, and let the engine go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from facts.errors import UserError
from stacks.engine import Pulumi

APPLICATION = "aws:emrserverless/application:Application"
# States that a run leaves again: botocore's JobRunState less those in which it has ended.
UNDER_WAY = ("SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "CANCELLING", "QUEUED")
RUNS = ("STARTING", "STARTED")  # of an application: it refuses changes
# A run that is cancelled may take its grace period, an application some minutes to stop.
MOST_SECONDS = 900.0
POLL_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """An application of the stack that runs."""

    urn: str
    application_id: str
    runs: tuple[str, ...]  # ids of those under way

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rsplit("::", 1)[1]


@dataclass(frozen=True, kw_only=True)
class Drain:
    """Drains the applications of one account and region through `api`, a client of EMR Serverless.

    `agreed` is asked before runs are cancelled, with one line that says which. `pause` waits that many seconds.
    """

    api: Any
    agreed: Callable[[str], bool]
    say: Callable[[str], None]
    pause: Callable[[float], None] = field(default=time.sleep)

    def running(self, state: Mapping[str, Any]) -> list[Running]:
        """The applications in the stack's `state` that run now. One that is gone, or of a stack elsewhere, is none."""
        found = []
        for entry in state.get("resources") or []:
            if entry["type"] == APPLICATION and entry.get("id") and self._state(entry["id"]) in RUNS:
                runs = tuple(self._runs(entry["id"]))
                found.append(Running(urn=entry["urn"], application_id=entry["id"], runs=runs))
        return found

    def drain(self, applications: list[Running]) -> None:
        """Have none of them running any more. Raises UserError, before anything is touched, when the user says no."""
        busy = [one for one in applications if one.runs]
        if busy:
            told = ", ".join(f"{one.name} ({len(one.runs)})" for one in busy)
            if not self.agreed(f"the change stops EMR Serverless applications with runs under way: {told}"):
                raise UserError(
                    f"applications have runs under way: {told}; nothing was touched; wait for them, or let them be "
                    "cancelled with --cancel-runs"
                )
        for one in applications:
            for run in one.runs:
                self.say(f"cancelling run {run} of application '{one.name}'")
                self._cancel(one.application_id, run)
        for one in applications:
            self._wait(f"the runs of application '{one.name}' to end", partial(self._quiet, one))
            self.say(f"stopping application '{one.name}'")
            self.api.stop_application(applicationId=one.application_id)
        for one in applications:
            self._wait(f"application '{one.name}' to stop", partial(self._stopped, one))

    def _state(self, application_id: str) -> str | None:
        try:
            found = self.api.get_application(applicationId=application_id)
        except self.api.exceptions.ResourceNotFoundException:
            return None
        return str(found["application"]["state"])

    def _runs(self, application_id: str) -> Iterator[str]:
        pages = self.api.get_paginator("list_job_runs").paginate(
            applicationId=application_id, states=list(UNDER_WAY)
        )
        for page in pages:
            for run in page["jobRuns"]:
                yield run["id"]

    def _quiet(self, one: Running) -> bool:
        return next(self._runs(one.application_id), None) is None

    def _stopped(self, one: Running) -> bool:
        return self._state(one.application_id) not in (*RUNS, "STOPPING")

    def _cancel(self, application_id: str, run: str) -> None:
        try:
            self.api.cancel_job_run(applicationId=application_id, jobRunId=run)
        except self.api.exceptions.ValidationException:
            return  # it ended while we came

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        waited = 0.0
        while not done():
            if waited >= MOST_SECONDS:
                raise UserError(
                    f"waited {MOST_SECONDS:.0f} s for {what}; look at it and run the command again", code=1
                )
            self.pause(POLL_SECONDS)
            waited += POLL_SECONDS


def before_change(engine: Pulumi, stack: str, drain_in: Callable[[str], Drain], *, destroy: bool) -> None:
    """Drain what the next `up`, or the `destroy`, of the stack would meet running.

    `drain_in` makes the drain of a region. The engine is asked for its plan only when some application runs. Raises
    UserError when the user does not agree.
    """
    state = engine.state(stack)
    regions = {
        entry["outputs"]["arn"].split(":")[3]
        for entry in state.get("resources") or []
        if entry["type"] == APPLICATION and (entry.get("outputs") or {}).get("arn")
    }
    found = [(drain, drain.running(state)) for drain in map(drain_in, sorted(regions))]
    if not any(running for _, running in found):
        return
    planned = {} if destroy else engine.planned(stack)
    for drain, running in found:
        drain.drain(touched(running, planned))


def touched(applications: list[Running], planned: Mapping[str, str]) -> list[Running]:
    """Those of the applications that the engine would change, by its `planned` operation for each URN."""
    return [one for one in applications if planned.get(one.urn, "delete") != "same"]

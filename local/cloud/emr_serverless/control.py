"""All the EMR Serverless there is in this process: the applications of every account and region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from local.cloud.emr_serverless.lifecycle import Lifecycle
from local.cloud.emr_serverless.model import Application
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.events import Emit
from local.cloud.runs.tokens import Tokens

Region = tuple[str, str]  # account id, region


class ServerlessControl:
    """Holds the applications, and hands out what changes them."""

    def __init__(self, conductor: Conductor, emit: Emit) -> None:
        self.plane, self.conductor = conductor.plane, conductor
        self.lifecycle = Lifecycle(conductor, self.find, "aws", emit)
        self._applications: defaultdict[Region, dict[str, Application]] = defaultdict(dict)
        self._tokens: defaultdict[Region, Tokens] = defaultdict(Tokens)

    def applications_of(self, account_id: str, region: str) -> dict[str, Application]:
        """The applications of one account in one region, by id; the caller adds to it."""
        return self._applications[(account_id, region)]

    def tokens_of(self, account_id: str, region: str) -> Tokens:
        """The client tokens that have been used there."""
        return self._tokens[(account_id, region)]

    def find(self, application_id: str) -> Application:
        """The application of this id, wherever it is."""
        return next(a for a in self._each() if a.id == application_id)

    def of_run(self, run_id: str) -> Application | None:
        """The application that has this job run, None when there is none."""
        with self.plane.lock:
            return next((a for a in self._each() if run_id in a.runs), None)

    def forget(self, account_id: str, region: str) -> None:
        """End and drop the applications of one account in one region."""
        with self.plane.lock:
            applications = self.applications_of(account_id, region)
            for application in applications.values():
                self.conductor.forget(application.runs.values())
                if application.idle_timer is not None:
                    application.idle_timer.cancel()
            applications.clear()
            self._tokens.pop((account_id, region), None)

    def state(self) -> object:
        """What there is, for a snapshot."""
        return dict(self._applications), {place: tokens.answers for place, tokens in self._tokens.items()}

    def restore(self, state: Any) -> None:
        """Take back what there was, into a control that has nothing; what is under way goes on."""
        applications, tokens = state
        with self.plane.lock:
            for place, found in applications.items():
                self._applications[place].update(found)
            for place, answers in tokens.items():
                self._tokens[place].answers.update(answers)
            for application in list(self._each()):
                self.lifecycle.resume(application)

    def overview(self) -> list[Mapping[str, object]]:
        """Every application that is there with its open runs, for `emrctl local status`."""
        with self.plane.lock:
            return [
                {
                    "id": a.id, "name": a.settings.get("name", ""), "region": a.region, "state": a.state,
                    "runs": [{"id": r.id, "state": r.state} for r in a.active_runs()],
                }
                for a in self._each() if a.state != "TERMINATED"
            ]  # fmt: skip

    def _each(self) -> Iterator[Application]:
        for applications in self._applications.values():
            yield from applications.values()

"""Runs of an EMR Serverless application from start to record, with a service that fails wherever it can."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import artifacts, spec
from jobs.lifecycle import Lifecycle
from jobs.platform import Platform
from jobs.runs import Record
from jobs.spec import ServerlessTarget
from tests.jobs.fake_table import FakeTable
from tests.jobs.fakes import (
    FAULTS,
    PENDING_SECONDS,
    RUNNING_SECONDS,
    FakeS3,
    Faults,
    KilledError,
    Pages,
    Time,
    client_error,
)

JOB = "nightly-etl"
_deployed: dict[tuple[str, str], bytes] = {}


class FakeServerless:
    """One application. A client token gives the run that it gave before; a new run is in no list for `lag` lists."""

    def __init__(self, time: Time, s3: FakeS3, faults: Faults, lag: int) -> None:
        self.time, self.s3, self.faults, self.lag = time, s3, faults, lag
        self.runs: list[dict[str, Any]] = []
        self.by_token: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, Any] = {}
        self.lists = 0
        time.passed.append(self.advance)

    def advance(self) -> None:
        now = self.time.now()
        for run in self.runs:
            age = (now - run.get("startedAt", run["createdAt"])).total_seconds()
            if run["state"] == "SUBMITTED" and age >= PENDING_SECONDS:
                run |= {"state": "RUNNING", "startedAt": now, "updatedAt": now}
            elif run["state"] == "RUNNING" and age >= RUNNING_SECONDS:
                run |= {"state": "SUCCESS", "endedAt": now, "updatedAt": now}
                self._report(run)

    def start_job_run(self, **request: Any) -> Any:
        def start() -> Any:
            token = request["clientToken"]
            # The service refuses a token that comes with another request.
            if self.requests.setdefault(token, request) != request:
                raise client_error("ConflictException")
            if token not in self.by_token:
                run = {
                    "id": f"r{len(self.runs) + 1}", "name": request["name"], "state": "SUBMITTED", "stateDetails": "",
                    "createdAt": self.time.now(), "updatedAt": self.time.now(), "seen": self.lists + self.lag,
                    "arguments": request["jobDriver"]["sparkSubmit"]["entryPointArguments"],
                }  # fmt: skip
                self.by_token[token] = run
                self.runs.append(run)
            return {"jobRunId": self.by_token[token]["id"]}

        return self.faults.around(start)

    def get_job_run(self, applicationId: str, jobRunId: str) -> Any:  # noqa: N803
        return self.faults.around(lambda: {"jobRun": next(r for r in self.runs if r["id"] == jobRunId)})

    def get_application(self, applicationId: str) -> Any:  # noqa: N803
        return self.faults.around(lambda: {"application": {"state": "STARTED"}})

    def cancel_job_run(self, applicationId: str, jobRunId: str, **_: Any) -> Any:  # noqa: N803
        raise AssertionError("no twin, and nobody cancels")

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_job_runs"
        return Pages(lambda **asked: self.faults.around(lambda: self._list(asked["createdAtAfter"])))

    def _list(self, after: datetime) -> list[Any]:
        self.lists += 1
        found = [run for run in self.runs if run["createdAt"] > after and self.lists > run["seen"]]
        return [{"jobRuns": found[at : at + 50]} for at in range(0, len(found) or 1, 50)]

    def _report(self, run: dict[str, Any]) -> None:
        argument = next(each for each in run["arguments"] if each.startswith("--report="))
        bucket, _, key = argument.removeprefix("--report=s3://").partition("/")
        self.s3.objects[bucket, key] = json.dumps({"application_id": run["id"]}).encode()


@dataclass
class _Session:
    clients: dict[str, Any]

    def client(self, service: str, **_: Any) -> Any:
        return self.clients[service]


class _World:
    def __init__(self, platform: Platform, faults: Sequence[str], lag: int) -> None:
        self.platform, self.time, self.faults = platform, Time(), Faults()
        self.s3 = FakeS3(self.faults)
        self.service = FakeServerless(self.time, self.s3, self.faults, lag)
        self.session = cast(
            boto3.Session,
            _Session(
                {
                    "emr-serverless": self.service,
                    "s3": self.s3,
                    "dynamodb": FakeTable(self.time, self.faults),
                }
            ),
        )
        if not _deployed:
            target = ServerlessTarget(kind="serverless", application="adhoc")
            job = spec.find(JOB).model_copy(update={"runtime": target})
            artifacts.deploy(self.session, platform, job, "dev", clock=self.time.clock)
            _deployed.update(self.s3.objects)
        self.s3.objects.update(_deployed)
        self.faults.plan = iter(faults)

    def insist(self) -> Record:
        """What a user does: the same command again until it ends by itself."""
        for _ in range(60):
            try:
                return Lifecycle(self.session, self.platform, clock=self.time.clock).run(JOB, "dev")
            except (KilledError, ClientError, BotoCoreError, UserError):
                self.time.sleep(1)
        raise AssertionError("the command never came to an end")


@settings(max_examples=100, deadline=None)
@given(faults=st.lists(st.sampled_from(FAULTS), max_size=40), lag=st.sampled_from([0, 0, 1, 3, 7]))
@example(
    faults=["none"] * 7 + ["response lost"], lag=7
)  # sent again before it shows: the token gives the same run
def test_whatever_goes_wrong_and_when_one_token_is_one_run(
    platform: Platform, faults: list[str], lag: int
) -> None:
    world = _World(platform, faults, lag)
    record = world.insist()
    assert record.state == "SUCCEEDED"
    names = [run["name"] for run in world.service.runs]
    assert len(names) == len(set(names))
    lifecycle = Lifecycle(world.session, platform, clock=world.time.clock)
    store = lifecycle.store
    assert lifecycle.shared.open_attempts() == []
    tokens = [attempt.token for each in store.list_runs() for attempt in each.attempts if attempt.id]
    assert sorted(tokens) == sorted(names)
    assert all(not attempt.twins for each in store.list_runs() for attempt in each.attempts)


def test_a_quiet_run(platform: Platform) -> None:
    record = _World(platform, [], 0).insist()
    assert (record.runtime, record.place, record.place_id) == ("serverless", "adhoc", "app-1")
    assert record.attempts[0].id == record.application_id == "r1"
    assert record.log_uri == "s3://dev-logs/serverless/applications/app-1/jobs/r1/"
    assert record.duration_seconds is not None
    assert 60 <= record.duration_seconds < 70

"""EMR on EKS, EMR Serverless and clusters of a run's own in plain Python, and a platform on each that fails as told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs import artifacts, spec
from jobs.lifecycle import Lifecycle
from jobs.platform import Platform, VirtualCluster
from jobs.runs import Record
from jobs.spec import Ec2Target, EksTarget, ServerlessTarget
from tests.jobs.fake_table import FakeTable
from tests.jobs.fakes import (
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
TARGETS = {
    "eks": EksTarget(kind="eks", virtual_cluster="team"),
    "ephemeral": Ec2Target(kind="ec2", template="once"),
    "serverless": ServerlessTarget(kind="serverless", application="adhoc"),
}
_SERVICES = {"eks": "emr-containers", "ephemeral": "emr", "serverless": "emr-serverless"}
# How a thing may have ended that an attempt is recorded as.
ENDS = {
    "SUCCEEDED": ("COMPLETED",),
    "FAILED": ("FAILED",),
    "CANCELLED": ("CANCELLED",),
    "TIMED_OUT": ("CANCELLED",),
}
OVER = ("COMPLETED", "FAILED", "CANCELLED")
_deployed: dict[str, dict[tuple[str, str], bytes]] = {}


@dataclass
class Thing:
    """A job run, or a cluster with its one step: it waits, runs, and ends as `outcome` says."""

    id: str
    token: str
    arguments: Sequence[str]
    created: datetime
    outcome: str
    visible_after: int
    state: str = "PENDING"
    started: datetime | None = None
    ended: datetime | None = None


@dataclass
class _Things:
    """What both services share: a new thing is in no list for `lag` lists."""

    time: Time
    s3: FakeS3
    faults: Faults
    lag: int = 0
    made: list[Thing] = field(default_factory=list)
    outcomes: Iterator[str] = field(default_factory=lambda: itertools.repeat("COMPLETED"))
    lists: int = 0

    def __post_init__(self) -> None:
        self.time.passed.append(self.advance)

    def advance(self) -> None:
        now = self.time.now()
        for each in self.made:
            age = (now - (each.started or each.created)).total_seconds()
            if each.state == "PENDING" and age >= PENDING_SECONDS:
                each.state, each.started = "RUNNING", now
            elif each.state == "RUNNING" and age >= RUNNING_SECONDS and each.outcome != "for ever":
                each.state, each.ended = each.outcome, now
                self._report(each)

    def make(self, token: str, arguments: Sequence[str]) -> Thing:
        thing = Thing(
            id=f"{len(self.made) + 1}", token=token, arguments=arguments, created=self.time.now(),
            outcome=next(self.outcomes), visible_after=self.lists + self.lag,
        )  # fmt: skip
        self.made.append(thing)
        return thing

    def end(self, id_: str) -> None:
        (found,) = (each for each in self.made if each.id == id_)
        if found.state not in OVER:
            found.state, found.ended = "CANCELLED", self.time.now()

    def seen(self, after: datetime) -> list[Thing]:
        self.lists += 1
        return [each for each in self.made if each.created > after and self.lists > each.visible_after]

    def _report(self, thing: Thing) -> None:
        argument = next(each for each in thing.arguments if each.startswith("--report="))
        bucket, _, key = argument.removeprefix("--report=s3://").partition("/")
        self.s3.objects[bucket, key] = json.dumps({"application_id": thing.token}).encode()


class FakeEks(_Things):
    """One virtual cluster. A client token gives the run that it gave before."""

    def start_job_run(self, clientToken: str, jobDriver: Any, **_: Any) -> Any:  # noqa: N803
        def start() -> Any:
            found = next((each for each in self.made if each.token == clientToken), None)
            arguments = jobDriver["sparkSubmitJobDriver"]["entryPointArguments"]
            return {"id": (found or self.make(clientToken, arguments)).id}

        return self.faults.around(start)

    def describe_virtual_cluster(self, id: str) -> Any:
        return self.faults.around(lambda: {"virtualCluster": {"state": "RUNNING"}})

    def cancel_job_run(self, virtualClusterId: str, id: str) -> Any:  # noqa: N803
        return self.faults.around(lambda: self.end(id))

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_job_runs"
        return Pages(lambda **asked: self.faults.around(lambda: self._list(asked["createdAfter"])))

    def _list(self, after: datetime) -> list[Any]:
        return [{"jobRuns": [_run(each) for each in self.seen(after)]}]


def _run(thing: Thing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": thing.id,
        "name": thing.token,
        "state": thing.state,
        "createdAt": thing.created,
    }
    return {**told, "finishedAt": thing.ended} if thing.ended else told


class FakeServerless(_Things):
    """One application. A client token gives the run that it gave before, and another request with it is refused."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.requests: dict[str, Any] = {}

    def start_job_run(self, **request: Any) -> Any:
        def start() -> Any:
            token = request["clientToken"]
            if self.requests.setdefault(token, request) != request:
                raise client_error("ConflictException")
            found = next((each for each in self.made if each.token == token), None)
            arguments = request["jobDriver"]["sparkSubmit"]["entryPointArguments"]
            return {"jobRunId": (found or self.make(token, arguments)).id}

        return self.faults.around(start)

    def get_job_run(self, applicationId: str, jobRunId: str) -> Any:  # noqa: N803
        def get() -> Any:
            (found,) = (each for each in self.made if each.id == jobRunId)
            times = {"startedAt": found.started, "endedAt": found.ended}
            return {"jobRun": {name: at for name, at in times.items() if at}}

        return self.faults.around(get)

    def get_application(self, applicationId: str) -> Any:  # noqa: N803
        return self.faults.around(lambda: {"application": {"state": "STARTED"}})

    def cancel_job_run(self, applicationId: str, jobRunId: str, **_: Any) -> Any:  # noqa: N803
        def cancel() -> Any:
            if any(each.id == jobRunId and each.state in OVER for each in self.made):
                raise client_error("ValidationException")
            self.end(jobRunId)

        return self.faults.around(cancel)

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_job_runs"
        return Pages(lambda **asked: self.faults.around(lambda: self._list(asked["createdAtAfter"])))

    def _list(self, after: datetime) -> list[Any]:
        return [{"jobRuns": [self._run(each) for each in self.seen(after)]}]

    def _run(self, thing: Thing) -> dict[str, Any]:
        state = {"PENDING": "SUBMITTED", "COMPLETED": "SUCCESS"}.get(thing.state, thing.state)
        at = thing.ended or thing.started or thing.created
        return {
            "id": thing.id, "name": thing.token, "state": state, "stateDetails": "",
            "createdAt": thing.created, "updatedAt": at,
        }  # fmt: skip


class FakeClusters(_Things):
    """An EMR where each request makes a cluster; nothing but its name tells one from its twin."""

    def run_job_flow(self, Name: str, Steps: Sequence[Any], **_: Any) -> Any:  # noqa: N803
        arguments = Steps[0]["HadoopJarStep"]["Args"]
        return self.faults.around(lambda: {"JobFlowId": self.make(Name, arguments).id})

    def list_steps(self, ClusterId: str) -> Any:  # noqa: N803
        def steps() -> Any:
            (found,) = (each for each in self.made if each.id == ClusterId)
            times = {
                "CreationDateTime": found.created,
                "StartDateTime": found.started,
                "EndDateTime": found.ended,
            }
            status = {"State": found.state, "Timeline": {name: at for name, at in times.items() if at}}
            return {"Steps": [{"Id": "s", "Name": found.token, "Status": status}]}

        return self.faults.around(steps)

    def describe_cluster(self, ClusterId: str) -> Any:  # noqa: N803
        (found,) = (each for each in self.made if each.id == ClusterId)
        return self.faults.around(lambda: {"Cluster": _cluster(found)})

    def cancel_steps(self, ClusterId: str, **_: Any) -> Any:  # noqa: N803
        return self.faults.around(lambda: self.end(ClusterId))

    def terminate_job_flows(self, JobFlowIds: Sequence[str]) -> Any:  # noqa: N803
        def end() -> Any:
            for each in JobFlowIds:
                self.end(each)
            return {}

        return self.faults.around(end)

    def get_paginator(self, name: str) -> Pages:
        if name == "list_instances":
            return Pages(lambda **_: [{"Instances": []}])
        assert name == "list_clusters"
        return Pages(lambda **asked: self.faults.around(lambda: self._list(asked["CreatedAfter"])))

    def _list(self, after: datetime) -> list[Any]:
        return [{"Clusters": [_cluster(each) for each in self.seen(after)]}]


def _cluster(thing: Thing) -> dict[str, Any]:
    states = {"PENDING": "STARTING", "RUNNING": "RUNNING"}
    timeline = {"CreationDateTime": thing.created, **({"EndDateTime": thing.ended} if thing.ended else {})}
    reason = {"Code": "USER_REQUEST" if thing.state == "CANCELLED" else "ALL_STEPS_COMPLETED"}
    status = {
        "State": states.get(thing.state, "TERMINATED"),
        "StateChangeReason": reason,
        "Timeline": timeline,
    }
    return {"Id": thing.id, "Name": thing.token, "Status": status}


@dataclass
class _Session:
    clients: dict[str, Any]

    def client(self, service: str, **_: Any) -> Any:
        return self.clients[service]


class Elsewhere:
    """A platform with a deployed job that runs at `kind` of place, and everything that may be seen of it."""

    def __init__(self, platform: Platform, kind: str, lag: int = 0) -> None:
        team = VirtualCluster(id="vc1", release_label="emr-spark-8.0.0", log_uri="s3://dev-logs/containers/")
        self.platform = platform.model_copy(update={"virtual_clusters": {"team": team}})
        self.time = Time()
        self.faults = Faults(time=self.time)
        self.s3 = FakeS3(self.faults)
        makes = {"eks": FakeEks, "ephemeral": FakeClusters, "serverless": FakeServerless}
        self.service: _Things = makes[kind](self.time, self.s3, self.faults, lag)
        table = FakeTable(self.time, self.faults)
        clients = {_SERVICES[kind]: self.service, "s3": self.s3, "dynamodb": table}
        self.session = cast(boto3.Session, _Session(clients))
        self.faults.meanwhile = self.cancelled_by_another
        self.have(kind)

    def have(self, kind: str, **changes: Any) -> None:
        """The job in its channel; packaging is dear when it is done a thousand times."""
        key = repr((kind, sorted(changes.items())))
        if key not in _deployed:
            job = spec.find(JOB).model_copy(update={"runtime": TARGETS[kind], **changes})
            artifacts.deploy(self.session, self.platform, job, "dev", clock=self.time.clock)
            _deployed[key] = dict(self.s3.objects)
        self.s3.objects.update(_deployed[key])

    def lifecycle(self) -> Lifecycle:
        return Lifecycle(self.session, self.platform, clock=self.time.clock)

    def run(self) -> Record:
        return self.lifecycle().run(JOB, "dev")

    def cancelled_by_another(self) -> None:
        """`emrctl runs cancel` of all that is under way, by another command; what it refuses it refuses."""
        other = self.lifecycle()
        for attempt in other.shared.open_attempts():
            try:
                found = other.cancel(attempt)
            except UserError as refused:
                assert "is in no list yet" in str(refused)  # noqa: PT017
            else:
                assert found.state in ENDS

    def insist(self) -> Record:
        """What a user does: the same command again until it ends by itself."""
        for _ in range(60):
            try:
                return self.run()
            except (KilledError, ClientError, BotoCoreError, UserError, KeyboardInterrupt):
                self.time.go(1)
        raise AssertionError("the command never came to an end")

    def check(self) -> None:
        """One run a logical attempt, no orphan, nothing left open, and the records tell the truth of all."""
        self.faults.plan = iter(())
        made = {each.id: each for each in self.service.made}
        assert {each.state for each in made.values()} <= set(OVER)
        assert self.lifecycle().shared.open_attempts() == []
        told = [attempt for record in self.lifecycle().store.list_runs() for attempt in record.attempts]
        assert len({attempt.token for attempt in told}) == len(told)
        of_records = [id_.partition("/")[0] for each in told for id_ in (each.id, *each.twins) if id_]
        assert sorted(of_records) == sorted(made)
        for attempt in told:
            if attempt.id:
                thing = made[attempt.id.partition("/")[0]]
                assert thing.token == attempt.token
                assert thing.state in ENDS[attempt.state]
            assert all(made[twin].state == "CANCELLED" for twin in attempt.twins)
            assert not attempt.twins or isinstance(self.service, FakeClusters)  # a token makes none

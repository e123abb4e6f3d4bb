"""An EMR and an S3 in plain Python, on a clock of their own, whose every call may go wrong as a test says."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from jobs.clock import Clock

BIRTH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PENDING_SECONDS, RUNNING_SECONDS = 5.0, 60.0


class KilledError(BaseException):
    """The command's process is gone, between two instructions."""


def client_error(code: str, status: int = 400) -> ClientError:
    """What boto3 raises for an error answer."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


class Time:
    """Time that passes when somebody sleeps; `passed` are told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.skew = 0.0  # by which the caller's own clock is wrong
        self.passed: list[Callable[[], None]] = []
        self.interrupt_at: float | None = None

    @property
    def clock(self) -> Clock:
        return Clock(now=self.told, monotonic=lambda: self.seconds, sleep=self.sleep)

    def told(self) -> datetime:
        """What the caller's clock says."""
        return self.now() + timedelta(seconds=self.skew)

    def now(self) -> datetime:
        return BIRTH + timedelta(seconds=self.seconds)

    def go(self, seconds: float) -> None:
        """Let time pass while nobody sleeps."""
        assert seconds >= 0
        self.seconds += seconds
        for tell in self.passed:
            tell()

    def sleep(self, seconds: float) -> None:
        self.go(seconds)
        if self.interrupt_at is not None and self.seconds >= self.interrupt_at:
            self.interrupt_at = None
            raise KeyboardInterrupt


@dataclass
class Faults:
    """What befalls the next calls, in order; after the last one all goes well."""

    plan: Iterator[str] = field(default_factory=lambda: iter(()))
    calls: int = 0
    time: Time | None = None
    meanwhile: Callable[[], None] = lambda: None  # what another command does between two calls of the first
    made: list[object] = field(default_factory=list)  # which calls there were

    def around(self, call: Callable[[], Any], name: str = "") -> Any:
        self.calls += 1
        self.made.append((call.__code__, name))
        fault = next(self.plan, "none")
        if self.time and fault.startswith("clock"):
            self.time.skew += 86_400.0 if fault == "clock ahead" else -86_400.0
        if fault == "another command":
            self.plan, plan = iter(()), self.plan
            self.meanwhile()
            self.plan = plan
        if fault == "killed before":
            raise KilledError
        if fault == "request lost":
            raise ConnectionClosedError(endpoint_url="http://emr")
        if fault == "throttled":
            raise client_error("ThrottlingException")
        if fault == "error before":
            raise client_error("InternalServerError", 500)
        answer = call()
        if fault == "killed after":
            raise KilledError
        if fault == "response lost":
            raise ConnectionClosedError(endpoint_url="http://emr")
        if fault == "error after":
            raise client_error("InternalServerError", 500)
        return answer


def telling(made: Sequence[object]) -> list[int]:
    """Which of the calls a fault is to befall, where each of them is too dear: the first and the last of those that
    stand between the same two. In between are looks at what has not changed."""
    between: dict[object, list[int]] = {}
    for at in range(len(made)):
        between.setdefault((made[max(at - 1, 0)], made[at], *made[at + 1 : at + 2]), []).append(at)
    return sorted({at for same in between.values() for at in (same[0], same[-1])})


FAULTS = (
    "none", "killed before", "killed after", "request lost", "response lost", "throttled", "error before",
    "error after", "clock ahead", "clock back",
)  # fmt: skip


@dataclass
class FakeStep:
    """A step: it waits, runs, and ends as `outcome` says, unless somebody cancels it."""

    id: str
    config: dict[str, Any]
    role: str
    created: datetime
    visible_after: int
    outcome: str
    state: str = "PENDING"
    started: datetime | None = None
    ended: datetime | None = None


class FakeS3:
    """Objects in a dict, with conditional writes."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self._faults = faults or Faults()
        self.written: dict[tuple[str, str], datetime] = {}  # the others at birth

    def put_object(self, Bucket: str, Key: str, Body: bytes, **conditions: str) -> Any:  # noqa: N803
        def put() -> Any:
            there = self.objects.get((Bucket, Key))
            if conditions.get("IfNoneMatch") == "*" and there is not None:
                raise client_error("PreconditionFailed", 412)
            if "IfMatch" in conditions and conditions["IfMatch"] != _etag(there):
                raise client_error("PreconditionFailed", 412)
            self.objects[Bucket, Key] = bytes(Body)
            self.written[Bucket, Key] = self._faults.time.now() if self._faults.time else BIRTH
            return {"ETag": _etag(Body)}

        return self._faults.around(put)

    def get_object(self, Bucket: str, Key: str, IfNoneMatch: str = "") -> Any:  # noqa: N803
        def get() -> Any:
            if (Bucket, Key) not in self.objects:
                raise client_error("NoSuchKey", 404)
            body = self.objects[Bucket, Key]
            if IfNoneMatch == _etag(body):
                raise client_error("304", 304)
            return {"Body": Body(body), "ETag": _etag(body)}

        return self._faults.around(get)

    def head_object(self, Bucket: str, Key: str) -> Any:  # noqa: N803
        def head() -> Any:
            if (Bucket, Key) not in self.objects:
                raise client_error("404", 404)
            return {}

        return self._faults.around(head)

    def delete_object(self, Bucket: str, Key: str, IfMatch: str = "") -> Any:  # noqa: N803
        def delete() -> Any:
            if IfMatch and IfMatch != _etag(self.objects.get((Bucket, Key))):
                raise client_error("PreconditionFailed", 412)
            self.objects.pop((Bucket, Key), None)

        return self._faults.around(delete)

    def get_paginator(self, name: str) -> Any:
        assert name == "list_objects_v2"
        return Pages(lambda **at: self._faults.around(lambda: self._list(at["Bucket"], at["Prefix"])))

    def _list(self, bucket: str, prefix: str) -> list[Any]:
        found = sorted(at for at in self.objects if at[0] == bucket and at[1].startswith(prefix))
        return [{"Contents": [self._listed(at) for at in found]}]

    def _listed(self, at: tuple[str, str]) -> Any:
        body, modified = self.objects[at], self.written.get(at, BIRTH)
        return {"Key": at[1], "ETag": _etag(body), "Size": len(body), "LastModified": modified}


class Body(io.BytesIO):
    """What get_object returns."""

    def iter_lines(self) -> Iterator[bytes]:
        return (line.rstrip(b"\n") for line in self)


@dataclass
class Pages:
    """A paginator."""

    make: Callable[..., list[Any]]

    def paginate(self, **arguments: Any) -> list[Any]:
        return self.make(**arguments)


def _etag(body: bytes | None) -> str:
    return f'"{hash(body)}"'


class FakeEmr:
    """One cluster. `outcomes` says how its steps end, in turn; `lag` for how many lists a new step is unseen."""

    def __init__(self, time: Time, s3: FakeS3, faults: Faults | None = None) -> None:
        self.time, self.s3, self.faults = time, s3, faults or Faults()
        self.steps: list[FakeStep] = []
        self.cluster_state = "WAITING"
        self.outcomes: Iterator[str] = itertools.repeat("COMPLETED")
        self.lag = 0
        self.lists = self.pages = 0
        self.stubborn = False  # asked to end it goes on; only force ends a step
        self.immortal = False
        self.seconds_of: Callable[[FakeStep], float] = lambda _: RUNNING_SECONDS
        self.report_of: Callable[[FakeStep], dict[str, Any]] = lambda _: {}
        self.cancelled: list[tuple[str, str]] = []
        time.passed.append(self.advance)

    def advance(self) -> None:
        """Let the steps go where time has brought them."""
        now = self.time.now()
        for step in self.steps:
            if step.state == "PENDING" and (now - step.created).total_seconds() >= PENDING_SECONDS:
                step.state, step.started = "RUNNING", now
            elif step.state == "RUNNING" and step.started and step.outcome != "for ever":
                self._end(step, now)

    def _end(self, step: FakeStep, now: datetime) -> None:
        assert step.started is not None
        if (now - step.started).total_seconds() >= self.seconds_of(step):
            step.state, step.ended = step.outcome, now
            if step.outcome == "COMPLETED":
                self._report(step)

    def add_job_flow_steps(self, JobFlowId: str, Steps: Sequence[Any], ExecutionRoleArn: str) -> Any:  # noqa: N803
        def add() -> Any:
            (config,) = Steps
            step = FakeStep(
                id=f"s-{len(self.steps) + 1}", config=config, role=ExecutionRoleArn, created=self.time.now(),
                visible_after=self.lists + self.lag, outcome=next(self.outcomes),
            )  # fmt: skip
            self.steps.append(step)
            return {"StepIds": [step.id]}

        return self.faults.around(add)

    def cancel_steps(self, ClusterId: str, StepIds: Sequence[str], StepCancellationOption: str) -> Any:  # noqa: N803
        def cancel() -> Any:
            for step in self.steps:
                if step.id in StepIds and step.state in ("PENDING", "RUNNING", "CANCEL_PENDING"):
                    self.cancelled.append((step.id, StepCancellationOption))
                    resists = self.immortal or (self.stubborn and StepCancellationOption == "SEND_INTERRUPT")
                    step.state = "CANCEL_PENDING" if resists else "CANCELLED"
                    step.ended = None if resists else self.time.now()
            return {}

        return self.faults.around(cancel)

    def describe_cluster(self, ClusterId: str) -> Any:  # noqa: N803
        return self.faults.around(lambda: {"Cluster": {"Status": {"State": self.cluster_state}}})

    def get_paginator(self, name: str) -> Any:
        if name == "list_instances":
            instances = [{"InstanceType": "m5.xlarge", "Market": "ON_DEMAND"}] * 2
            return Pages(lambda **_: [{"Instances": instances}])
        return Pages(lambda **asked: self.faults.around(lambda: self._list(asked.get("StepStates"))))

    def _list(self, states: Sequence[str] | None = None) -> list[Any]:
        self.lists += 1
        seen = [step for step in reversed(self.steps) if self.lists > step.visible_after]
        seen = [step for step in seen if states is None or step.state in states]
        self.pages += len(range(0, len(seen) or 1, 50))
        return [
            {"Steps": [_summary(step) for step in seen[at : at + 50]]} for at in range(0, len(seen) or 1, 50)
        ]

    def _report(self, step: FakeStep) -> None:
        argument = next(each for each in step.config["HadoopJarStep"]["Args"] if each.startswith("--report="))
        bucket, _, key = argument.removeprefix("--report=s3://").partition("/")
        report = {
            "application_id": f"application_1_{step.id[2:]:0>4}",
            "rows_read": {"flights": 7},
            "counts": {"n": 1},
            **self.report_of(step),
        }
        self.s3.objects[bucket, key] = json.dumps(report).encode()


def _summary(step: FakeStep) -> Any:
    timeline = {"CreationDateTime": step.created, "StartDateTime": step.started, "EndDateTime": step.ended}
    status: dict[str, Any] = {"State": step.state, "Timeline": {k: v for k, v in timeline.items() if v}}
    if step.state == "FAILED":
        status["FailureDetails"] = {"Reason": "Unknown Error.", "Message": "exit code 1"}
    return {"Id": step.id, "Name": step.config["Name"], "Status": status}


@dataclass
class FakeSession:
    """A boto3 session of the three."""

    emr: FakeEmr
    s3: FakeS3
    table: Any

    def client(self, service: str, **_: Any) -> Any:
        return {"emr": self.emr, "s3": self.s3, "dynamodb": self.table}[service]

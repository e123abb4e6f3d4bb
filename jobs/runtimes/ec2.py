"""Steps of a persistent EMR cluster on EC2.

AddJobFlowSteps takes no client token, so the attempt's token is the step's name: steps are listed for it before
anything is sent, and again when it is unknown whether something was.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import tenacity
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from facts.errors import UserError
from jobs import objects
from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes.base import Capacity, Phase, Status, Submission

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_emr.type_defs import StepConfigTypeDef

# EMR's step states: https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html
PHASES: Mapping[str, Phase] = {
    "PENDING": Phase.PENDING,
    "CANCEL_PENDING": Phase.CANCELLING,
    "RUNNING": Phase.RUNNING,
    "COMPLETED": Phase.SUCCEEDED,
    "CANCELLED": Phase.CANCELLED,
    "FAILED": Phase.FAILED,
    "INTERRUPTED": Phase.FAILED,  # the cluster ended below it
}
_ENDING = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")
_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
LOGS = ("controller", "stderr", "stdout")
# EMR did nothing and says so: sending again cannot make a twin.
_REFUSED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_LOOKS = 4  # for a step whose submission got no answer, over about 7 s
_SENDS = 5
_SKEW = timedelta(hours=1)  # between this machine's clock and EMR's, generously


class _UnknownOutcomeError(Exception):
    """A submission got no answer: the step may or may not exist."""


class Ec2:
    """`Runtime` of one cluster. Nothing is remembered between calls: the cluster's own list of steps is the truth."""

    def __init__(self, session: boto3.Session, cluster: Place, clock: Clock | None = None) -> None:
        self._cluster = cluster
        self._clock = clock or Clock()
        self._emr = session.client(
            # Adaptive: what is throttled slows the next call down as well.
            "emr",
            config=Config(retries={"mode": "adaptive", "total_max_attempts": 6}),
        )
        # botocore's own second try after a lost response would be the twin.
        self._send = session.client(
            "emr", config=Config(retries={"mode": "standard", "total_max_attempts": 1})
        )
        self._s3 = session.client("s3")

    def submit(self, submission: Submission) -> str:
        """See `Runtime`. Raises UserError when the cluster takes no steps."""
        self._require_alive()
        for again in range(_SENDS):
            if found := self.find(submission.token, submission.since):
                return found.id
            try:
                return self._add(submission)
            except _UnknownOutcomeError:
                if found := self._look(submission):
                    return found.id
            except ClientError as error:
                if objects.code(error) not in _REFUSED:
                    raise
                self._clock.sleep(random.uniform(0, 2.0**again))  # noqa: S311 - jitter is no secret
        raise UserError(
            f"cluster '{self._cluster.name}' took no step in {_SENDS} tries; nothing runs; try again later",
            code=1,
        )

    def find(self, token: str, since: datetime) -> Status | None:
        """See `Runtime`."""
        return self.find_all({token: since}).get(token)

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """As `find`, of many. One call for each fifty steps that were added since the oldest was kept: newest first."""
        steps: dict[str, list[Any]] = {}
        since = min(tokens.values()) - _SKEW
        for page in self._pages():
            for step in page:
                if step["Name"] in tokens:
                    steps.setdefault(step["Name"], []).append(step)
            if page and _created(page[-1]) < since:
                break
        return {token: _of_token(found) for token, found in steps.items()}

    def cancel(self, id_: str, *, force: bool) -> None:
        """See `Runtime`."""
        self._emr.cancel_steps(
            ClusterId=self._cluster.id,
            StepIds=[id_],
            StepCancellationOption="TERMINATE_PROCESS" if force else "SEND_INTERRUPT",
        )

    def logs(self, id_: str) -> Mapping[str, str]:
        """See `Runtime`. EMR writes them every five minutes and at the step's end."""
        bucket, prefix = objects.split(self.log_uri(id_))
        logs = {name: self._log(bucket, f"{prefix}{name}.gz") for name in LOGS}
        application = next(
            (found.group() for log in logs.values() if (found := _APPLICATION.search(log))), None
        )
        if application:
            # In cluster mode the driver writes to YARN's first container, not to the step.
            containers = f"{prefix.partition('/steps/')[0]}/containers/{application}/"
            for key in objects.keys(self._s3, bucket, containers):
                container, name = key.split("/")[-2:]
                if container.endswith("_000001"):
                    logs[f"driver {name.removesuffix('.gz')}"] = self._log(bucket, key)
        return {name: log for name, log in logs.items() if log}

    def log_uri(self, id_: str) -> str:
        """See `Runtime`."""
        return f"{self._cluster.log_uri.rstrip('/')}/{self._cluster.id}/steps/{id_}/"

    def capacity(self) -> Sequence[Capacity]:
        """See `Runtime`."""
        counts: dict[tuple[str, bool], int] = {}
        pages = self._emr.get_paginator("list_instances").paginate(
            ClusterId=self._cluster.id, InstanceStates=["RUNNING"]
        )
        for instance in (instance for page in pages for instance in page["Instances"]):
            kind = (instance["InstanceType"], instance.get("Market") == "SPOT")
            counts[kind] = counts.get(kind, 0) + 1
        return [
            Capacity(instance_type=name, spot=spot, count=n) for (name, spot), n in sorted(counts.items())
        ]

    def alive(self) -> bool:
        """See `Runtime`."""
        return self._state() not in _ENDING

    def _log(self, bucket: str, key: str) -> str:
        found = objects.read(self._s3, bucket, key)
        return gzip.decompress(found[0]).decode(errors="replace") if found else ""

    def _require_alive(self) -> None:
        if (state := self._state()) in _ENDING:
            raise UserError(
                f"cluster '{self._cluster.name}' ({self._cluster.id}) is {state} and takes no steps; "
                "'emrctl stack up' brings it back"
            )

    def _state(self) -> str:
        return self._emr.describe_cluster(ClusterId=self._cluster.id)["Cluster"]["Status"]["State"]

    def _add(self, submission: Submission) -> str:
        step: StepConfigTypeDef = {
            "Name": submission.token,
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": spark_submit(submission)},
        }
        try:
            answer = self._send.add_job_flow_steps(
                JobFlowId=self._cluster.id, Steps=[step], ExecutionRoleArn=submission.role_arn
            )
        except (ConnectionClosedError, HTTPClientError) as error:
            raise _UnknownOutcomeError from error
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
                raise _UnknownOutcomeError from error
            raise
        return str(answer["StepIds"][0])

    def _look(self, submission: Submission) -> Status | None:
        """Look for the attempt until it shows or is unlikely to: a list may lag behind what was added."""
        looking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None),
            wait=tenacity.wait_exponential_jitter(initial=1, max=4, jitter=0.5),
            stop=tenacity.stop_after_attempt(_LOOKS),
            sleep=self._clock.sleep,
            retry_error_callback=lambda _: None,
        )
        return looking(self.find, submission.token, submission.since)

    def _pages(self) -> Iterator[Sequence[Any]]:
        for page in self._emr.get_paginator("list_steps").paginate(ClusterId=self._cluster.id):
            yield page["Steps"]


def spark_submit(submission: Submission) -> list[str]:
    """The command line of a step."""
    driver, executors = submission.resources.driver, submission.resources.executors
    command = [
        "spark-submit",
        "--deploy-mode",
        submission.deploy_mode or "cluster",
        "--name",
        submission.name,
    ]
    command += ["--driver-cores", str(driver.cores), "--driver-memory", driver.memory]
    command += ["--executor-cores", str(executors.cores), "--executor-memory", executors.memory]
    command += ["--num-executors", str(executors.count)]
    for key, value in sorted(submission.conf.items()):
        command += ["--conf", f"{key}={value}"]
    return [*command, "--py-files", submission.wheel_uri, submission.main_uri, *submission.arguments]


def _of_token(steps: Sequence[Mapping[str, Any]]) -> Status:
    # The earliest is the attempt: whoever comes after it is a twin, for every caller the same one.
    first, *others = sorted(steps, key=lambda step: (_created(step), step["Id"]))
    return _status(first, tuple(step["Id"] for step in others if not _phase(step).over))


def _created(step: Mapping[str, Any]) -> datetime:
    created: datetime = step["Status"]["Timeline"]["CreationDateTime"]
    return created


def _phase(step: Mapping[str, Any]) -> Phase:
    state = step["Status"]["State"]
    if state not in PHASES:
        raise RuntimeError(f"step {step['Id']} is in state '{state}', which this version does not know")
    return PHASES[state]


def _status(step: Mapping[str, Any], twins: Sequence[str]) -> Status:
    status = step["Status"]
    timeline = status.get("Timeline", {})
    failure = status.get("FailureDetails", {})
    reasons = [
        failure.get("Reason"),
        failure.get("Message"),
        status.get("StateChangeReason", {}).get("Message"),
    ]
    return Status(
        id=step["Id"],
        phase=_phase(step),
        state=status["State"],
        created=timeline.get("CreationDateTime"),
        started=timeline.get("StartDateTime"),
        ended=timeline.get("EndDateTime"),
        reason=": ".join(dict.fromkeys(reason for reason in reasons if reason)) or None,
        twins=twins,
    )

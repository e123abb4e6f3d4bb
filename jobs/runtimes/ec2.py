"""Steps of a persistent EMR cluster on EC2.

AddJobFlowSteps takes no client token, so the attempt's token is the step's name: steps are listed for it before
anything is sent, and again when it is unknown whether something was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from facts.errors import UserError
from jobs import objects, packed
from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes import sending
from jobs.runtimes.base import Capacity, Phase, Status, Submission
from jobs.runtimes.logfiles import LogFiles

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
ENDING = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")
_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
LOGS = ("controller", "stderr", "stdout")
SKEW = timedelta(hours=1)  # between this machine's clock and EMR's, generously


class Ec2:
    """`Runtime` of one cluster. Nothing is remembered between calls: the cluster's own list of steps is the truth."""

    def __init__(self, session: boto3.Session, cluster: Place, clock: Clock | None = None) -> None:
        self._cluster = cluster
        self._clock = clock or Clock()
        self._emr = session.client("emr", config=sending.ASKING)
        self._send = session.client("emr", config=sending.SENDING)
        self._files = LogFiles(session.client("s3"))

    def submit(self, submission: Submission) -> str:
        """See `Runtime`. Raises UserError when the cluster takes no steps."""
        self._require_alive()
        return sending.once(
            lambda: self.find(submission.token, submission.since),
            lambda: self._add(submission),
            self._clock,
            f"cluster '{self._cluster.name}' took no step",
        )

    def find(self, token: str, since: datetime) -> Status | None:
        """See `Runtime`."""
        return self.find_all({token: since}).get(token)

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """As `find`, of many. One call for each fifty steps that were added since the oldest was kept: newest first."""
        steps: dict[str, list[Any]] = {}
        since = min(tokens.values()) - SKEW
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
        logs = {name: self._files.text(bucket, f"{prefix}{name}.gz") for name in LOGS}
        application = next(
            (found.group() for log in logs.values() if (found := _APPLICATION.search(log))), None
        )
        if application:
            # In cluster mode the driver writes to YARN's first container, not to the step.
            containers = f"{prefix.partition('/steps/')[0]}/containers/{application}/"
            for key in self._files.keys(bucket, containers):
                container, name = key.split("/")[-2:]
                if container.endswith("_000001"):
                    logs[f"driver {name.removesuffix('.gz')}"] = self._files.text(bucket, key)
        return {name: log for name, log in logs.items() if log}

    def log_uri(self, id_: str) -> str:
        """See `Runtime`."""
        return f"{self._cluster.log_uri.rstrip('/')}/{self._cluster.id}/steps/{id_}/"

    def capacity(self, id_: str) -> Sequence[Capacity]:  # noqa: ARG002 - the interface's
        """See `Runtime`. The whole cluster, as it is now."""
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
        return self._state() not in ENDING

    def _require_alive(self) -> None:
        if (state := self._state()) in ENDING:
            raise UserError(
                f"cluster '{self._cluster.name}' ({self._cluster.id}) is {state} and takes no steps; "
                "'emrctl stack up' brings it back"
            )

    def _state(self) -> str:
        return self._emr.describe_cluster(ClusterId=self._cluster.id)["Cluster"]["Status"]["State"]

    def _add(self, submission: Submission) -> str:
        answer = self._send.add_job_flow_steps(
            JobFlowId=self._cluster.id, Steps=[step(submission)], ExecutionRoleArn=submission.role_arn
        )
        return str(answer["StepIds"][0])

    def _pages(self) -> Iterator[Sequence[Any]]:
        for page in self._emr.get_paginator("list_steps").paginate(ClusterId=self._cluster.id):
            yield page["Steps"]


def step(submission: Submission) -> StepConfigTypeDef:
    """The step of an attempt: its token is the name."""
    return {
        "Name": submission.token,
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": spark_submit(submission)},
    }


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
    conf = dict(submission.conf)
    if submission.archive_uri:
        command += ["--archives", f"{submission.archive_uri}#{packed.NAME}"]
        # The executors' Python is what the driver says, which is in the same place of their own folders.
        # https://spark.apache.org/docs/latest/api/python/tutorial/python_packaging.html
        conf["spark.yarn.appMasterEnv.PYSPARK_PYTHON"] = packed.PYTHON
    if submission.jar_uris:
        command += ["--jars", ",".join(submission.jar_uris)]
    for key, value in sorted(conf.items()):
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
    timeline = step["Status"].get("Timeline", {})
    return Status(
        id=step["Id"],
        phase=_phase(step),
        state=step["Status"]["State"],
        created=timeline.get("CreationDateTime"),
        started=timeline.get("StartDateTime"),
        ended=timeline.get("EndDateTime"),
        reason=reason(step["Status"]),
        twins=twins,
    )


def reason(status: Mapping[str, Any]) -> str | None:
    """Why a step or cluster with this status ended, as far as EMR says."""
    failure = status.get("FailureDetails", {})
    reasons = [
        failure.get("Reason"),
        failure.get("Message"),
        status.get("StateChangeReason", {}).get("Message"),
    ]
    return ": ".join(dict.fromkeys(each for each in reasons if each)) or None

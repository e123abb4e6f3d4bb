"""Job runs of an EMR Serverless application.

StartJobRun takes a client token: the attempt's, shortened where it is longer than the service allows. The run's name
is the whole token, by which it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import objects
from jobs.platform import Place
from jobs.runtimes import jobruns
from jobs.runtimes.base import Billed, Phase, Status, Submission, shortened
from jobs.runtimes.logfiles import LogFiles

if TYPE_CHECKING:
    import boto3

# https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html
PHASES: Mapping[str, Phase] = {
    "SUBMITTED": Phase.PENDING,
    "QUEUED": Phase.PENDING,
    "PENDING": Phase.PENDING,
    "SCHEDULED": Phase.PENDING,
    "RUNNING": Phase.RUNNING,
    "CANCELLING": Phase.CANCELLING,
    "SUCCESS": Phase.SUCCEEDED,
    "FAILED": Phase.FAILED,
    "CANCELLED": Phase.CANCELLED,
}
_ENDED = "TERMINATED"  # the one state that an application never leaves
# The command keeps the time-out; the service's own ends what a command that died has left.
_NET_MINUTES = 5
# 15 to 1800: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/job-cancellation-grace-period.html
_GRACE_SECONDS = 30


class Serverless:
    """`Runtime` of one application. The application's own list of job runs is the truth."""

    def __init__(self, session: boto3.Session, application: Place) -> None:
        self._application = application
        self._api = session.client("emr-serverless", config=jobruns.RETRIES)
        self._files = LogFiles(session.client("s3"))

    def submit(self, submission: Submission) -> str:
        """See `Runtime`. Raises UserError when the application is gone."""
        # How long the service remembers a client token is not documented; its list remembers longer.
        if found := self.find(submission.token, submission.since):
            return found.id
        if not self.alive():
            raise UserError(
                f"application '{self._application.name}' ({self._application.id}) is {_ENDED} and takes no job runs; "
                "'emrctl stack up' makes a new one"
            )
        request: Any = {
            "applicationId": self._application.id,
            "clientToken": shortened(submission.token, jobruns.TOKEN_LIMIT),
            "name": submission.token,
            "executionRoleArn": submission.role_arn,
            "jobDriver": {
                "sparkSubmit": {
                    "entryPoint": submission.main_uri,
                    "entryPointArguments": list(submission.arguments),
                    "sparkSubmitParameters": jobruns.parameters(submission),
                }
            },
            # Where logs go is said by the application.
            "configurationOverrides": {
                "applicationConfiguration": jobruns.defaults(submission, "spark.emr-serverless.driverEnv")
            },
            "executionTimeoutMinutes": submission.timeout_minutes + _NET_MINUTES,
            "tags": dict(submission.tags),
        }
        return str(self._api.start_job_run(**request)["jobRunId"])

    def find(self, token: str, since: datetime) -> Status | None:
        """See `Runtime`. One call for each fifty runs since `since`; one more for the times of a run that has begun."""
        return self._find({token: since}, lambda phase: phase not in (Phase.PENDING, Phase.CANCELLING)).get(
            token
        )

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """As `find`, of many; only those that are over are asked for their times, so of others no start is known."""
        return self._find(tokens, lambda phase: phase.over)

    def _find(self, tokens: Mapping[str, datetime], timed: Callable[[Phase], bool]) -> dict[str, Status]:
        pages = self._api.get_paginator("list_job_runs").paginate(
            applicationId=self._application.id,
            createdAtAfter=min(tokens.values()) - jobruns.SKEW,
            PaginationConfig={"PageSize": 50},
        )
        return jobruns.of_tokens(
            pages,
            {token: token for token in tokens},
            _phase,
            lambda run, twins: self._status(run, twins, timed),
        )

    def alive(self) -> bool:
        """See `Runtime`."""
        try:
            found = self._api.get_application(applicationId=self._application.id)
        except ClientError as error:
            if objects.code(error) == "ResourceNotFoundException":
                return False
            raise
        return bool(found["application"]["state"] != _ENDED)

    def cancel(self, id_: str, *, force: bool) -> None:
        """See `Runtime`."""
        # Releases before 7.9 know no grace: what they refuse is asked for without.
        graces: Sequence[Any] = ({},) if force else ({"shutdownGracePeriodInSeconds": _GRACE_SECONDS}, {})
        for grace in graces:
            try:
                self._api.cancel_job_run(applicationId=self._application.id, jobRunId=id_, **grace)
            except ClientError as error:
                if not jobruns.over_already(error):
                    raise
            else:
                return

    def logs(self, id_: str) -> Mapping[str, str]:
        """See `Runtime`. The service writes them while the driver runs, and at its end."""
        bucket, prefix = objects.split(self.log_uri(id_))
        return jobruns.driver_logs(lambda name: self._files.text(bucket, f"{prefix}SPARK_DRIVER/{name}"))

    def log_uri(self, id_: str) -> str:
        """See `Runtime`. https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html"""
        return f"{self._application.log_uri.rstrip('/')}/applications/{self._application.id}/jobs/{id_}/"

    def capacity(self, id_: str) -> Billed | None:
        """See `Runtime`. The service says it some time after the run's end."""
        billed = self._run(id_).get("billedResourceUtilization")
        if not billed:
            return None
        return Billed(
            vcpu_hours=billed.get("vCPUHour", 0.0),
            memory_gb_hours=billed.get("memoryGBHour", 0.0),
            storage_gb_hours=billed.get("storageGBHour", 0.0),
        )

    def _run(self, id_: str) -> Mapping[str, Any]:
        run: Mapping[str, Any] = self._api.get_job_run(applicationId=self._application.id, jobRunId=id_)[
            "jobRun"
        ]
        return run

    def _status(self, run: Mapping[str, Any], twins: Sequence[str], timed: Callable[[Phase], bool]) -> Status:
        phase = _phase(run)
        details = self._run(run["id"]) if timed(phase) else {}
        return Status(
            id=run["id"],
            phase=phase,
            state=run["state"],
            created=run["createdAt"],
            started=details.get("startedAt"),
            ended=(details.get("endedAt") or run["updatedAt"]) if phase.over else None,
            reason=(run["stateDetails"] or None) if phase is Phase.FAILED else None,
            twins=twins,
        )


def _phase(run: Mapping[str, Any]) -> Phase:
    return jobruns.phase_of(run, PHASES)

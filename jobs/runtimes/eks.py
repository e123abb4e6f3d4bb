"""Job runs of an EMR on EKS virtual cluster.

StartJobRun takes a client token and a name of 64 characters each: both are the attempt's token, shortened where it is
longer; the whole token is a tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import objects
from jobs.platform import Place
from jobs.runtimes import jobruns
from jobs.runtimes.base import Phase, Status, Submission, shortened
from jobs.runtimes.logfiles import LogFiles

if TYPE_CHECKING:
    import boto3

# https://docs.aws.amazon.com/emr-on-eks/latest/APIReference/API_JobRun.html
PHASES: Mapping[str, Phase] = {
    "PENDING": Phase.PENDING,
    "SUBMITTED": Phase.PENDING,
    "RUNNING": Phase.RUNNING,
    "CANCEL_PENDING": Phase.CANCELLING,
    "COMPLETED": Phase.SUCCEEDED,
    "FAILED": Phase.FAILED,
    "CANCELLED": Phase.CANCELLED,
}
_TAKES_RUNS = "RUNNING"
_DATED = re.compile(r"-(latest|\d{8})$")


class Eks:
    """`Runtime` of one virtual cluster. Its own list of job runs is the truth."""

    def __init__(self, session: boto3.Session, cluster: Place) -> None:
        self._cluster = cluster
        self._api = session.client("emr-containers", config=jobruns.RETRIES)
        self._files = LogFiles(session.client("s3"))

    def submit(self, submission: Submission) -> str:
        """See `Runtime`. Raises UserError when the virtual cluster is gone."""
        if found := self.find(submission.token, submission.since):
            return found.id
        if not self.alive():
            raise UserError(
                f"virtual cluster '{self._cluster.name}' ({self._cluster.id}) takes no job runs; "
                "name one that runs in emr:virtual_clusters"
            )
        request: Any = {
            "virtualClusterId": self._cluster.id,
            "clientToken": shortened(submission.token, jobruns.TOKEN_LIMIT),
            "name": shortened(submission.token, jobruns.TOKEN_LIMIT),
            "executionRoleArn": submission.role_arn,
            "releaseLabel": release_label(self._cluster.release_label),
            "jobDriver": {
                "sparkSubmitJobDriver": {
                    "entryPoint": submission.main_uri,
                    "entryPointArguments": list(submission.arguments),
                    "sparkSubmitParameters": jobruns.parameters(submission),
                }
            },
            "configurationOverrides": {
                "applicationConfiguration": jobruns.defaults(submission, "spark.kubernetes.driverEnv"),
                "monitoringConfiguration": {
                    # AWS would keep a copy in a bucket of its own, under a key of its own.
                    "persistentAppUI": "DISABLED",
                    "s3MonitoringConfiguration": {"logUri": self._cluster.log_uri},
                },
            },
            "tags": {**submission.tags, "token": submission.token},
        }
        return str(self._api.start_job_run(**request)["id"])

    def find(self, token: str, since: datetime) -> Status | None:
        """See `Runtime`. The service looks for the name itself; its list has everything that it says of a run."""
        return self._find({token: since}, name=shortened(token, jobruns.TOKEN_LIMIT)).get(token)

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """As `find`, of many: one call for each fifty runs since the oldest was kept."""
        return self._find(tokens)

    def _find(self, tokens: Mapping[str, datetime], **narrowed: Any) -> dict[str, Status]:
        pages = self._api.get_paginator("list_job_runs").paginate(
            virtualClusterId=self._cluster.id,
            createdAfter=min(tokens.values()) - jobruns.SKEW,
            PaginationConfig={"PageSize": 50},
            **narrowed,
        )
        names = {shortened(token, jobruns.TOKEN_LIMIT): token for token in tokens}
        return jobruns.of_tokens(pages, names, _phase, _status)

    def alive(self) -> bool:
        """See `Runtime`."""
        try:
            found = self._api.describe_virtual_cluster(id=self._cluster.id)
        except ClientError as error:
            if objects.code(error) == "ResourceNotFoundException":
                return False
            raise
        return bool(found["virtualCluster"]["state"] == _TAKES_RUNS)

    def cancel(self, id_: str, *, force: bool) -> None:  # noqa: ARG002 - the interface's
        """See `Runtime`. The service knows one way only."""
        try:
            self._api.cancel_job_run(virtualClusterId=self._cluster.id, id=id_)
        except ClientError as error:
            if not jobruns.over_already(error):
                raise

    def logs(self, id_: str) -> Mapping[str, str]:
        """See `Runtime`."""
        bucket, prefix = objects.split(self.log_uri(id_))
        driver = f"{prefix}containers/spark-{id_}/spark-{id_}-driver/"
        return jobruns.driver_logs(lambda name: self._files.text(bucket, driver + name))

    def log_uri(self, id_: str) -> str:
        """See `Runtime`.

        https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-jobs-s3.html
        """
        return f"{self._cluster.log_uri.rstrip('/')}/{self._cluster.id}/jobs/{id_}/"

    def capacity(self, id_: str) -> None:
        """See `Runtime`. The service does not say what a run used, and its pods' nodes are the EKS cluster's."""


def release_label(label: str) -> str:
    """A release as the service wants it: of a date, or the latest build.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-releases.html
    """
    return label if _DATED.search(label) else f"{label}-latest"


def _phase(run: Mapping[str, Any]) -> Phase:
    return jobruns.phase_of(run, PHASES)


def _status(run: Mapping[str, Any], twins: Sequence[str]) -> Status:
    phase = _phase(run)
    reasons = (run.get("failureReason"), run.get("stateDetails"))
    return Status(
        id=run["id"],
        phase=phase,
        state=run["state"],
        created=run["createdAt"],
        # The service does not say when the driver started: a run counts from when it was made, waiting included.
        started=None if phase is Phase.PENDING else run["createdAt"],
        ended=run.get("finishedAt") if phase.over else None,
        reason=(": ".join(filter(None, reasons)) or None) if phase is Phase.FAILED else None,
        twins=twins,
    )

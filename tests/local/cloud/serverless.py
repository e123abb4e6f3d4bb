"""What the tests of EMR Serverless do again and again."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.local.cloud.conftest import RELEASE, Cloud

MINUTE = 60.0
ROLE = "arn:aws:iam::123456789012:role/job"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "emr-serverless.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def make_role(cloud: Cloud, name: str, trust: dict[str, Any]) -> str:
    """A role with this trust policy; fine when it is there."""
    iam = cloud.client("iam")
    try:
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])
    except ClientError:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])


class Serverless:
    """EMR Serverless in the region of a test."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.api = cloud.client("emr-serverless")
        make_role(cloud, "job", TRUST)

    def create(self, *, ready: bool = True, **more: Any) -> str:
        """An application, CREATED."""
        answer = self.api.create_application(**{"releaseLabel": RELEASE, "type": "SPARK", **more})
        if ready:
            self.cloud.pass_time(1)
        return str(answer["applicationId"])

    def start(self, application: str) -> None:
        """Start an application and wait for it."""
        self.api.start_application(applicationId=application)
        self.cloud.pass_time(1)

    def state(self, application: str) -> str:
        """The state of an application."""
        return str(self.api.get_application(applicationId=application)["application"]["state"])

    def submit(self, application: str, **more: Any) -> tuple[str, str]:
        """A job run, as it is right after its submission."""
        job = {"sparkSubmit": {"entryPoint": "s3://code/job.py"}}
        ask = {"executionRoleArn": ROLE, "jobDriver": job, **more}
        return application, str(self.api.start_job_run(applicationId=application, **ask)["jobRunId"])

    def running(self, application: str, **more: Any) -> tuple[str, str]:
        """A job run whose driver runs."""
        run = self.submit(application, **more)
        self.cloud.pass_time(2)
        return run

    def end(self, run: tuple[str, str], failure: str | None = None) -> None:
        """Have the runner report the end of a run's driver; a retry runs when this returns."""
        self.cloud.jobs.end(run[1], failure)
        self.cloud.pass_time(2)

    def run(self, run: tuple[str, str], **more: Any) -> dict[str, Any]:
        """What GetJobRun shows."""
        found: dict[str, Any] = self.api.get_job_run(applicationId=run[0], jobRunId=run[1], **more)["jobRun"]
        return found

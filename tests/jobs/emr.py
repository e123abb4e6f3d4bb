"""A local EMR whose steps end when a test says so, for the runtimes of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import boto3

from jobs.platform import Place
from jobs.runtimes import ec2
from jobs.runtimes.base import Submission
from jobs.spec import find
from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

SINCE = ManualClock().now() - timedelta(minutes=1)


@dataclass
class Emr:
    """A cluster of the local EMR whose steps end when a test says so."""

    server: CloudServer
    clock: ManualClock
    runner: FakeRunner
    session: boto3.Session
    cluster: Place

    def runtime(self) -> ec2.Ec2:
        return ec2.Ec2(self.session, self.cluster)

    def pass_time(self, seconds: float = 0) -> None:
        self.clock.advance(seconds)
        self.server.plane.settle()


def submission(token: str = "job-1-a1", jar_uris: Sequence[str] = ()) -> Submission:
    return Submission(
        token=token,
        since=SINCE,
        name="job-1",
        role_arn="arn:aws:iam::123456789012:role/job",
        main_uri="s3://a/main.py",
        wheel_uri="s3://a/job.whl",
        jar_uris=jar_uris,
        arguments=("--x=1",),
        conf={"spark.b": "2", "spark.a": "1"},
        resources=find("nightly-etl").resources,
        deploy_mode="cluster",
        timeout_minutes=60,
        tags={"job": "job"},
    )

"""What the tests of EMR on EKS do again and again."""

from __future__ import annotations

from typing import Any

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.serverless import make_role

RELEASE = "emr-spark-8.0.0-latest"
DRIVER = {"sparkSubmitJobDriver": {"entryPoint": "s3://code/a.py"}}


class Containers:
    """EMR on EKS in the region of a test, with an EKS cluster `main`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.api = cloud, cloud.client("emr-containers")
        self.role = make_role(cloud, "pod", {"Version": "2012-10-17", "Statement": []})
        eks = cloud.client("eks")
        if "main" not in eks.list_clusters()["clusters"]:
            eks.create_cluster(name="main", roleArn=self.role, resourcesVpcConfig={})

    def create(self, namespace: str = "team-a", **more: Any) -> str:
        provider = {"type": "EKS", "id": "main", "info": {"eksInfo": {"namespace": namespace}}}
        ask = {"name": namespace, "containerProvider": provider, **more}
        return str(self.api.create_virtual_cluster(**ask)["id"])

    def submit(self, cluster: str, **more: Any) -> tuple[str, str]:
        ask = {
            "executionRoleArn": self.role, "releaseLabel": RELEASE, "jobDriver": DRIVER, "name": "a", **more,
        }  # fmt: skip
        given = {key: value for key, value in ask.items() if value is not None}
        return cluster, str(self.api.start_job_run(virtualClusterId=cluster, **given)["id"])

    def running(self, cluster: str, **more: Any) -> tuple[str, str]:
        run = self.submit(cluster, **more)
        self.cloud.pass_time(1)
        return run

    def end(self, run: tuple[str, str], failure: str | None = None) -> None:
        self.cloud.jobs.end(run[1], failure)
        self.cloud.pass_time(1)

    def run(self, run: tuple[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_job_run(virtualClusterId=run[0], id=run[1])["jobRun"]
        return found

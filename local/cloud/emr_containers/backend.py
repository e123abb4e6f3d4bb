"""EMR on EKS of one account and region: its operations take a request in botocore's shape and answer in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from local.cloud.emr_containers import templates, views
from local.cloud.emr_containers.control import ContainersControl, Region
from local.cloud.emr_containers.model import RUN_WORDS, JobTemplate, VirtualCluster
from local.cloud.runs.backend import Json, Request, RunsBackend, Tagged
from local.cloud.runs.errors import NotFoundError, ValidationError
from local.cloud.runs.listing import chosen
from local.cloud.runs.model import Retry, Run
from local.cloud.runs.surroundings import check_role, knows_release, new_id

_RELEASE = re.compile(r"(?P<label>emr-(?:[a-z]+-)?\d+\.\d+\.\d+)-(?:latest|\d{8})")
# What is in none of these answers NotImplemented (local/cloud/gateway.py).
OPERATIONS = (
    "CancelJobRun", "CreateJobTemplate", "CreateVirtualCluster", "DeleteJobTemplate", "DeleteVirtualCluster",
    "DescribeJobRun", "DescribeJobTemplate", "DescribeVirtualCluster", "ListJobRuns", "ListJobTemplates",
    "ListTagsForResource", "ListVirtualClusters", "StartJobRun", "TagResource", "UntagResource",
    "UpdateVirtualCluster",
)  # fmt: skip


class ContainersBackend(RunsBackend):
    """The operations of EMR on EKS. Where messages are known from AWS, they are moto's, which took them there."""

    control: ContainersControl

    def create_virtual_cluster(self, request: Request) -> Json:
        return self._once("CreateVirtualCluster", request, self._create)

    def describe_virtual_cluster(self, request: Request) -> Json:
        return {"virtualCluster": views.virtual_cluster(self._cluster(request["id"]))}

    def list_virtual_clusters(self, request: Request) -> Json:
        wanted = request.get("containerProviderId")
        found = [
            views.virtual_cluster(c)
            for c in chosen(self._region.clusters.values(), request)
            if not wanted or c.place[0] == wanted
        ]
        return self._page("virtualClusters", found, request)

    def update_virtual_cluster(self, request: Request) -> Json:
        cluster = self._running_cluster(request["id"])
        cluster.scheduler = dict(request.get("schedulerConfiguration") or {})
        self.control.conductor.nudge(cluster.active_runs())
        return {"virtualCluster": views.virtual_cluster(cluster)}

    def delete_virtual_cluster(self, request: Request) -> Json:
        if request["id"] not in self._region.clusters:
            raise ValidationError("VirtualCluster does not exist")
        cluster = self._cluster(request["id"])
        if cluster.state == "RUNNING":
            self.control.lifecycle.delete(cluster)
        return {"id": cluster.id}

    def create_job_template(self, request: Request) -> Json:
        return self._once("CreateJobTemplate", request, self._create_template)

    def describe_job_template(self, request: Request) -> Json:
        return {"jobTemplate": views.job_template(self._template(request["id"]))}

    def list_job_templates(self, request: Request) -> Json:
        found = [views.job_template(t) for t in chosen(self._region.templates.values(), request)]
        return self._page("templates", found, request)

    def delete_job_template(self, request: Request) -> Json:
        if self._region.templates.pop(request["id"], None) is None:
            raise ValidationError(f"Job template {request['id']} doesn't exist.")
        return {"id": request["id"]}

    def start_job_run(self, request: Request) -> Json:
        return self._once("StartJobRun", request, self._start_run)

    def describe_job_run(self, request: Request) -> Json:
        return {"jobRun": views.run(self._run(request))}

    def list_job_runs(self, request: Request) -> Json:
        runs = chosen(self._cluster(request["virtualClusterId"]).runs.values(), request)
        wanted = request.get("name")
        found = [views.run(run) for run in runs if not wanted or run.request.get("name") == wanted]
        return self._page("jobRuns", found, request)

    def cancel_job_run(self, request: Request) -> Json:
        run = self._run(request)
        if not run.active or run.state == RUN_WORDS.cancelling:
            raise ValidationError(f"Job run {run.id} is not in a cancellable state")
        self.control.conductor.cancel(run, "JobRun CANCELLED successfully.")
        return {"id": run.id, "virtualClusterId": run.parent_id}

    def _tagged(self) -> Iterator[Tagged]:
        region = self._region
        yield from region.clusters.values()
        yield from region.templates.values()
        yield from chain.from_iterable(c.runs.values() for c in region.clusters.values())

    @property
    def _region(self) -> Region:
        return self.control.region(self.account_id, self.region_name)

    def _arn(self, rest: str) -> str:
        return f"arn:{self.partition}:emr-containers:{self.region_name}:{self.account_id}:/{rest}"

    def _create(self, request: Request) -> Json:
        cluster_id = new_id(25)
        cluster = VirtualCluster(
            id=cluster_id,
            arn=self._arn(f"virtualclusters/{cluster_id}"),
            account_id=self.account_id,
            region=self.region_name,
            request=request,
            scheduler=dict(request.get("schedulerConfiguration") or {}),
            created=self.control.plane.now(),
            tags=dict(request.get("tags") or {}),
        )
        if not self._has_eks_cluster(cluster.place[0]):
            raise NotFoundError(f"EKS cluster {cluster.place[0]} doesn't exist.")
        if any(c.place == cluster.place for c in self._region.clusters.values() if c.state != "TERMINATED"):
            raise ValidationError("A virtual cluster already exists in the given namespace")
        self._region.clusters[cluster.id] = cluster
        return {"id": cluster.id, "name": request["name"], "arn": cluster.arn}

    def _has_eks_cluster(self, name: str) -> bool:
        from moto.eks.models import eks_backends

        return name in eks_backends[self.account_id][self.region_name].clusters

    def _create_template(self, request: Request) -> Json:
        templates.check(request["jobTemplateData"])
        template_id = new_id(19)
        template = JobTemplate(
            id=template_id,
            arn=self._arn(f"jobtemplates/{template_id}"),
            request=request,
            created=self.control.plane.now(),
            created_by=self.caller,
            tags=dict(request.get("tags") or {}),
        )
        self._region.templates[template.id] = template
        return {
            "id": template.id, "name": request["name"], "arn": template.arn, "createdAt": template.created,
        }  # fmt: skip

    def _start_run(self, request: Request) -> Json:
        cluster = self._running_cluster(request["virtualClusterId"])
        if request.get("jobTemplateId"):
            data = self._template(request["jobTemplateId"]).request["jobTemplateData"]
            request = templates.filled(data, request)
        self._check_run(cluster, request)
        run_id = new_id(19, "000000")
        run = Run(
            id=run_id,
            arn=f"{cluster.arn}/jobruns/{run_id}",
            parent_id=cluster.id,
            request=request,
            created_by=self.caller,
            created=self.control.plane.now(),
            tags=dict(request.get("tags") or {}),
            service=self.control.lifecycle,
            retry=Retry(attempts=(request.get("retryPolicyConfiguration") or {}).get("maxAttempts", 1)),
            timeout=None,
        )
        cluster.runs[run.id] = run
        self.control.conductor.submit(run)
        return {
            "id": run.id, "name": request.get("name"), "arn": run.arn, "virtualClusterId": cluster.id,
        }  # fmt: skip

    def _check_run(self, cluster: VirtualCluster, request: Request) -> None:
        for name in ("executionRoleArn", "releaseLabel", "jobDriver"):
            if not request.get(name):
                raise ValidationError(f"{name} is required when no job template gives it.")
        check_role(request["executionRoleArn"])
        if len(request["jobDriver"]) != 1:
            raise ValidationError(
                "Exactly one of the two available job drivers is required, either sparkSqlJobDriver or "
                "sparkSubmitJobDriver."
            )
        release = _RELEASE.fullmatch(request["releaseLabel"])
        if release is None or not knows_release(release["label"], self.account_id, self.region_name):
            raise NotFoundError(f"Release {request['releaseLabel']} doesn't exist.")
        if (request.get("retryPolicyConfiguration") or {}).get("maxAttempts", 1) < 1:
            raise ValidationError("maxAttempts must be at least 1.")
        most = cluster.scheduler.get("maxInQueueJobRuns")
        if most is not None and cluster.waiting() >= most:
            raise ValidationError(f"The queue of virtual cluster {cluster.id} is full: {most} job runs wait.")

    def _once(self, operation: str, request: Request, do: Any) -> Json:
        return self._region.tokens.once(operation, request, lambda: do(request), ValidationError)

    def _cluster(self, cluster_id: str) -> VirtualCluster:
        if cluster_id not in self._region.clusters:
            raise NotFoundError(f"Virtual cluster {cluster_id} doesn't exist.")
        return self._region.clusters[cluster_id]

    def _running_cluster(self, cluster_id: str) -> VirtualCluster:
        cluster = self._cluster(cluster_id)
        if cluster.state != "RUNNING":
            raise ValidationError(f"Virtual cluster {cluster_id} is {cluster.state}, not RUNNING.")
        return cluster

    def _template(self, template_id: str) -> JobTemplate:
        if template_id not in self._region.templates:
            raise NotFoundError(f"Job template {template_id} doesn't exist.")
        return self._region.templates[template_id]

    def _run(self, request: Request) -> Run:
        cluster, run_id = self._cluster(request["virtualClusterId"]), request["id"]
        if run_id not in cluster.runs:
            raise NotFoundError(f"Job run {run_id} doesn't exist.")
        return cluster.runs[run_id]

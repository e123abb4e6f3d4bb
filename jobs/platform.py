"""The stack's output `platform`, typed: all that the jobs know of the platform they run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from facts.errors import UserError
from jobs.spec import Dataset, Ec2Target, EksTarget, Kind, ServerlessTarget, Target

Found = TypeVar("Found")


class _Model(BaseModel):
    # Unknown keys are fine: a newer stack may tell more than this version needs.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Buckets(_Model):
    """Bucket names."""

    landing: str
    curated: str
    checkpoints: str
    artifacts: str
    logs: str
    runs: str


class Cluster(_Model):
    """A persistent EMR cluster. `log_uri` is an s3:// prefix that ends with a slash."""

    id: str
    name: str
    release_label: str
    log_uri: str


class Application(_Model):
    """An EMR Serverless application. `log_uri` as a cluster's."""

    id: str
    release_label: str
    log_uri: str


class VirtualCluster(_Model):
    """An EMR on EKS virtual cluster, and the release that its job runs ask for. `log_uri` as a cluster's."""

    id: str
    release_label: str
    log_uri: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an attempt runs. `id` is AWS' own, empty for a cluster that is yet to be made from `template`."""

    kind: Kind
    name: str  # the stack's
    id: str
    release_label: str
    log_uri: str
    template: Mapping[str, Any] | None = None


class Roles(_Model):
    """Role ARNs. `jobs` holds the runtime role of each job, by the job's name."""

    jobs: Mapping[str, str]


class Platform(_Model):
    """What a stack exports as `platform`. It may grow keys; `schema_version` tells of other changes."""

    schema_version: Literal[1]
    stack: str
    environment: str
    region: str
    account_id: str
    buckets: Buckets
    coordination_table: str
    clusters: Mapping[str, Cluster]
    applications: Mapping[str, Application] = {}
    virtual_clusters: Mapping[str, VirtualCluster] = {}
    launch_templates: Mapping[str, Mapping[str, Any]] = {}  # RunJobFlow requests without steps, by cluster
    roles: Roles
    event_log_uri: str

    def cluster(self, name: str) -> Cluster:
        """The cluster that the stack calls `name`. Raises UserError that lists the clusters there are."""
        return self._named("cluster", self.clusters, name)

    def known_place(self, kind: Kind, name: str, id_: str) -> Place:
        """The place that a run was sent to; the stack may have a new one by that name since."""
        if kind == "ec2":
            of_template = name not in self.clusters
            target: Target = (
                Ec2Target(kind="ec2", template=name) if of_template else Ec2Target(kind="ec2", cluster=name)
            )
        elif kind == "serverless":
            target = ServerlessTarget(kind="serverless", application=name)
        else:
            target = EksTarget(kind="eks", virtual_cluster=name)
        return replace(self.place(target), id=id_)

    def place(self, target: Target) -> Place:
        """Where a job with this target runs. Raises UserError that lists what there is of the kind."""
        if target.kind == "ec2" and target.template is not None:
            request = self._named("launch template", self.launch_templates, target.template)
            return Place(
                kind="ec2",
                name=target.template,
                id="",
                release_label=str(request["ReleaseLabel"]),
                log_uri=str(request["LogUri"]),
                template=request,
            )
        found: Cluster | Application | VirtualCluster
        if target.kind == "ec2":
            found = self.cluster(target.place)
        elif target.kind == "serverless":
            found = self._named("application", self.applications, target.place)
        else:
            found = self._named("virtual cluster", self.virtual_clusters, target.place)
        return Place(
            kind=target.kind,
            name=target.place,
            id=found.id,
            release_label=found.release_label,
            log_uri=found.log_uri,
        )

    def _named(self, what: str, there: Mapping[str, Found], name: str) -> Found:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            raise UserError(f"the stack '{self.environment}' has no {what} '{name}'; it has: {known}")
        return there[name]

    def job_role(self, job: str) -> str:
        """The ARN of the runtime role of `job`. Raises UserError when the stack was put up without it."""
        if job not in self.roles.jobs:
            raise UserError(
                f"the stack '{self.environment}' has no role for the job '{job}'; "
                "run 'emrctl stack up' to make the roles of the jobs that were added since"
            )
        return self.roles.jobs[job]

    def uri(self, dataset: Dataset) -> str:
        """Where `dataset` lies: `s3://bucket/prefix/`."""
        return f"s3://{getattr(self.buckets, dataset.zone)}/{dataset.prefix}"


def parse(outputs: Mapping[str, Any]) -> Platform:
    """The platform of a stack's outputs. Raises UserError when the stack is down or of another version."""
    if "platform" not in outputs:
        raise UserError("the stack has no output 'platform': it is not up; run 'emrctl stack up'")
    try:
        return Platform.model_validate(outputs["platform"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, ("platform", *first["loc"])))
        raise UserError(
            f"the stack's output {key} is not what this version reads: {first['msg']}; run 'emrctl stack up'"
        ) from None

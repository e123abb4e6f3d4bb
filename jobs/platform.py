"""The stack's output `platform`, typed: all that the jobs know of the platform they run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from facts.errors import UserError
from jobs.spec import Dataset


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


class Roles(_Model):
    """Role ARNs. `jobs` holds the runtime role of each job, by the job's name."""

    jobs: Mapping[str, str]


class Platform(_Model):
    """What a stack exports as `platform`. It may grow keys; `schema_version` tells of other changes."""

    schema_version: Literal[1]
    environment: str
    region: str
    account_id: str
    buckets: Buckets
    clusters: Mapping[str, Cluster]
    roles: Roles
    event_log_uri: str

    def cluster(self, name: str) -> Cluster:
        """The cluster that the stack calls `name`. Raises UserError that lists the clusters there are."""
        if name not in self.clusters:
            known = ", ".join(sorted(self.clusters)) or "none"
            raise UserError(f"the stack '{self.environment}' has no cluster '{name}'; it has: {known}")
        return self.clusters[name]

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

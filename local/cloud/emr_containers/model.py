"""What EMR on EKS knows of virtual clusters and job templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.runs.model import Run, Words

# https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-jobs-states.html
RUN_WORDS = Words(
    before=("PENDING", "SUBMITTED"),
    running="RUNNING",
    success="COMPLETED",
    failed="FAILED",
    cancelling="CANCEL_PENDING",
    cancelled="CANCELLED",
)
# ARRESTED, a termination that failed for want of permissions, does not happen here.
VIRTUAL_CLUSTER_STATES = ("RUNNING", "TERMINATING", "TERMINATED", "ARRESTED")
MAX_CONCURRENT_RUNS = 1000  # where no scheduler is configured (API reference of SchedulerConfiguration)


@dataclass(kw_only=True)
class VirtualCluster:
    """One virtual cluster: a namespace of an EKS cluster that takes job runs."""

    id: str
    arn: str
    account_id: str
    region: str
    request: Mapping[str, Any]  # CreateVirtualCluster's
    scheduler: Mapping[str, int]
    created: datetime
    tags: dict[str, str]
    state: str = "RUNNING"
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str]:
        """The EKS cluster and the namespace."""
        provider = self.request["containerProvider"]
        return provider["id"], provider.get("info", {}).get("eksInfo", {}).get("namespace", "default")

    def active_runs(self) -> list[Run]:
        """The runs that have not ended, oldest first."""
        return [run for run in self.runs.values() if run.active]

    def waiting(self) -> int:
        """How many runs are PENDING or SUBMITTED."""
        return sum(1 for run in self.active_runs() if run.state in RUN_WORDS.before)

    def taken(self) -> int:
        """How many runs are RUNNING, or about to be."""
        return sum(1 for run in self.active_runs() if run.current.given)


@dataclass(kw_only=True)
class JobTemplate:
    """One job template."""

    id: str
    arn: str
    request: Mapping[str, Any]  # CreateJobTemplate's
    created: datetime
    created_by: str
    tags: dict[str, str]
    state: str = ""  # templates have none; lists are chosen from as of things with one

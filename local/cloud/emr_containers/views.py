"""Virtual clusters, templates and job runs as the API shows them, in the shapes of botocore's `emr-containers`."""

from __future__ import annotations

from typing import Any

from local.cloud.emr_containers.model import RUN_WORDS, JobTemplate, VirtualCluster
from local.cloud.runs.model import Run

Json = dict[str, Any]


def virtual_cluster(of: VirtualCluster) -> Json:
    """What DescribeVirtualCluster shows."""
    same = ("name", "containerProvider", "securityConfigurationId", "sessionEnabled")
    shown = {
        **{name: of.request.get(name) for name in same},
        "id": of.id, "arn": of.arn, "state": of.state, "createdAt": of.created, "tags": of.tags,
        "schedulerConfiguration": dict(of.scheduler) or None,
        "schedulerStatus": {
            "currentInQueueJobRuns": of.waiting(),
            "currentConcurrentJobRuns": sum(1 for run in of.active_runs() if run.state == RUN_WORDS.running),
        },
    }  # fmt: skip
    return _present(shown)


def job_template(of: JobTemplate) -> Json:
    """What DescribeJobTemplate shows."""
    same = ("name", "jobTemplateData", "kmsKeyArn")
    return _present({
        **{name: of.request.get(name) for name in same},
        "id": of.id, "arn": of.arn, "createdAt": of.created, "createdBy": of.created_by, "tags": of.tags,
    })  # fmt: skip


def run(of: Run) -> Json:
    """What DescribeJobRun shows."""
    same = (
        "name", "clientToken", "executionRoleArn", "releaseLabel", "jobDriver", "configurationOverrides",
        "retryPolicyConfiguration",
    )  # fmt: skip
    retries = of.request.get("retryPolicyConfiguration") is not None
    return _present({
        **{name: of.request.get(name) for name in same},
        "id": of.id, "virtualClusterId": of.parent_id, "arn": of.arn, "state": of.state,
        "createdAt": of.created, "createdBy": of.created_by, "tags": of.tags,
        "finishedAt": None if of.active else of.current.ended,
        "stateDetails": of.current.details or None,
        "failureReason": _failure_reason(of),
        "retryPolicyExecution": {"currentAttemptCount": len(of.attempts)} if retries else None,
    })  # fmt: skip


def _failure_reason(of: Run) -> str | None:
    if of.state != RUN_WORDS.failed:
        return None
    return "USER_ERROR" if of.current.given else "VALIDATION_ERROR"


def _present(values: Json) -> Json:
    return {key: value for key, value in values.items() if value is not None}

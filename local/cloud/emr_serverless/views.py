"""Applications and job runs as the API shows them, in the shapes of botocore's `emr-serverless`."""

from __future__ import annotations

from typing import Any

from local.cloud.emr_serverless import usage
from local.cloud.emr_serverless.model import Application
from local.cloud.runs.model import Attempt, Run
from local.contracts import Sizes

Json = dict[str, Any]


def application(of: Application) -> Json:
    """What GetApplication shows."""
    return {
        **of.settings, "applicationId": of.id, "arn": of.arn, "state": of.state, "stateDetails": of.details,
        "createdAt": of.created, "updatedAt": of.updated, "tags": of.tags,
    }  # fmt: skip


def application_summary(of: Application) -> Json:
    """What ListApplications shows of each."""
    same = ("name", "releaseLabel", "type", "architecture")
    return {
        **{name: of.settings[name] for name in same if name in of.settings},
        "id": of.id, "arn": of.arn, "state": of.state, "stateDetails": of.details, "createdAt": of.created,
        "updatedAt": of.updated,
    }  # fmt: skip


def run(of: Run, owner: Application, attempt: Attempt, sizes: Sizes) -> Json:
    """What GetJobRun shows of a run at one of its attempts; the latest is the run as it is."""
    request = of.request
    overrides = request.get("configurationOverrides")
    shown = {
        **_common(of, owner, attempt),
        "jobRunId": of.id,
        "createdAt": of.created,
        "configurationOverrides": overrides,
        "executionIamPolicy": request.get("executionIamPolicy"),
        "jobDriver": request["jobDriver"],
        "tags": of.tags,
        "networkConfiguration": owner.settings.get("networkConfiguration"),
        "executionTimeoutMinutes": round(of.timeout / 60) if of.timeout is not None else 0,
        "retryPolicy": _retry(of),
        "attemptCreatedAt": attempt.created,
        "attemptUpdatedAt": attempt.updated,
        "startedAt": of.started,
        "endedAt": None if of.active else attempt.ended,
    }
    if not of.active:
        seconds = round((attempt.ended - of.started).total_seconds()) if of.started and attempt.ended else 0
        shown["totalExecutionDurationSeconds"] = seconds
        if of.executors is not None and of.started is not None:
            shown["totalResourceUtilization"] = usage.utilization(sizes, of.executors, seconds)
            shown["billedResourceUtilization"] = usage.billed(sizes, of.executors, seconds)
    return {name: value for name, value in shown.items() if value is not None}


def run_summary(of: Run, owner: Application) -> Json:
    """What ListJobRuns shows of each."""
    shown = {
        **_common(of, owner, of.current), "id": of.id, "type": owner.settings["type"], "createdAt": of.created,
        "attemptCreatedAt": of.current.created, "attemptUpdatedAt": of.current.updated,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value is not None}


def run_attempt(of: Run, owner: Application, attempt: Attempt) -> Json:
    """What ListJobRunAttempts shows of each: times are the attempt's."""
    shown = {
        **_common(of, owner, attempt), "id": of.id, "type": owner.settings["type"],
        "jobCreatedAt": of.created, "createdAt": attempt.created,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value is not None}


def _common(of: Run, owner: Application, attempt: Attempt) -> Json:
    return {
        "applicationId": of.parent_id,
        "name": of.request.get("name"),
        "arn": of.arn,
        "createdBy": of.created_by,
        "updatedAt": attempt.updated,
        "executionRole": of.request["executionRoleArn"],
        "state": attempt.state,
        "stateDetails": attempt.details,
        "releaseLabel": owner.settings["releaseLabel"],
        "mode": of.request.get("mode", "BATCH"),
        "attempt": attempt.number,
        "flexExecution": of.request.get("flexExecution"),
    }


def _retry(of: Run) -> Json:
    if of.retry.an_hour is not None:
        return {"maxFailedAttemptsPerHour": of.retry.an_hour}
    return {"maxAttempts": of.retry.attempts}

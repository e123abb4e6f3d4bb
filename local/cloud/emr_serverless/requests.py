"""CreateApplication, UpdateApplication, StartJobRun: what they ask for, checked and with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facts import releases
from local.cloud.emr.releases import sort_key
from local.cloud.emr_serverless import capacity
from local.cloud.emr_serverless.model import AUTO_STOP_MINUTES, Application
from local.cloud.runs.errors import ValidationError
from local.cloud.runs.model import Retry
from local.cloud.runs.surroundings import knows_release

FIRST_RELEASE = (6, 6, 0)
RETRIES_SINCE = STREAMING_SINCE = (7, 1, 0)
SCHEDULER_SINCE = (7, 0, 0)
BOUNDED_SINCE = (7, 11, 0)  # the release since which a batch run has a timeout of at most seven days
TIMEOUT_MINUTES, LEAST_TIMEOUT_MINUTES, MOST_TIMEOUT_MINUTES = 720, 5, 10080
ATTEMPTS = range(1, 11)
FAILURES_AN_HOUR = 5
STREAMING_GRACE_SECONDS = 120.0
# Members of the request of which GetApplication gives back what it was given.
_SETTINGS = (
    "name", "releaseLabel", "initialCapacity", "maximumCapacity", "networkConfiguration", "architecture",
    "imageConfiguration", "workerTypeSpecifications", "runtimeConfiguration", "monitoringConfiguration",
    "diskEncryptionConfiguration", "interactiveConfiguration", "schedulerConfiguration",
    "identityCenterConfiguration", "jobLevelCostAllocationConfiguration",
)  # fmt: skip
_ENGINES = {"SPARK": "Spark", "HIVE": "Hive"}


def settings(request: Mapping[str, Any], account_id: str, region: str) -> dict[str, Any]:
    """The settings of the application that CreateApplication's request asks for. Raises ValidationError."""
    engine = _ENGINES.get(request["type"].upper())
    if engine is None:
        raise ValidationError(f"Unsupported engine {request['type']}")
    _check_release(request["releaseLabel"], engine, account_id, region)
    found = {
        "architecture": "X86_64",
        **_given(request),
        "type": engine,
        "autoStartConfiguration": {"enabled": True, **(request.get("autoStartConfiguration") or {})},
        "autoStopConfiguration": _auto_stop(request.get("autoStopConfiguration")),
    }
    _check(found)
    return found


def changed(application: Application, request: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """The application's settings after UpdateApplication's request. Raises ValidationError."""
    found = {**application.settings, **_given(request)}
    if request.get("releaseLabel"):
        _check_release(request["releaseLabel"], found["type"], account_id, application.region)
    if request.get("autoStartConfiguration") is not None:
        found["autoStartConfiguration"] = {"enabled": True, **request["autoStartConfiguration"]}
    if request.get("autoStopConfiguration") is not None:
        found["autoStopConfiguration"] = _auto_stop(request["autoStopConfiguration"])
    _check(found)
    return found


def retry(request: Mapping[str, Any], version: tuple[int, ...]) -> Retry:
    """How often StartJobRun's request wants the run tried. Raises ValidationError.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-resiliency.html
    """
    asked = request.get("retryPolicy") or {}
    streaming = request.get("mode") == "STREAMING"
    if streaming and version < STREAMING_SINCE:
        raise ValidationError("Mode STREAMING is supported with release labels emr-7.1.0 and above.")
    if asked and version < RETRIES_SINCE:
        raise ValidationError("A retry policy is supported with release labels emr-7.1.0 and above.")
    foreign, own = ("maxAttempts", "maxFailedAttemptsPerHour")[:: 1 if streaming else -1]
    if foreign in asked:
        raise ValidationError(f"{foreign} is not applicable to mode {'STREAMING' if streaming else 'BATCH'}.")
    value = asked.get(own, FAILURES_AN_HOUR if streaming else 1)
    if value not in ATTEMPTS:
        raise ValidationError(f"{own} must be between {ATTEMPTS[0]} and {ATTEMPTS[-1]}, not {value}.")
    return Retry(attempts=None, an_hour=value) if streaming else Retry(attempts=value)


def timeout_minutes(request: Mapping[str, Any], version: tuple[int, ...]) -> int:
    """The run's timeout in minutes, 0: none. Raises ValidationError.

    Zero and the bound: API reference of StartJobRun. Least: seen by moto's authors on AWS.
    """
    given = request.get("executionTimeoutMinutes")
    minutes = TIMEOUT_MINUTES if given is None else int(given)
    batch = request.get("mode") != "STREAMING"
    if batch and version >= BOUNDED_SINCE and not 0 < minutes <= MOST_TIMEOUT_MINUTES:
        raise ValidationError(
            f"executionTimeoutMinutes of a BATCH job run must be at most {MOST_TIMEOUT_MINUTES} minutes and not 0."
        )
    if 0 < minutes < LEAST_TIMEOUT_MINUTES:
        raise ValidationError(f"RunTimeout must be at least {LEAST_TIMEOUT_MINUTES} minutes.")
    return minutes


def check_driver(request: Mapping[str, Any], engine: str) -> None:
    """Raise ValidationError when the job's driver is not one of the application's engine."""
    driver = request.get("jobDriver") or {}
    wanted = "sparkSubmit" if engine == "Spark" else "hive"
    if list(driver) != [wanted]:
        raise ValidationError(f"The job driver of a {engine} application must be {wanted}.")


def _given(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in _SETTINGS if request.get(name) is not None}


def _auto_stop(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"enabled": True, "idleTimeoutMinutes": AUTO_STOP_MINUTES, **(asked or {})}


def _check_release(label: str, engine: str, account_id: str, region: str) -> None:
    known = knows_release(label, account_id, region) and sort_key(label) >= FIRST_RELEASE
    if label in releases.labels():
        known = known and engine in releases.release(label).engines
    if not known:
        raise ValidationError(
            f"Type '{engine.upper()}' is not supported for release label '{label}' or release label does not exist"
        )


def _check(found: Mapping[str, Any]) -> None:
    capacity.check(found["type"], found)
    network = found.get("networkConfiguration") or {}
    if bool(network.get("subnetIds")) != bool(network.get("securityGroupIds")):
        raise ValidationError(
            "Subnets and security groups of a network configuration must be given together."
        )
    scheduler = found.get("schedulerConfiguration")
    if scheduler is None:
        return
    if sort_key(found["releaseLabel"]) < SCHEDULER_SINCE:
        raise ValidationError("Scheduler configuration is supported with release labels emr-7.0.0 and above.")
    for name, allowed in (("maxConcurrentRuns", range(1, 1001)), ("queueTimeoutMinutes", range(15, 721))):
        if name in scheduler and scheduler[name] not in allowed:
            raise ValidationError(
                f"{name} must be between {allowed[0]} and {allowed[-1]}, not {scheduler[name]}."
            )

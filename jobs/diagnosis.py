"""A failed attempt looked at: its logs and event log gathered, its class found, the next attempt changed by it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs.failures import changes
from jobs.failures.classify import Evidence, classify
from jobs.failures.finding import Change, Finding
from jobs.failures.suggest import safe, suggest
from jobs.platform import Platform
from jobs.runs import Attempt, Ended, Record
from jobs.runtimes.base import Runtime
from jobs.spec import JobSpec
from jobs.telemetry import eventlog

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# YARN's, and that of an application with executors of its own.
_APPLICATION = re.compile(r"\b(?:application_\d+_\d+|app-\d{14}-\d{4})\b")
_LOOKED_AT = ("FAILED", "TIMED_OUT")


def application(runtime: Runtime, id_: str) -> str | None:
    """The application's id, which spark-submit or the driver says in a log."""
    if not id_:
        return None
    for log in runtime.logs(id_).values():
        if found := _APPLICATION.search(log):
            return found.group()
    return None


def diagnose(
    platform: Platform, runtime: Runtime, spec: JobSpec, ended: Ended, usage: eventlog.Usage | None
) -> Finding | None:
    """Why an attempt failed or ran out of time, None for any other end. Missing evidence makes it unknown.

    `spec` is what the attempt ran with.
    """
    if ended.state not in _LOOKED_AT:
        return None
    try:
        logs = runtime.logs(ended.id) if ended.id else {}
    except (ClientError, BotoCoreError):
        logs = {}
    evidence = Evidence(
        state=ended.state,
        reason=ended.reason,
        logs=logs,
        usage=usage,
        packages=spec.package,
        spot=_spot(runtime, ended.id),
    )
    return suggest(classify(evidence), evidence, spec, platform.roles.jobs.get(spec.name))


def again(
    s3: S3Client, platform: Platform, runtime: Runtime, spec: JobSpec, record: Record
) -> tuple[Finding | None, JobSpec]:
    """A record's finding and the spec it was run with; looked at again while unknown, as EMR's logs come late."""
    ran_with = changes.apply(spec, record.mitigations)
    if record.failure is not None and record.failure.failure_class != "unknown":
        return record.failure, ran_with
    last = record.attempts[-1]
    usage = _usage(s3, platform, record.application_id or application(runtime, last.id))
    return diagnose(platform, runtime, ran_with, last, usage), ran_with


def mitigated(
    s3: S3Client, platform: Platform, runtime: Runtime, spec: JobSpec, attempt: Attempt, ended: Ended
) -> tuple[Attempt, str]:
    """The attempt after `ended` with the safe changes that its failure asks for, and what is to be said of it."""
    ran_with = changes.apply(spec, attempt.mitigations)
    try:
        usage = _usage(s3, platform, application(runtime, ended.id))
    except (ClientError, BotoCoreError) as error:
        # The retry is worth more than its improvement.
        return attempt, f"not mitigated: the logs could not be read: {error}"
    finding = diagnose(platform, runtime, ran_with, ended, usage)
    if finding is None:
        return attempt, "nothing to mitigate"
    told = f"{finding.failure_class} ({finding.confidence:.2f})"
    made = safe(finding, ran_with)
    if not made:
        return attempt, f"{told}: no safe change, the next attempt is as the last one"
    try:
        return _with(platform, spec, attempt, made), f"{told}: {'; '.join(map(str, made))}"
    except (UserError, ValueError) as error:
        return attempt, f"{told}: not mitigated: {error}"


def _with(platform: Platform, spec: JobSpec, attempt: Attempt, made: tuple[Change, ...]) -> Attempt:
    mitigations = (*attempt.mitigations, *made)
    changed = changes.apply(spec, mitigations)
    update: dict[str, object] = {"mitigations": mitigations}
    if any(change.path == ("runtime",) for change in made):
        place = platform.place(changed.runtime)
        if place.release_label != spec.release:
            raise UserError(f"'{place.name}' runs {place.release_label}, the job is made for {spec.release}")
        update |= {"runtime": place.kind, "place": place.name, "place_id": place.id}
    return attempt.model_copy(update=update)


def _spot(runtime: Runtime, id_: str) -> bool:
    try:
        capacity = runtime.capacity(id_) if id_ else None
        return isinstance(capacity, Sequence) and any(instances.spot for instances in capacity)
    except (ClientError, BotoCoreError):
        return False


def _usage(s3: S3Client, platform: Platform, application_id: str | None) -> eventlog.Usage | None:
    try:
        return eventlog.find(s3, platform.event_log_uri, application_id) if application_id else None
    except (ClientError, BotoCoreError):
        return None

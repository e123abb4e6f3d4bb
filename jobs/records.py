"""What a run left behind (states, report, logs, event log, instances), put together into its record."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs import attempts, diagnosis
from jobs.failures import changes
from jobs.platform import Platform
from jobs.runs import Attempt, Ended, Record, RunStore
from jobs.runtimes.base import Runtime
from jobs.spec import JobSpec
from jobs.telemetry import cost, eventlog

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_USAGE = (
    "bytes_read",
    "bytes_written",
    "shuffle_read_bytes",
    "shuffle_write_bytes",
    "spilled_bytes",
    "tasks",
    "failed_tasks",
    "task_seconds",
    "executor_seconds",
)


def build(
    s3: S3Client, store: RunStore, platform: Platform, runtime: Runtime, spec: JobSpec, attempt: Attempt, ended: Ended,
    now: datetime,
) -> Record:  # fmt: skip
    """The record of a run whose last attempt was `attempt`. Missing evidence makes nulls, never an error."""
    tries = (*attempt.before, ended)
    started = next((each.started_at for each in tries if each.started_at), None)
    over = ended.ended_at or now
    seconds = (over - started).total_seconds() if started else None
    report = store.report(attempts.report_uri(platform, attempt)) or {}
    application = report.get("application_id") or diagnosis.application(runtime, ended.id)
    usage = eventlog.find(s3, platform.event_log_uri, application) if application else None
    estimate = _cost(runtime, platform, ended.id, seconds)
    rows_read, rows_written = (_total(report.get(key)) for key in ("rows_read", "rows_written"))
    if usage is not None:
        rows_read = usage.rows_read if rows_read is None else rows_read
        rows_written = usage.rows_written if rows_written is None else rows_written
    counts = report.get("counts")
    failure = diagnosis.diagnose(platform, runtime, changes.apply(spec, attempt.mitigations), ended, usage)
    return Record(
        run_id=attempt.run_id,
        job=spec.name,
        environment=platform.environment,
        owner=spec.owner,
        tags=spec.tags,
        channel=attempt.channel,
        digest=attempt.digest,
        release=spec.release,
        runtime=attempt.runtime,
        place=attempt.place,
        # A cluster of the run's own is known by the attempt's id only: the cluster's and the step's.
        place_id=attempt.place_id or ended.id.partition("/")[0],
        place_reason=attempt.place_reason,
        state=ended.state,
        reason=ended.reason,
        created_at=attempt.run_created_at,
        started_at=started,
        ended_at=over,
        duration_seconds=seconds,
        queued_seconds=(started - attempt.run_created_at).total_seconds() if started else None,
        parameters=attempt.parameters,
        conf=attempt.conf,
        logical_at=attempt.logical_at,
        attempts=tries,
        mitigations=attempt.mitigations,
        shadow=attempt.shadow,
        failure_class=failure.failure_class if failure else None,
        failure=failure,
        application_id=application,
        rows_read=rows_read,
        rows_written=rows_written,
        cost_usd=estimate.usd,
        cost_basis=estimate.basis,
        counts=counts if isinstance(counts, dict) else {},
        inputs=tuple(platform.uri(dataset) for dataset in spec.inputs),
        outputs=tuple(attempts.output_uri(platform, attempt, dataset) for dataset in spec.outputs),
        report_uri=attempts.report_uri(platform, attempt),
        event_log_uri=f"{platform.event_log_uri}{application}" if usage else None,
        log_uri=ended.log_uri,
        **({name: getattr(usage, name) for name in _USAGE} if usage else {}),
    )


def _cost(runtime: Runtime, platform: Platform, id_: str, seconds: float | None) -> cost.Estimate:
    if seconds is None:
        return cost.Estimate(usd=0.0, basis="nothing ran")
    try:
        used = runtime.capacity(id_)
    except (ClientError, BotoCoreError) as error:
        return cost.Estimate(usd=None, basis=f"what the run used could not be asked for: {error}")
    return cost.estimate(used, platform.region, seconds)


def _total(rows: Any) -> int | None:
    return sum(rows.values()) if isinstance(rows, dict) else None

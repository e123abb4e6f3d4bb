"""The run store: one row for each run that ended, on S3. What is under way is in `jobs.coordination`.

`records/v1/job=<job>/date=<day>/<run id>.json` is the run's one row, written once.
The records are a table of JSON rows, partitioned by job and date, for Spark, pandas and DuckDB alike.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from facts.errors import UserError
from jobs import objects
from jobs.failures.finding import Change, Finding, RecordedClass
from jobs.spec import Kind

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RECORDS = "records/v1/"
# Of a row. A version only adds columns, also nested ones, and words of a failure: it renames and retypes none.
SCHEMA_VERSION = 1
State = Literal["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]
_PARALLEL = 8
_PAGE = 100  # records read at a time where it is not known how many of them are wanted


class _Row(BaseModel):
    # A newer version may have written more than this one knows.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Ended(_Row):
    """How one attempt of a run ended. Times are UTC."""

    number: int
    token: str
    id: str  # the runtime's own: of a step, of a job run; empty when nothing was sent
    state: State
    started_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    twins: tuple[str, ...] = ()  # steps with the same token that were found and cancelled
    log_uri: str


class Attempt(_Row):
    """One submission of a run. `token` is the step's name; `created_at` is when it was kept."""

    schema_version: int = 1
    run_id: str
    number: int  # from 1
    token: str
    job: str
    digest: str
    channel: str
    runtime: Kind
    place: str  # the stack's name for the cluster, application, virtual cluster or launch template
    place_id: str  # AWS' own; empty for a cluster of the run's own that is not there yet
    run_created_at: datetime
    created_at: datetime
    slot: int = 0  # of the job's, which the run holds while it is under way
    send_after: datetime | None = None  # a retry's, after its pause
    place_reason: str | None = None  # why there, where the spec leaves a choice
    parameters: Mapping[str, str] = {}  # what this run says instead of the spec
    conf: Mapping[str, str] = {}  # likewise, settings of Spark
    logical_at: datetime | None = None  # what `${run.date}` tells, where the run was asked for a date
    before: tuple[Ended, ...] = ()  # the run's earlier attempts
    ended: Ended | None = None  # how the run ended, from when that is decided until its record is written
    auto_mitigate: bool = False  # whether a retry may change the spec by itself
    mitigations: tuple[Change, ...] = ()  # what this attempt runs with instead of the spec's own
    shadow: bool = False  # whether it writes apart from the job's outputs, for a canary


class Record(_Row):
    """One run. Bytes, rows, seconds and US dollars; a number that could not be found out is null, never zero.

    `duration_seconds` is from the first attempt's start to the last one's end; `queued_seconds` is before it.
    """

    schema_version: int = SCHEMA_VERSION
    run_id: str
    job: str
    environment: str
    owner: str
    tags: Mapping[str, str]
    channel: str
    digest: str
    release: str
    runtime: Kind
    place: str
    place_id: str
    place_reason: str | None = None
    state: State
    reason: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime
    duration_seconds: float | None
    queued_seconds: float | None
    parameters: Mapping[str, str] = {}
    conf: Mapping[str, str] = {}
    logical_at: datetime | None = None
    attempts: tuple[Ended, ...]
    mitigations: tuple[Change, ...] = ()  # of the last attempt
    shadow: bool = (
        False  # of a canary: `outputs` lie where no reader looks, and it says nothing of the live version
    )
    failure_class: RecordedClass | None = None  # null unless it failed or ran out of time
    failure: Finding | None = None
    application_id: str | None = None
    rows_read: int | None = None
    rows_written: int | None = None
    bytes_read: int | None = None
    bytes_written: int | None = None
    shuffle_read_bytes: int | None = None
    shuffle_write_bytes: int | None = None
    spilled_bytes: int | None = None
    tasks: int | None = None
    failed_tasks: int | None = None
    task_seconds: float | None = None
    executor_seconds: float | None = None
    cost_usd: float | None = None
    cost_basis: str
    counts: Mapping[str, int] = {}
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    report_uri: str
    event_log_uri: str | None = None
    log_uri: str


class RunStore:
    """The run store in one bucket. Every method may raise botocore's errors."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def write(self, record: Record) -> Record:
        """Write the run's record, unless it has one. Returns the one there is."""
        key = f"{RECORDS}job={record.job}/date={record.created_at:%Y-%m-%d}/{record.run_id}.json"
        if not objects.create(self._s3, self._bucket, key, record.model_dump_json().encode()):
            found = objects.read(self._s3, self._bucket, key)
            record = Record.model_validate_json(found[0]) if found else record
        return record

    def list_runs(
        self,
        job: str | None = None,
        limit: int | None = None,
        *,
        states: Collection[State] = (),
        since: datetime | None = None,
    ) -> list[Record]:
        """The records, newest first, of one job or of all, in one of `states` or in any, of runs made at `since` or
        later."""
        found = list(objects.keys(self._s3, self._bucket, f"{RECORDS}job={job}/" if job else RECORDS))
        if since:
            found = [key for key in found if _id(key) >= f"{since.astimezone(UTC):%Y%m%dT%H%M%SZ}"]
        # A run's id starts with its time, so the keys tell the order without being read.
        found.sort(key=_id, reverse=True)
        if not states:
            return [_record(row) for row in self._read(found[:limit])]
        wanted: list[Record] = []
        for start in range(0, len(found), _PAGE):
            page = map(_record, self._read(found[start : start + _PAGE]))
            wanted += [record for record in page if record.state in states]
            if limit is not None and len(wanted) >= limit:
                break
        return wanted[:limit]

    def get_run(self, run_id: str) -> Record:
        """The record of `run_id`; a part of the id is enough while it fits one run. Raises UserError otherwise."""
        keys = {_id(key): key for key in objects.keys(self._s3, self._bucket, RECORDS)}
        return _record(self._read([keys[_fitting(run_id, keys)]])[0])

    def get(self, run_id: str, under_way: Iterable[Attempt]) -> Record | Attempt:
        """As `get_run`, for a run without a record yet its last attempt, of those `under_way`."""
        attempts = {attempt.run_id: attempt for attempt in under_way}
        keys = {_id(key): key for key in objects.keys(self._s3, self._bucket, RECORDS)}
        found = _fitting(run_id, {**attempts, **keys})
        return attempts[found] if found not in keys else _record(self._read([keys[found]])[0])

    def report(self, uri: str) -> dict[str, Any] | None:
        """The workload's own report, None when it wrote none or wrote no JSON object."""
        found = objects.read(self._s3, *objects.split(uri))
        try:
            report = json.loads(found[0]) if found else None
        except ValueError:
            return None
        return report if isinstance(report, dict) else None

    def _read(self, keys: Iterable[str]) -> list[bytes]:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            found = pool.map(lambda key: objects.read(self._s3, self._bucket, key), keys)
            return [row[0] for row in found if row]


def _record(row: bytes) -> Record:
    try:
        return Record.model_validate_json(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(
            f"a run record cannot be read: {where}: {first['msg']}{newer(_version(row))}; it begins {row[:100]!r}"
        ) from None


def _version(row: bytes) -> Any:
    try:
        return json.loads(row)["schema_version"]
    except (ValueError, TypeError, KeyError):
        return None


def newer(schema_version: Any) -> str:
    """What to do about a row of this version that cannot be read; nothing where it is not a newer one."""
    if isinstance(schema_version, int) and schema_version > SCHEMA_VERSION:
        return f"; a newer version of emrctl wrote it (schema {schema_version}): update this one"
    return ""


def _fitting(part: str, ids: Iterable[str]) -> str:
    """The one id that `part` is, or is a part of. Raises UserError."""
    found = sorted(each for each in ids if part in each)
    if part in found:
        return part
    if len(found) == 1:
        return found[0]
    raise UserError(
        f"'{part}' fits {len(found)} runs: {', '.join(found[:5])}; give more of the id"
        if found
        else f"there is no run '{part}'; 'emrctl runs list' shows what there is"
    )


def _id(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")

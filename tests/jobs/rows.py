"""Rows of the run store, as one version or another wrote them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.failures.finding import Change, Finding, Frame, Quote
from jobs.runs import RECORDS, Ended, Record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def ended(number: int = 1, **changes: Any) -> Ended:
    """One attempt that succeeded."""
    made = Ended(
        number=number, token=f"t{number}", id="s-1", state="SUCCEEDED", started_at=NOW,
        ended_at=NOW + timedelta(seconds=60), reason=None, log_uri="s3://dev-logs/s-1/",
    )  # fmt: skip
    return made.model_copy(update=changes)


def record(
    run_id: str = "20260102T030405Z-aaaaaa",
    job: str = "nightly-etl",
    state: str = "SUCCEEDED",
    **changes: Any,
) -> Record:
    """A run of one attempt."""
    return Record.model_validate(
        {
            "run_id": run_id, "job": job, "environment": "dev", "owner": "team", "tags": {"a": "b"},
            "channel": "dev", "digest": "d" * 64, "release": "emr-spark-8.0.0", "runtime": "ec2", "place": "main",
            "place_id": "j-1", "state": state, "reason": None, "created_at": NOW, "started_at": NOW,
            "ended_at": NOW, "duration_seconds": 60.0, "queued_seconds": 0.5, "attempts": [ended()],
            "rows_read": 7, "cost_usd": 0.01, "cost_basis": "x", "counts": {"flights": 7}, "inputs": ["s3://a/"],
            "outputs": ["s3://b/"], "report_uri": "s3://dev-runs/reports/t.json", "log_uri": "s3://dev-logs/",
            **changes,
        }
    )  # fmt: skip


def failed(run_id: str = "20260103T000000Z-bbbbbb") -> Record:
    """A run whose two attempts failed, with all that may be nested in a row."""
    change = Change(
        path=("resources", "executors", "memory"), before=None, after="8g", why="it died", kind="memory"
    )
    finding = Finding(
        failure_class="code_error", confidence=0.9, explanation="ümläut \u2028 and 'quotes'",
        evidence=(Quote(log="driver stderr", line=3, text='ValueError: "x", "row": {}'),),
        frame=Frame(file="etl.py", line=7, function="main"), changes=(change,), advice=("mend it",),
    )  # fmt: skip
    tries = (
        ended(1, state="FAILED", reason="boom", twins=("s-8", "s-9")),
        ended(2, state="FAILED", started_at=None),
    )
    moved = NOW + timedelta(days=1, microseconds=123_456)
    return record(
        run_id, "late-arrivals", "FAILED", attempts=tries, failure_class="code_error", failure=finding,
        created_at=moved, logical_at=moved, started_at=None, duration_seconds=None, tags={}, counts={},
        mitigations=(change,), rows_read=2**53 + 1, parameters={"limit": "5"}, cost_usd=None, inputs=(),
        conf={"spark.sql.shuffle.partitions": "8"},
    )  # fmt: skip


def older() -> dict[str, Any]:
    """A row of before there were diagnoses, dates and mitigations."""
    row = record("20260101T000000Z-cccccc").model_dump(mode="json")
    for name in (
        "failure",
        "failure_class",
        "mitigations",
        "logical_at",
        "parameters",
        "conf",
        "place_reason",
    ):
        del row[name]
    for attempt in row["attempts"]:
        del attempt["twins"]
    return row


def newer() -> dict[str, Any]:
    """A row of a version 2 that there is not: more columns, more in those that are nested, more words."""
    row: dict[str, Any] = failed("20260104T000000Z-dddddd").model_dump(mode="json")
    row |= {"schema_version": 2, "carbon_grams": 1.5, "lineage": {"run": ["a"]}, "failure_class": "disk_full"}
    row["failure"] |= {"failure_class": "disk_full", "severity": 3}
    row["attempts"][0]["node"] = {"id": "i-1"}
    return row


def keys_of(row: dict[str, Any]) -> str:
    """Where a row lies."""
    return f"{RECORDS}job={row['job']}/date={row['created_at'][:10]}/{row['run_id']}.json"


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    """The rows as files below `folder`, as they lie on S3. Returns the root of their folders."""
    for row in rows:
        file = folder / keys_of(row)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(row))
    return folder / RECORDS

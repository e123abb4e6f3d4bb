"""Real failures of a real Spark, and of a real AWS client: what each is called, and which line is shown."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.core import set_initial_no_auth_action_count

from jobs.failures.classify import Evidence, classify
from jobs.failures.finding import Finding
from jobs.telemetry import eventlog
from jobs.workloads import nightly_etl
from tests.jobs.failures import jobs_that_fail as failing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Job = Callable[["SparkSession", str], None]


def _why(job: Callable[[], object]) -> Finding:
    """What is found in the driver's output of a job, as Python prints it."""
    try:
        job()
    except Exception:
        text = traceback.format_exc()
    else:
        raise AssertionError("it did not fail")
    return classify(Evidence(state="FAILED", logs={"driver stdout": text}, packages=["tests.jobs"]))


@pytest.mark.parametrize(
    ("job", "expected", "line"),
    [
        (failing.missing_input, "missing_input", "spark.read.parquet("),
        (failing.missing_table, "missing_input", "spark.table("),
        (failing.missing_column, "schema_mismatch", "spark.range(3)"),
        (failing.other_type, "schema_mismatch", "spark.read.schema("),
        (failing.wrong_code, "code_error", 'rows[0].asDict()["distance"]'),
        (failing.wrong_code_in_a_worker, "code_error", "return 100 // distance"),
        (failing.wrong_sql, "code_error", 'spark.sql("selekt'),
        (failing.missing_module, "dependency_conflict", "import no_such_module_of_ours"),
        (failing.missing_source, "dependency_conflict", "spark.read.format("),
        (failing.killed_worker, "unknown", "spark.range(1)"),
        (failing.bad_value, "unknown", 'spark.sql("select cast'),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_failure_is_named_and_its_line_shown(
    spark: SparkSession, tmp_path: Path, job: Job, expected: str, line: str
) -> None:
    found = _why(lambda: job(spark, str(tmp_path)))
    assert found.failure_class == expected, found
    assert found.frame is not None
    assert found.frame.file.endswith("jobs_that_fail.py")
    assert found.frame.code.startswith(line)


def test_arguments_that_the_job_does_not_take(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        nightly_etl.main(["--flights", "s3://a/"])
    found = classify(Evidence(state="FAILED", logs={"driver stderr": capsys.readouterr().err}))
    assert (found.failure_class, found.evidence[-1].line > 1) == ("bad_arguments", True)


@set_initial_no_auth_action_count(0)
def _denied_write() -> None:
    boto3.client("s3", aws_access_key_id="AKIAIOSFODNN7EXAMPLE").put_object(
        Bucket="dev-curated", Key="a/b", Body=b""
    )


def test_a_write_with_a_key_that_nobody_knows_is_no_missing_permission(session: boto3.Session) -> None:
    """Other credentials mend it, no statement does."""
    assert _why(_denied_write).failure_class == "unknown"


def test_a_write_that_iam_denies(session: boto3.Session) -> None:
    iam = session.client("iam")
    iam.create_user(UserName="etl")
    key = iam.create_access_key(UserName="etl")["AccessKey"]
    s3 = boto3.client(
        "s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    denied = set_initial_no_auth_action_count(0)(
        lambda: s3.put_object(Bucket="dev-curated", Key="a/b", Body=b"")
    )
    found = _why(denied)
    assert found.failure_class == "permission_denied"


def test_skew_is_seen_in_the_event_log(spark: SparkSession, event_logs: Path, tmp_path: Path) -> None:
    before = {name: spark.conf.get(name) for name in failing.settings()}
    for name, value in failing.settings().items():
        spark.conf.set(name, value)
    (log,) = event_logs.iterdir()
    start = len(log.read_bytes().splitlines())
    try:
        failing.skewed(spark, str(tmp_path))
        spark.range(
            1
        ).count()  # the listener writes after the fact: the next job's events push the last one's out
    finally:
        for name, value in before.items():
            spark.conf.set(name, value or "")
    lines = log.read_bytes().splitlines()
    usage = eventlog.parse(
        [lines[0], *(line for line in lines if b"ApplicationStart" in line), *lines[start:]]
    )
    (straggler,) = usage.stragglers
    assert straggler.tasks == 8
    assert straggler.longest_seconds >= 5 * straggler.median_seconds
    assert straggler.longest_bytes is not None
    assert straggler.longest_bytes >= 5 * straggler.median_bytes


def test_an_executor_that_runs_out_of_heap(tmp_path: Path) -> None:
    """In the driver's log, and in the event log alone."""
    script = Path(__file__).with_name("out_of_memory.py")
    ran = subprocess.run(
        [sys.executable, str(script), tmp_path.as_uri()], capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip
    assert ran.returncode == 1
    (log,) = tmp_path.iterdir()
    usage = eventlog.parse(log.read_bytes().splitlines())
    for evidence in (
        Evidence(state="FAILED", logs={"driver stderr": ran.stderr}),
        Evidence(state="FAILED", logs={}, usage=usage),
    ):
        found = classify(evidence)
        assert (found.failure_class, found.cause) == ("executor_out_of_memory", "heap"), found

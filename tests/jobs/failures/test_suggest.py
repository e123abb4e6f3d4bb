"""What is suggested: within the spec's limits, applied to the data, and as a diff that keeps the file's comments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jobs import spec
from jobs.failures import changes, denied, text
from jobs.failures.classify import Evidence, classify
from jobs.failures.finding import Change, Finding
from jobs.failures.suggest import mebibytes, safe, suggest
from jobs.spec import JobSpec
from jobs.spec.reading import CATALOG
from jobs.telemetry.eventlog import Usage
from jobs.telemetry.troubles import Straggler

JOB = spec.find("nightly-etl")
FILE = (CATALOG / "nightly-etl.yaml").read_text("utf-8")
HEAP = "26/11/28 10:00:00 WARN TaskSetManager: Lost task 0.0 in stage 8.0 (TID 12) (node executor 1): " \
       "java.lang.OutOfMemoryError: Java heap space"  # fmt: skip
CONTAINER = "26/11/28 10:00:00 ERROR YarnScheduler: Lost executor 1 on node: Container killed by YARN for " \
            "exceeding physical memory limits. 1.4 GB of 1.4 GB physical memory used."  # fmt: skip
LOST = "26/11/28 10:00:00 ERROR YarnScheduler: Lost executor 1 on node: Container marked as failed. Exit status: " \
       "-100. Diagnostics: Container released on a *lost* node"  # fmt: skip


def _job(**changed: Any) -> JobSpec:
    return JobSpec.model_validate({**JOB.model_dump(mode="json"), **changed})


def _found(log: str, job: JobSpec = JOB, **evidence: Any) -> Finding:
    seen = Evidence(**{"state": "FAILED", "logs": {"driver stderr": log}, **evidence})
    return suggest(classify(seen), seen, job, "arn:aws:iam::123456789012:role/etl")


def test_heap_is_doubled_where_the_heap_was_too_small() -> None:
    (change,) = _found(HEAP).changes
    assert str(change) == "resources.executors.memory 1g → 2g"
    assert changes.apply(JOB, [change]).resources.executors.memory == "2g"


def test_overhead_is_doubled_where_the_container_was_too_small() -> None:
    (change,) = _found(CONTAINER).changes
    assert str(change) == "conf.spark.executor.memoryOverhead (not set) → 768m"
    (again,) = _found(CONTAINER, changes.apply(JOB, [change])).changes
    assert str(again) == "conf.spark.executor.memoryOverhead 768m → 1536m"


@given(
    heap=st.integers(1, 40_000), ceiling=st.integers(1, 40_000), partitions=st.integers(1, 9_000),
    overhead=st.integers(1, 40_000) | st.none(), log=st.sampled_from([HEAP, CONTAINER]),
)  # fmt: skip
def test_no_change_leads_above_a_ceiling(
    heap: int, ceiling: int, partitions: int, overhead: int | None, log: str
) -> None:
    conf = {"spark.sql.shuffle.partitions": str(partitions)}
    if overhead:
        conf["spark.executor.memoryOverhead"] = f"{overhead}m"
    job = _job(
        conf=conf,
        resources={"executors": {"memory": f"{heap}m"}},
        mitigate={"memory_ceiling": f"{ceiling}m", "partitions_ceiling": 4_000},
    )
    for change in _found(log, job).changes:
        changed = changes.apply(job, [change])
        new = mebibytes(changed.resources.executors.memory)
        assert new == heap or new <= ceiling
        if change.path[-1] == "spark.executor.memoryOverhead":
            assert mebibytes(change.after) + heap <= ceiling
        if change.path[-1] == "spark.sql.shuffle.partitions":
            assert partitions < int(change.after) <= 4_000


def test_at_the_memory_ceiling_partitions_are_doubled() -> None:
    (change,) = _found(HEAP, _job(mitigate={"memory_ceiling": "1g"})).changes
    assert (str(change), change.kind) == ("conf.spark.sql.shuffle.partitions 4 → 8", "partitions")


def test_what_the_spec_does_not_allow_is_suggested_and_not_applied() -> None:
    job = _job(mitigate={"allowed": ["partitions"]})
    found = _found(HEAP, job)
    assert found.changes
    assert safe(found, job) == ()


def test_a_node_taken_away_leads_to_the_specs_own_fallback_on_serverless() -> None:
    assert _found(LOST).failure_class == "unknown"  # a restarted NodeManager says the same
    assert safe(_found(LOST, spot=True), JOB) == ()
    job = _job(fallback={"runtime": {"kind": "serverless", "application": "adhoc"}})
    found = _found(LOST, job, spot=True)
    made = safe(found, job)
    assert (found.failure_class, {change.kind for change in made}) == ("spot_reclaim", {"on_demand"})
    changed = changes.apply(job, made)
    assert (changed.runtime.place, changed.fallback and changed.fallback.runtime.place) == ("adhoc", "main")
    text = "runtime:\n  kind: ec2\n  cluster: main\n\nfallback:\n  runtime: {kind: serverless, application: adhoc}\n"
    added = [line for line in changes.diff(text, made, "job.yaml").splitlines() if line.startswith("+ ")]
    assert added == [
        "+  {kind: serverless, application: adhoc}",
        "+  runtime: {kind: ec2, cluster: main}",
    ]


def test_skew_of_a_run_that_took_too_long() -> None:
    slow = Straggler(stage=5, tasks=200, median_seconds=2, longest_seconds=1700, median_bytes=1_000_000,
                     longest_bytes=90_000_000, share=0.9)  # fmt: skip
    found = _found("", state="TIMED_OUT", usage=Usage(stragglers=(slow,)))
    assert (found.failure_class, found.cause) == ("slow_shuffle", "skew")
    assert "stage 5: one of 200 tasks took 1700.0 s" in found.evidence[0].text
    (change,) = found.changes
    assert (change.path[-1].rpartition(".")[2], change.after) == (
        "skewedPartitionThresholdInBytes",
        "22500000",
    )
    # The driver's last word is then our own interrupt.
    ended = 'Traceback (most recent call last):\n  File "/x.py", line 1, in f\n    g()\nKeyboardInterrupt\n'
    assert _found(ended, state="TIMED_OUT", usage=Usage(stragglers=(slow,))).failure_class == "slow_shuffle"
    # A task that never ended may hang for any reason; it is shown, not named.
    hangs = _found("", state="TIMED_OUT", usage=Usage(stragglers=(replace(slow, longest_bytes=None),)))
    assert (hangs.failure_class, "still running" in hangs.evidence[0].text) == ("unknown", True)
    # The same skew beside another failure is only mentioned.
    assert _found("boom", usage=Usage(stragglers=(slow,))).failure_class == "unknown"
    assert "skewed as well" in _found(HEAP, usage=Usage(stragglers=(slow,))).advice[1]


def test_two_classes_that_contend_are_unknown() -> None:
    both = (
        "java.lang.NoSuchMethodError: a.b()V\norg.apache.spark.sql.AnalysisException: [PATH_NOT_FOUND] s3://a"
    )
    found = _found(both)
    assert (found.failure_class, set(found.contenders)) == (
        "unknown",
        {"missing_input", "dependency_conflict"},
    )


def test_the_event_log_alone_is_enough() -> None:
    """EMR's logs reach S3 minutes after a step; the event log is there when the application ends."""
    note = "2026-11-28 10:00:00 ExecutorRemoved 1: Container killed by YARN for exceeding physical memory limits."
    found = _found("", usage=Usage(notes=(note,)))
    assert (found.failure_class, found.evidence[0].log) == ("executor_out_of_memory", "event log")


def test_a_failure_that_spark_got_over_is_not_the_cause() -> None:
    log = f"{CONTAINER}\n26/11/28 10:09:00 INFO SparkContext: stopped\nTraceback (most recent call last):\n" \
          '  File "/x/jobs/workloads/etl.py", line 7, in main\n    rows["x"]\nKeyError: \'x\'\n'  # fmt: skip
    found = _found(log, packages=["jobs.workloads"])
    assert found.failure_class == "code_error"
    assert found.frame is not None
    assert (found.frame.line, found.frame.code) == (7, 'rows["x"]')


def test_the_drivers_end_is_found_behind_a_lost_executor() -> None:
    """As a real driver wrote it: its traceback follows a record on an executor, without a stamp of its own."""
    log = "26/11/28 09:40:45 ERROR TaskSchedulerImpl: Lost executor 0 on node: Command exited with code 143\n" \
          'Traceback (most recent call last):\n  File "/x/etl.py", line 6, in <module>\n    rows.save()\n' \
          "py4j.protocol.Py4JJavaError: An error occurred while calling o54.save.\n: org.apache.spark.Spark" \
          "Exception: Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times, most recent failure: " \
          "Lost task 0.0 in stage 0.0 (TID 0) (n executor 0): java.lang.OutOfMemoryError: Java heap space"  # fmt: skip
    found = _found(log)
    assert (found.failure_class, found.confidence) == ("executor_out_of_memory", 0.95)
    assert found.frame is not None
    assert found.frame.line == 6


@pytest.mark.parametrize(
    ("path", "after", "line"),
    [
        (("resources", "executors", "memory"), "2g", "+  executors: {cores: 2, memory: 2g, count: 1}"),
        (("conf", "spark.sql.shuffle.partitions"), "8", '+  spark.sql.shuffle.partitions: "8"'),
        (("conf", "spark.executor.memoryOverhead"), "768m", '+  spark.executor.memoryOverhead: "768m"'),
        (("retry", "max_attempts"), "3", "+retry: {max_attempts: 3}"),
        (("mitigate", "memory_ceiling"), "8g", "+  memory_ceiling: 8g"),
        (
            ("runtime",),
            "{kind: serverless, application: adhoc}",
            "+runtime: {kind: serverless, application: adhoc}",
        ),
    ],
)
def test_the_diff_changes_the_key_and_nothing_else(path: tuple[str, ...], after: str, line: str) -> None:
    change = Change(path=path, before=None, after=after, why="")
    diff = changes.diff(FILE, [change], "x.yaml")
    assert line in diff.splitlines()
    changed = changes._edited(FILE, change)
    assert JobSpec.model_validate(yaml.safe_load(changed)) == changes.apply(JOB, [change])
    removed = [each for each in diff.splitlines() if each.startswith("-") and not each.startswith("---")]
    assert len(removed) <= 1
    assert FILE.count("#") == changed.count("#")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("User: arn:aws:sts::1:assumed-role/etl/s is not authorized to perform: s3:PutObject on resource: "
         '"arn:aws:s3:::b/k" because no identity-based policy allows it',
         ("arn:aws:sts::1:assumed-role/etl/s", "s3:PutObject", "arn:aws:s3:::b/k")),
        ("java.nio.file.AccessDeniedException: s3a://b/out/x: PUT 0-byte object  on s3a://b/out/x: Access Denied",
         ("role", "s3:PutObject", "arn:aws:s3:::b/out/x")),
        ("java.nio.file.AccessDeniedException: s3a://b/in/x: getFileStatus on s3a://b/in/x: Forbidden",
         ("role", "s3:GetObject", "arn:aws:s3:::b/in/x")),
        ("An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied",
         ("role", "s3:ListBucket", None)),
        ('AccessControlException: Permission denied: user=etl, access=WRITE, inode="/data":hdfs:hdfs:drwxr-xr-x',
         ("etl", "WRITE", "/data")),
    ],
)  # fmt: skip
def test_who_was_denied_what(said: str, expected: tuple[str | None, ...]) -> None:
    denial = denied.read(said, "role")
    assert (denial.principal, denial.action, denial.resource) == expected


def test_the_statement_that_is_missing() -> None:
    said = "java.nio.file.AccessDeniedException: s3a://b/out/x: PUT 0-byte object  on s3a://b/out/x: " \
           "S3Exception: Access Denied"  # fmt: skip
    (advice,) = _found(said).advice
    assert advice == (
        'arn:aws:iam::123456789012:role/etl needs {"Effect": "Allow", "Action": "s3:PutObject", '
        '"Resource": "arn:aws:s3:::b/out/x"}'
    )


@pytest.mark.parametrize(
    "secret",
    ["AKIAIOSFODNN7EXAMPLE", "password=hunter2", "fs.s3a.secret.key=hunter2", "jdbc:x://u:hunter2@h/db",
     "https://b/k?X-Amz-Signature=hunter2&x=1", "Authorization: Bearer hunter2", "--token=hunter2"],
)  # fmt: skip
def test_no_secret_is_quoted(secret: str) -> None:
    found = _found(f"java.lang.NoSuchMethodError: a.b()V {secret}")
    frame = _found(
        f'Traceback (most recent call last):\n  File "/x.py", line 1, in f\n    g("{secret}")\nKeyError: 1'
    ).frame
    quoted = found.model_dump_json() + str(frame)
    assert "hunter2" not in quoted
    assert "IOSFODNN7EXAMPLE" not in quoted
    assert "NoSuchMethodError" in quoted


@given(st.text(alphabet="aT \n:\"'()/0123456789-", max_size=300))
def test_any_text_is_looked_at_without_an_error(anything: str) -> None:
    assert "".join(entry.text for entry in text.entries("x", anything)).count("T") == anything.count("T")
    _found(anything)

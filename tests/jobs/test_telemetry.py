"""Event logs added up, and what a run cost. A real log is in test_nightly_etl.py."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from facts.services import service_price
from jobs.runtimes.base import Billed, Capacity
from jobs.telemetry import cost, eventlog


def _task(stage: int = 0, reason: str = "Success", finish: int = 5_000, **metrics: Any) -> dict[str, Any]:
    zero = {
        "Input Metrics": {"Bytes Read": 0, "Records Read": 0},
        "Output Metrics": {"Bytes Written": 0, "Records Written": 0},
        "Shuffle Read Metrics": {"Remote Bytes Read": 1, "Local Bytes Read": 2},
        "Shuffle Write Metrics": {"Shuffle Bytes Written": 4},
        "Disk Bytes Spilled": 8,
        "Executor Run Time": 1_000,
        "Executor CPU Time": 500_000_000,
        "JVM GC Time": 100,
    }
    return {
        "Event": "SparkListenerTaskEnd",
        "Stage ID": stage,
        "Task End Reason": {"Reason": reason},
        "Task Info": {"Finish Time": finish},
        "Task Metrics": {**zero, **metrics},
    }


def _stage(kind: str, stage: int, cached: tuple[int, ...] = ()) -> dict[str, Any]:
    rdds = [
        {"RDD ID": rdd, "Storage Level": {"Use Memory": rdd in cached, "Use Disk": False}}
        for rdd in (1, *cached)
    ]
    return {"Event": f"SparkListenerStage{kind}", "Stage Info": {"Stage ID": stage, "RDD Info": rdds}}


def _read(number: int) -> dict[str, Any]:
    return {"Input Metrics": {"Bytes Read": number, "Records Read": number}}


LOG = [
    {"Event": "SparkListenerApplicationStart", "App ID": "application_1_0001", "Timestamp": 0},
    {"Event": "SparkListenerExecutorAdded", "Executor ID": "1", "Timestamp": 1_000},
    {"Event": "SparkListenerExecutorAdded", "Executor ID": "2", "Timestamp": 2_000},
    _stage("Submitted", 0, cached=(7,)),
    _task(0, **_read(100)),  # fills the cache, from storage
    _stage("Completed", 0),
    {"Event": "SparkListenerExecutorRemoved", "Executor ID": "2", "Timestamp": 5_000},
    _stage("Submitted", 1, cached=(7,)),
    _task(1, **_read(30)),  # reads the cache
    _task(1, reason="ExceptionFailure"),
    _task(1, reason="TaskKilled"),
    {**_task(1, reason="ExecutorLostFailure"), "Task Metrics": None},
    _stage("Completed", 1),
    {"Event": "SparkListenerApplicationEnd", "Timestamp": 11_000},
]


def _lines(events: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(event) for event in events]


def test_a_log_adds_up() -> None:
    usage = eventlog.parse(_lines(LOG))
    assert usage.notes == ("1970-01-01 00:00:05 TaskFailed in stage 1: ExecutorLostFailure",)
    assert replace(usage, notes=()) == eventlog.Usage(
        application_id="application_1_0001", tasks=5, failed_tasks=2, bytes_read=100, rows_read=100,
        cache_bytes_read=30, shuffle_read_bytes=12, shuffle_write_bytes=16, spilled_bytes=32, task_seconds=4.0,
        cpu_seconds=2.0, gc_seconds=0.4, executor_seconds=13.0, executors=2, stages=2, complete=True,
    )  # fmt: skip


def test_a_log_of_a_killed_driver_counts_as_far_as_it_goes() -> None:
    lines = _lines(LOG[:7])
    usage = eventlog.parse([*lines, '{"Event": "SparkListenerTaskEn'])
    assert (usage.tasks, usage.complete) == (1, False)
    # To the last task that ended: executor 1 from 1 s to 5 s, executor 2 from 2 s to 5 s.
    assert usage.executor_seconds == 7.0


def test_every_yarn_attempt_counts_and_other_applications_do_not(session: boto3.Session) -> None:
    s3 = session.client("s3")
    body = "\n".join(_lines(LOG)).encode()
    for name in (
        "application_1_0001_1",
        "application_1_0001_2.inprogress",
        "application_1_00011",
        "application_1_0001.x",
    ):
        s3.put_object(Bucket="dev-logs", Key=f"spark-events/{name}", Body=body)
    usage = eventlog.find(s3, "s3://dev-logs/spark-events/", "application_1_0001")
    assert usage is not None
    assert usage.tasks == 10
    assert eventlog.find(s3, "s3://dev-logs/spark-events/", "application_9_0001") is None


def test_the_cost_is_every_instance_for_the_whole_time() -> None:
    capacity = [
        Capacity(instance_type="m5.xlarge", spot=False, count=2),
        Capacity(instance_type="m5a.xlarge", spot=True, count=1),
    ]
    found = cost.estimate(capacity, "us-east-1", 1800)
    # By hand from the price list: 2 x (0.192 + 0.048) + (0.172 x 0.53 + 0.043), for half an hour.
    assert found.usd == pytest.approx((0.48 + 0.13416) / 2, abs=1e-6)
    assert found.basis.startswith("1800 s of 2 x m5.xlarge on demand at 0.240 USD/h + 1 x m5a.xlarge spot")


@pytest.mark.parametrize(
    ("capacity", "region", "told"),
    [
        ([Capacity(instance_type="z9.huge", spot=False, count=1)], "us-east-1", "z9.huge"),
        ([Capacity(instance_type="m5.xlarge", spot=False, count=1)], "mars-1", "mars-1"),
        ([], "us-east-1", "not known any more"),
    ],
)
def test_a_price_that_is_missing_is_never_zero(capacity: list[Capacity], region: str, told: str) -> None:
    found = cost.estimate(capacity, region, 60)
    assert found.usd is None
    assert told in found.basis


def test_instances_with_hours_of_their_own_are_charged_those() -> None:
    capacity = [Capacity(instance_type="m5.xlarge", spot=False, count=2, hours=3.0)]
    found = cost.estimate(capacity, "us-east-1", 60)
    assert found.usd == pytest.approx(3 * 0.24)
    assert "3.00 h in all" in found.basis


def test_what_serverless_billed_is_priced_by_its_units() -> None:
    billed = Billed(vcpu_hours=2.0, memory_gb_hours=8.0, storage_gb_hours=0.0)
    found = cost.estimate(billed, "us-east-1", 60)
    vcpu = service_price("serverless_vcpu_hour", "us-east-1").usd
    memory = service_price("serverless_memory_gb_hour", "us-east-1").usd
    assert found.usd == pytest.approx(2 * vcpu + 8 * memory, abs=1e-6)
    assert found.basis.startswith("2 vCPU h + 8 GB h of memory billed (list prices of ")
    assert "mars-1" in cost.estimate(billed, "mars-1", 60).basis


def test_what_cannot_be_known_is_unknown() -> None:
    assert cost.estimate(None, "us-east-1", 60).usd is None


def _timed(task: int, launched: int, finished: int, read: int) -> list[dict[str, Any]]:
    """A task of stage 1 from its start to its end, in ms, with what it read of a shuffle."""
    shuffle = {"Remote Bytes Read": read, "Local Bytes Read": 0, "Fetch Wait Time": 250}
    end = _task(1, finish=finished)
    end["Task Metrics"]["Shuffle Read Metrics"] = shuffle
    end["Task Info"]["Task ID"] = task
    start = {
        "Event": "SparkListenerTaskStart",
        "Stage ID": 1,
        "Task Info": {"Task ID": task, "Launch Time": launched},
    }
    return [start, end]


def test_a_stage_that_waits_for_one_task_is_seen() -> None:
    even = [event for task in range(4) for event in _timed(task, 0, 1_000, 100)]
    usage = eventlog.parse(_lines([LOG[0], *even, *_timed(4, 0, 10_000, 5_000)]))
    (straggler,) = usage.stragglers
    assert (straggler.longest_seconds, straggler.median_seconds, straggler.longest_bytes) == (
        10.0,
        1.0,
        5_000,
    )
    assert (straggler.tasks, straggler.share, usage.shuffle_wait_seconds) == (5, 1.0, 1.25)
    # As slow, with no more bytes than the others: a bad node, no skew.
    assert eventlog.parse(_lines([LOG[0], *even, *_timed(4, 0, 10_000, 100)])).stragglers == ()
    # Killed before its end, as a run that is cancelled leaves it.
    (open_,) = eventlog.parse(
        _lines([LOG[0], *even, _timed(4, 0, 0, 0)[0], {**LOG[-1], "Timestamp": 20_000}])
    ).stragglers
    assert (open_.longest_seconds, open_.longest_bytes) == (20.0, None)


def test_losses_and_errors_are_noted_once() -> None:
    lost = {**LOG[6], "Removed Reason": "Container killed by YARN"}
    failed = {
        "Event": "SparkListenerJobEnd",
        "Completion Time": 9_000,
        "Job Result": {
            "Result": "JobFailed",
            "Exception": {"Message": "Job aborted due to stage failure: x"},
        },
    }
    fetch = {**_task(1, reason="FetchFailed"), "Task Metrics": None}
    usage = eventlog.parse(_lines([*LOG[:3], lost, lost, fetch, failed]))
    assert usage.notes == (
        "1970-01-01 00:00:05 ExecutorRemoved 2: Container killed by YARN",
        "1970-01-01 00:00:05 TaskFailed in stage 1: FetchFailed",
        "1970-01-01 00:00:09 JobFailed: Job aborted due to stage failure: x",
    )
    assert usage.fetch_failures == 1

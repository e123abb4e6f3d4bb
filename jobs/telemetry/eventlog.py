"""Spark's event log, added up: one JSON object a line, written by every application.

https://spark.apache.org/docs/4.0.1/monitoring.html#viewing-after-the-fact; the names are those of Spark's own
JsonProtocol. The log must be plain and in one file (spark.eventLog.compress and .rolling.enabled off).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs import objects
from jobs.telemetry.troubles import Straggler, Troubles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(kw_only=True)
class Usage:
    """What one application used. Bytes are bytes, seconds are seconds summed over tasks or executors."""

    application_id: str = ""
    tasks: int = 0  # attempts of tasks, failed ones included
    failed_tasks: int = 0  # killed ones (a speculative twin that lost) are none
    bytes_read: int = 0  # from storage
    rows_read: int = 0
    cache_bytes_read: int = 0  # from what the application itself had cached
    bytes_written: int = 0
    rows_written: int = 0
    shuffle_read_bytes: int = 0
    shuffle_write_bytes: int = 0
    spilled_bytes: int = 0  # to disk
    task_seconds: float = 0.0
    cpu_seconds: float = 0.0
    gc_seconds: float = 0.0
    executor_seconds: float = 0.0  # from an executor's start to its end, or to the application's
    executors: int = 0
    stages: int = 0
    shuffle_wait_seconds: float = 0.0  # that tasks waited for blocks of others
    fetch_failures: int = 0
    stragglers: tuple[Straggler, ...] = ()  # the stage that waited longest for one of its tasks, if one did
    notes: tuple[str, ...] = ()  # stamped lines: executors lost, errors of tasks and jobs
    complete: bool = False  # the log has the application's end

    def __add__(self, other: Usage) -> Usage:
        """Both together, for a run of several applications; the last one gives its id."""
        both = {
            name: value + getattr(other, name)
            for name, value in vars(self).items()
            if name not in ("application_id", "complete")
        }
        return Usage(application_id=other.application_id, complete=self.complete and other.complete, **both)


@dataclass(kw_only=True)
class _State:
    usage: Usage = field(default_factory=Usage)
    executors: dict[str, int] = field(default_factory=dict)  # id → start, ms
    cached: set[int] = field(default_factory=set)  # RDDs that an earlier stage has put into the cache
    caching: dict[int, set[int]] = field(default_factory=dict)  # stage → RDDs it puts there
    from_cache: set[int] = field(default_factory=set)  # stages that read the cache
    troubles: Troubles = field(default_factory=Troubles)
    last: int = 0


def parse(lines: Iterable[str | bytes]) -> Usage:
    """Add up one application's log. A last line cut short, as a killed driver leaves it, is passed over."""
    state = _State()
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        handler = _HANDLERS.get(event.get("Event", ""))
        if handler is not None:
            handler(state, event)
    for started in state.executors.values():
        state.usage.executor_seconds += max(0, state.last - started) / 1000
    straggler = state.troubles.straggler(state.last)
    state.usage.stragglers = (straggler,) if straggler else ()
    state.usage.notes = tuple(state.troubles.notes)
    return state.usage


def find(s3: S3Client, event_log_uri: str, application_id: str) -> Usage | None:
    """The usage of an application by its log below `event_log_uri`, None when there is no log.

    In cluster mode the file carries YARN's attempt (`application_1_0001_2`); each attempt is an application of
    its own, and all of them count.
    """
    total: Usage | None = None
    bucket, _ = objects.split(event_log_uri)
    for key in files(s3, event_log_uri, application_id):
        usage = parse(s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines())
        total = usage if total is None else total + usage
    return total


def files(s3: S3Client, event_log_uri: str, application_id: str) -> Iterator[str]:
    """The keys of an application's logs below `event_log_uri`, one for each of its attempts."""
    bucket, prefix = objects.split(event_log_uri)
    for key in objects.keys(s3, bucket, f"{prefix.rstrip('/')}/{application_id}"):
        name = key.rpartition("/")[2].removesuffix(".inprogress")
        if name == application_id or name.removeprefix(f"{application_id}_").isdigit():
            yield key


def _application_start(state: _State, event: Any) -> None:
    state.usage.application_id = event.get("App ID") or ""
    state.troubles.first = event["Timestamp"]


def _application_end(state: _State, event: Any) -> None:
    state.last = max(state.last, event["Timestamp"])
    state.usage.complete = True


def _executor_added(state: _State, event: Any) -> None:
    state.executors[event["Executor ID"]] = event["Timestamp"]
    state.usage.executors += 1


def _executor_removed(state: _State, event: Any) -> None:
    started = state.executors.pop(event["Executor ID"], None)
    state.last = max(state.last, event["Timestamp"])
    state.troubles.note(
        event["Timestamp"], f"ExecutorRemoved {event['Executor ID']}", event.get("Removed Reason", "")
    )
    if started is not None:
        state.usage.executor_seconds += (event["Timestamp"] - started) / 1000


def _stage_submitted(state: _State, event: Any) -> None:
    stage = event["Stage Info"]
    levels = {rdd["RDD ID"]: rdd["Storage Level"] for rdd in stage["RDD Info"]}
    cached = {rdd for rdd, level in levels.items() if level["Use Memory"] or level["Use Disk"]}
    # Spark counts a cache hit as input like any other; only the order of the stages tells them apart.
    if cached & state.cached:
        state.from_cache.add(stage["Stage ID"])
    state.caching[stage["Stage ID"]] = cached


def _stage_completed(state: _State, event: Any) -> None:
    state.usage.stages += 1
    state.cached |= state.caching.pop(event["Stage Info"]["Stage ID"], set())


def _job_end(state: _State, event: Any) -> None:
    state.last = max(state.last, event["Completion Time"])
    result = event["Job Result"]
    if result["Result"] == "JobFailed":
        state.troubles.note(event["Completion Time"], "JobFailed", result["Exception"].get("Message") or "")


def _task_start(state: _State, event: Any) -> None:
    state.troubles.task_started(event)


def _task_end(state: _State, event: Any) -> None:
    usage = state.usage
    state.troubles.task_ended(event)
    usage.fetch_failures += event["Task End Reason"]["Reason"] == "FetchFailed"
    state.last = max(state.last, event["Task Info"]["Finish Time"])
    usage.tasks += 1
    if event["Task End Reason"]["Reason"] not in ("Success", "TaskKilled"):
        usage.failed_tasks += 1
    metrics = event.get("Task Metrics")
    if not metrics:  # the executor was lost before it could say
        return
    read, written = metrics["Input Metrics"], metrics["Output Metrics"]
    if event["Stage ID"] in state.from_cache:
        usage.cache_bytes_read += read["Bytes Read"]
    else:
        usage.bytes_read += read["Bytes Read"]
        usage.rows_read += read["Records Read"]
    usage.bytes_written += written["Bytes Written"]
    usage.rows_written += written["Records Written"]
    shuffle = metrics["Shuffle Read Metrics"]
    usage.shuffle_read_bytes += shuffle["Remote Bytes Read"] + shuffle["Local Bytes Read"]
    usage.shuffle_wait_seconds += shuffle.get("Fetch Wait Time", 0) / 1e3
    usage.shuffle_write_bytes += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
    usage.spilled_bytes += metrics["Disk Bytes Spilled"]
    usage.task_seconds += metrics["Executor Run Time"] / 1e3
    usage.cpu_seconds += metrics["Executor CPU Time"] / 1e9
    usage.gc_seconds += metrics["JVM GC Time"] / 1e3


_HANDLERS = {
    "SparkListenerApplicationStart": _application_start,
    "SparkListenerApplicationEnd": _application_end,
    "SparkListenerExecutorAdded": _executor_added,
    "SparkListenerExecutorRemoved": _executor_removed,
    "SparkListenerStageSubmitted": _stage_submitted,
    "SparkListenerStageCompleted": _stage_completed,
    "SparkListenerTaskStart": _task_start,
    "SparkListenerTaskEnd": _task_end,
    "SparkListenerJobEnd": _job_end,
}

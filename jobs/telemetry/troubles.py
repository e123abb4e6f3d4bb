"""What an event log tells of trouble: stages that waited for one task, executors lost, errors of tasks and jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

# Spark's own measure of a skewed partition, here of its bytes and of its time:
# https://spark.apache.org/docs/4.0.1/sql-performance-tuning.html#optimizing-skew-join
SKEWED_FACTOR = 5.0
MIN_TASKS = 4  # the median of fewer says nothing
_NOTES = 40  # of one application; a thousand tasks fail with one message


@dataclass(frozen=True, kw_only=True)
class Straggler:
    """A stage that reads a shuffle and waited for one of its tasks. Seconds and bytes are a task's.

    `longest_bytes` is None for a task that never ended. `share` is that task's part of the application's time.
    """

    stage: int
    tasks: int
    median_seconds: float
    longest_seconds: float
    median_bytes: float
    longest_bytes: int | None
    share: float


@dataclass
class _Stage:
    ended: list[tuple[float, int]] = field(default_factory=list)  # seconds, shuffle bytes read
    running: dict[int, int] = field(default_factory=dict)  # task → launched, ms


@dataclass
class Troubles:
    """Gathered in the one pass over the log."""

    stages: dict[tuple[int, int], _Stage] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    first: int = 0
    _said: set[str] = field(default_factory=set)

    def task_started(self, event: Any) -> None:
        """SparkListenerTaskStart."""
        info = event["Task Info"]
        self._stage(event).running[info["Task ID"]] = info["Launch Time"]

    def task_ended(self, event: Any) -> None:
        """SparkListenerTaskEnd."""
        info, reason, metrics = event["Task Info"], event["Task End Reason"], event.get("Task Metrics")
        launched = self._stage(event).running.pop(info.get("Task ID"), None)
        if reason["Reason"] == "Success" and launched is not None and metrics:
            shuffle = metrics["Shuffle Read Metrics"]
            read = shuffle["Remote Bytes Read"] + shuffle["Local Bytes Read"]
            self._stage(event).ended.append(((info["Finish Time"] - launched) / 1000, read))
        elif reason["Reason"] not in ("Success", "TaskKilled"):
            self.note(info["Finish Time"], f"TaskFailed in stage {event['Stage ID']}", _why(reason))

    def note(self, when: int, what: str, text: str) -> None:
        """One line for the rules of `jobs.failures`, each text once."""
        if text and text not in self._said and len(self.notes) < _NOTES:
            self._said.add(text)
            stamp = datetime.fromtimestamp(when / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            self.notes.append(f"{stamp} {what}: {text}")

    def straggler(self, last: int) -> Straggler | None:
        """The stage that waited longest for one task, if that task took many times what the others took."""
        found = [each for key, stage in self.stages.items() if (each := self._straggler(key[0], stage, last))]
        return max(found, key=lambda each: each.longest_seconds, default=None)

    def _straggler(self, number: int, stage: _Stage, last: int) -> Straggler | None:
        tasks = len(stage.ended) + len(stage.running)
        if tasks < MIN_TASKS or not stage.ended or not any(read for _, read in stage.ended):
            return None
        seconds, read = max(stage.ended)
        longest_bytes: int | None = read
        open_for = max(((last - launched) / 1000 for launched in stage.running.values()), default=0.0)
        if open_for > seconds:
            seconds, longest_bytes = open_for, None
        middle = median(each for each, _ in stage.ended)
        middle_bytes = median(each for _, each in stage.ended)
        if seconds < SKEWED_FACTOR * middle:
            return None
        if longest_bytes is not None and longest_bytes < SKEWED_FACTOR * middle_bytes:
            return None  # slow for another reason: a bad node, a cold cache
        total = (last - self.first) / 1000
        return Straggler(
            stage=number, tasks=tasks, median_seconds=middle, longest_seconds=seconds, median_bytes=middle_bytes,
            longest_bytes=longest_bytes, share=min(1.0, seconds / total) if total > 0 else 0.0,
        )  # fmt: skip

    def _stage(self, event: Any) -> _Stage:
        return self.stages.setdefault((event["Stage ID"], event.get("Stage Attempt ID", 0)), _Stage())


def _why(reason: Any) -> str:
    """The first line of why a task failed, in Spark's own words."""
    if reason["Reason"] == "ExceptionFailure":
        text = f"{reason.get('Class Name', '')}: {reason.get('Description') or ''}".strip(": ")
        return "\n".join(text.splitlines()[:40])
    text = reason.get("Loss Reason") or reason.get("Message") or ""
    return f"{reason['Reason']} {text.partition(chr(10))[0]}".strip()

"""How far an application is, by what its driver logs: stages and tasks, done and known so far. Pure.

Spark's pages are on the driver's host, which is not reachable from outside on EMR, and an event log on S3 appears at
the application's end: the driver's log is what there is while a job runs. How many stages are still to come Spark does
not know itself, so "of" is what has been submitted. Lines as Spark 3.5 and 4.0 write them (DAGScheduler,
TaskSetManager).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SUBMITTED = re.compile(
    r"DAGScheduler: Submitting (?P<tasks>\d+) missing tasks from \w*Stage (?P<stage>\d+) "
)
_TASK = re.compile(
    r"TaskSetManager: Finished task \S+ in stage (?P<stage>\d+)\.\d+ .*\((?P<done>\d+)/(?P<tasks>\d+)\)$"
)
_LOST = re.compile(r"TaskSetManager: Lost task \S+ in stage (?P<stage>\d+)\.")
_ENDED = re.compile(r"DAGScheduler: \w*Stage (?P<stage>\d+) \(.*\) (?P<how>finished|failed) in ")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Stages and tasks of one application; a failed task counts once for each time that it was lost."""

    stages: int = 0
    stages_done: int = 0
    tasks: int = 0
    tasks_done: int = 0
    tasks_lost: int = 0


@dataclass(kw_only=True)
class _Stage:
    before: int = 0  # tasks done in earlier attempts of the stage
    tasks: int = 0
    done: int = 0
    ended: bool = False


@dataclass
class Progress:
    """Read the driver's log in pieces, as it comes; a line may come in two."""

    _stages: dict[int, _Stage] = field(default_factory=dict)
    _lost: int = 0
    _rest: str = ""

    def feed(self, text: str) -> Counts:
        """Read on, and tell how far the application is."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line.rstrip())
        stages = self._stages.values()
        return Counts(
            stages=len(stages),
            stages_done=sum(stage.ended for stage in stages),
            tasks=sum(stage.before + stage.tasks for stage in stages),
            tasks_done=sum(stage.before + stage.done for stage in stages),
            tasks_lost=self._lost,
        )

    def _line(self, line: str) -> None:
        if found := _TASK.search(line):
            stage = self._stage(found)
            # Lines of tasks may come out of order.
            stage.done, stage.tasks = max(stage.done, int(found["done"])), int(found["tasks"])
        elif found := _SUBMITTED.search(line):
            stage = self._stage(found)
            stage.before, stage.done = stage.before + stage.done, 0
            stage.tasks, stage.ended = int(found["tasks"]), False
        elif found := _ENDED.search(line):
            self._stage(found).ended = found["how"] == "finished"
        elif _LOST.search(line):
            self._lost += 1

    def _stage(self, found: re.Match[str]) -> _Stage:
        return self._stages.setdefault(int(found["stage"]), _Stage())

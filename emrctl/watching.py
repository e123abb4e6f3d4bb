"""A run that is under way, on standard error: its state, how far it is, what its driver says, and Ctrl-C."""

from __future__ import annotations

import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from facts.errors import UserError

if TYPE_CHECKING:
    from jobs.lifecycle import Event
    from jobs.progress import Counts
    from jobs.runs import Attempt

LEFT = 3  # exit code of a command that leaves its run going
# Spark's own talk, of which the progress line is made: "26/11/28 08:28:54 INFO DAGScheduler: …"; also as log4j has it.
_TALK = re.compile(r"^\d\d(?:\d\d)?[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d\S* (?:INFO|DEBUG|TRACE) ")
# What every run of Spark says as it starts, of which nothing follows: the wheel that it says it failed to add is where
# YARN has put it.
_START = re.compile(
    r"^WARNING: Using incubator modules: |^Using Spark's default log4j profile: "
    r"| WARN (?:NativeCodeLoader: Unable to load native-hadoop library|MetricsConfig: Cannot locate configuration)"
    r"| WARN S3ABlockOutputStream: Application invoked the Syncable API against stream writing to spark-events/"
    r"|: RuntimeWarning: Failed to add file \[s3://[^]]*\] specified in 'spark\.submit\.pyFiles'"
)
# How it goes on in the next line: plans are drawn as trees, and YARN's allocator shows between two rulers how it starts
# an executor: https://github.com/apache/spark/blob/v4.0.1/resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/ExecutorRunnable.scala
_MORE = re.compile(r"^$|^[\s+:}()*]|^== |^={20,}$|^(?:Default )?YARN executor launch context:$")
_DRIVER = ("driver stdout", "driver stderr")


class RunProgress:
    """State and progress of a run: a line that moves on a terminal, a line for each change elsewhere.

    Beside it what the driver says, Spark's own talk left out unless `verbose`; `quiet` shows neither.
    """

    def __init__(self, job: str, *, quiet: bool = False, verbose: bool = False) -> None:
        self._console = Console(stderr=True)
        self._job, self._quiet, self._verbose = job, quiet, verbose
        self._said: str | None = None
        self._talk = False
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self._console,
            transient=True, disable=quiet or not self._console.is_terminal,
        )  # fmt: skip
        self._line = self._progress.add_task(f"{job}: sending", total=None)

    def __call__(self, event: Event) -> None:
        """Show a look at the run, or what is done about it."""
        which = f"run {event.run_id}" + (f", attempt {event.attempt}" if event.attempt > 1 else "")
        if event.note:
            self._print(f"{self._job}: {which}: {event.note}")
        if event.status is None or self._quiet:
            return
        for name in _DRIVER:
            for line in event.said.lines.get(name, "").splitlines():
                begins = _TALK.match(line) or _START.search(line)
                self._talk = bool(begins or (self._talk and _MORE.match(line)))
                if self._verbose or not self._talk:
                    self._print(line)
        text = f"{self._job}: {which}: {event.status.id} {event.status.state}"
        if event.said.progress and not event.status.phase.over:
            text += f", {counted(event.said.progress)}"
        self._progress.update(self._line, description=text)
        if text != self._said and not self._console.is_terminal:
            self._print(text)
        self._said = text

    def note(self, text: str) -> None:
        """Say what a command of several runs does next."""
        if not self._quiet:
            self._print(f"{self._job}: {text}")

    def cancels(self, attempt: Attempt) -> bool:
        """Ask once whether Ctrl-C is to cancel the run; where nobody can be asked it is. A second one leaves the run.

        Raises UserError for a run that is left.
        """
        if not (sys.stdin.isatty() and self._console.is_terminal):
            return True
        self._progress.stop()
        try:
            answer = self._console.input(f"cancel run {attempt.run_id}? Ctrl-C leaves it running [y/N] ")
        except (KeyboardInterrupt, EOFError):
            raise UserError(
                f"run {attempt.run_id} goes on; 'emrctl runs attach {attempt.run_id}' follows it, "
                f"'emrctl runs cancel {attempt.run_id}' ends it",
                code=LEFT,
            ) from None
        self._progress.start()
        return answer.strip().lower() in ("y", "yes")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def counted(progress: Counts) -> str:
    """How far a run is, in one phrase."""
    lost = f" ({progress.tasks_lost} lost)" if progress.tasks_lost else ""
    return (
        f"stages {progress.stages_done}/{progress.stages}, tasks {progress.tasks_done}/{progress.tasks}{lost}"
    )

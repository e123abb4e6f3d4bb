"""How a run is shown: while it is under way, on standard error, and its record when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from jobs.lifecycle import Event
    from jobs.runs import Record

# What a shell is told: as timeout(1) and a shell's own Ctrl-C do.
EXIT_CODES: Mapping[str, int] = {"SUCCEEDED": 0, "FAILED": 1, "TIMED_OUT": 124, "CANCELLED": 130}
_COLOURS = {"SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "CANCELLED": "yellow"}
_TAIL = 25


class RunProgress:
    """State and elapsed time of a run: a line that moves on a terminal, a line for each new state elsewhere."""

    def __init__(self, job: str) -> None:
        self._console = Console(stderr=True)
        self._job = job
        self._said: str | None = None
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self._console,
            transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._line = self._progress.add_task(f"{job}: sending", total=None)

    def __call__(self, event: Event) -> None:
        """Show a look at the run, or what is done about it."""
        which = f"run {event.run_id}" + (f", attempt {event.attempt}" if event.attempt > 1 else "")
        if event.note:
            self._console.print(
                f"{self._job}: {which}: {event.note}", markup=False, highlight=False, soft_wrap=True
            )
        if event.status is None:
            return
        text = f"{self._job}: {which}: {event.status.id} {event.status.state}"
        self._progress.update(self._line, description=text)
        if text != self._said and not self._console.is_terminal:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._said = text

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def summary(record: Record) -> str:
    """A run's record in six lines, seven where it did not succeed, with rich's markup."""
    colour = _COLOURS[record.state]
    tries = f" in {len(record.attempts)} attempts" if len(record.attempts) > 1 else ""
    lines = [
        f"run       {record.run_id} of {record.job} [{colour}]{record.state}[/]{tries}",
        f"duration  {seconds(record.duration_seconds)}, after {seconds(record.queued_seconds)} in the queue",
        f"rows      {number(record.rows_read)} read, {number(record.rows_written)} written",
        f"bytes     {size(record.bytes_read)} read, {size(record.bytes_written)} written, "
        f"{size(record.shuffle_read_bytes)} shuffled",
        f"tasks     {number(record.tasks)}, {number(record.failed_tasks)} failed",
        f"cost      {money(record.cost_usd)} for {escape(record.cost_basis)}",
    ]
    if record.reason:
        lines.append(f"reason    {escape(record.reason)}")
    if record.failure:
        lines.append(
            f"failure   {record.failure.failure_class}; 'emrctl runs explain {record.run_id}' shows why"
        )
    if record.mitigations:
        lines.append(f"mitigated {escape('; '.join(map(str, record.mitigations)))}")
    return "\n".join(lines)


def failing_lines(logs: Mapping[str, str]) -> str:
    """What the logs say last of a failure: the driver's own traceback, else the end of what spark-submit said."""
    order = ("driver stdout", "driver stderr", "stdout", "stderr", "controller")
    present = [(name, logs[name].strip().splitlines()) for name in order if logs.get(name, "").strip()]
    for name, lines in present:
        starts = [index for index, line in enumerate(lines) if line.startswith("Traceback (most recent")]
        if starts:
            return "\n".join([f"{name}:", *lines[starts[-1] :][:_TAIL]])
    name, lines = next((each for each in present if each[0] == "stderr"), present[0] if present else ("", []))
    return "\n".join([f"{name}:", *lines[-_TAIL:]]) if lines else ""


def seconds(value: float | None) -> str:
    """Seconds for people; a dash when they are not known."""
    if value is None:
        return "-"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {value % 60:.0f} s"


def number(value: int | None) -> str:
    """A count for people."""
    return "-" if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Bytes for people, in powers of 1000."""
    if value is None:
        return "-"
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def money(value: float | None) -> str:
    """An estimate in US dollars."""
    return "not known" if value is None else f"about {value:.4f} USD"

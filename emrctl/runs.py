"""How a run's record is shown, and the sizes in it; `emrctl.watching` shows a run that is under way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from facts.errors import UserError
from jobs.spec import dates

if TYPE_CHECKING:
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt, Record
    from jobs.runtimes.base import Status

# What a shell is told: as timeout(1) and a shell's own Ctrl-C do.
EXIT_CODES: Mapping[str, int] = {"SUCCEEDED": 0, "FAILED": 1, "TIMED_OUT": 124, "CANCELLED": 130}
_COLOURS = {"SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "CANCELLED": "yellow"}
_TAIL = 25


def tell(record: Record, lifecycle: Lifecycle, *, as_json: bool) -> int:
    """Print a run's record and, of one that failed, what its logs say last. Returns the exit code."""
    print(record.model_dump_json(indent=2)) if as_json else _print(summary(record))
    if record.state == "FAILED" and (lines := failing_lines(lifecycle.logs(record))):
        Console(stderr=True).print(lines, markup=False, highlight=False, soft_wrap=True)
    return EXIT_CODES[record.state]


def _print(text: str) -> None:
    Console().print(text, highlight=False, soft_wrap=True)


def moment(said: str, now: datetime) -> datetime:
    """What `--since` says: so many minutes, hours or days before `now`, or a day or hour in UTC. Raises UserError."""
    if ago := re.fullmatch(r"(\d{1,4})([mhd])", said):
        return now - timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[ago[2]]: int(ago[1])})
    try:
        return dates.parse(said, "UTC")
    except ValueError as error:
        raise UserError(f"--since: {error}; or how long ago, such as 90m, 12h or 7d") from None


def state(status: Status | None) -> str:
    """The state of an open run: its phase, and of a run that its runtime has in no list that."""
    return status.phase.value if status else "UNSENT"


def opened(attempt: Attempt, status: Status | None) -> dict[str, Any]:
    """An open run as JSON: what was kept of it, and where it is."""
    seen = {"id": status.id, "runtime_state": status.state} if status else {}
    return {**attempt.model_dump(mode="json"), "state": state(status), **seen}


def named(run: Record | Attempt) -> str:
    """The job's name, and of a canary's run that it is one."""
    return f"{run.job} (canary)" if run.shadow else run.job


def summary(record: Record) -> str:
    """A run's record in six lines, more where it did not succeed or was a canary's, with rich's markup."""
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
    if record.shadow:
        lines.append(f"shadow    of a canary, written to {escape(', '.join(record.outputs))}")
    if record.conf:
        said = "; ".join(f"{name}={value}" for name, value in record.conf.items())
        lines.append(f"conf      {escape(said)}, which this run said itself")
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

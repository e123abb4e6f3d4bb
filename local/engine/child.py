"""Run a long program of ours: say that it goes on, and never leave it, or what it started, behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPORT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended: its exit code, None when its time was over; and what it said, empty lines left out."""

    code: int | None
    lines: list[str]


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    tick: Callable[[float, str], None],
    seconds: float = float("inf"),
) -> Ended:
    """Run `command` to its end, or for `seconds`. `tick` gets the seconds gone and the last line said, now and then.

    It runs in a session of its own, so that it ends with all it started, on Ctrl-C too.
    """
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        code = None
        try:
            while code is None and (gone := time.monotonic() - started) < seconds:
                tick(gone, _last(log.fileno()))
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=min(REPORT_SECONDS, seconds - gone))
        finally:
            if code is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        log.seek(0)
        return Ended(code=code, lines=[line.strip() for line in log if line.strip()])


def _last(descriptor: int) -> str:
    """The last whole line of a growing file, read without moving where its writer stands."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 2000, max(0, size - 2000)).decode(errors="replace")
    lines = tail.split("\n")[:-1]
    return lines[-1].strip() if lines else ""

"""Run the engine in the user's terminal, and stop it as its own Ctrl-C does: finish what is under way, then end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


def run(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], interactive: bool, out: int | None
) -> int:
    """Run `command` to its end and return its exit code; `out` is the descriptor of its output, None for ours.

    A first Ctrl-C (or SIGTERM) lets the engine stop in order, a second one stops it at once; either way it is waited
    for, then KeyboardInterrupt (SystemExit) is raised. A killed engine would leave its lock and half-known resources.
    """
    asked: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        # In an interactive terminal a Ctrl-C reaches the engine by itself; twice would mean "at once".
        if started and not (interactive and number == signal.SIGINT):
            started[0].send_signal(signal.SIGINT)

    with (
        _handling(stop),
        subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdout=out, start_new_session=not interactive
        ) as process,
    ):
        started.append(process)
        if asked:  # between the handler's place and the engine's start
            process.send_signal(signal.SIGINT)
        code = process.wait()
    if signal.SIGTERM in asked:
        raise SystemExit(128 + signal.SIGTERM)
    if asked:
        raise KeyboardInterrupt
    return code if code >= 0 else 128 - code  # ended by a signal: as a shell says it


def is_interactive() -> bool:
    """Whether the engine may draw: somebody sits in front of standard output."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def _handling(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have `stop` handle Ctrl-C and SIGTERM for a while. Only the main thread can; another one has no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""How the engine is stopped: once, in order, and waited for. A stand-in engine says what reached it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks import terminal

# Ends in order at the first SIGINT, which takes a moment; a second one would end it at once, with another code.
ENGINE = """
import os, pathlib, signal, sys, time
seen = []
def stop(number, frame):
    seen.append(number)
    if len(seen) > 1:
        sys.exit(9)
signal.signal(signal.SIGINT, stop)
pathlib.Path("draft").write_text(str(os.getpgrp() == os.getpid()))
pathlib.Path("draft").rename("started")
while not seen:
    time.sleep(0.01)
time.sleep(0.3)
pathlib.Path("ended").touch()
"""
CALLER = """
import os, pathlib, sys
from stacks import terminal
terminal.run([sys.executable, "-c", sys.argv[1]], cwd=pathlib.Path.cwd(), env=os.environ,
             interactive=sys.argv[2] == "interactive", out=None)
"""


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`, at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_caller_alone_stops_the_engine_in_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", CALLER, ENGINE, "not interactive"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as caller:
        until((tmp_path / "started").exists)
        caller.send_signal(number)
        assert caller.wait(timeout=30) == (143 if number == signal.SIGTERM else -signal.SIGINT)
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("kind", ["interactive", "not interactive"])
def test_a_ctrl_c_in_the_terminal_reaches_the_engine_once(tmp_path: Path, kind: str) -> None:
    """A terminal signals the whole foreground group."""
    command = [sys.executable, "-c", CALLER, ENGINE, kind]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, process_group=0) as caller:
        until((tmp_path / "started").exists)
        os.killpg(caller.pid, signal.SIGINT)
        assert caller.wait(timeout=30) == -signal.SIGINT
    assert (tmp_path / "ended").exists()
    # In the caller's group it would be signalled twice where the caller forwards.
    assert (tmp_path / "started").read_text() == str(kind != "interactive")


def test_an_exit_code_is_passed_on_and_a_kill_is_told_as_a_shell_does(tmp_path: Path) -> None:
    def code(program: str) -> int:
        return terminal.run(
            ["sh", "-c", program], cwd=tmp_path, env={"PATH": "/bin:/usr/bin"}, interactive=False, out=None
        )

    assert code("exit 7") == 7
    assert code("kill -9 $$") == 137


def test_the_callers_own_handlers_are_back_afterwards(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    terminal.run(["true"], cwd=tmp_path, env={"PATH": "/bin:/usr/bin"}, interactive=False, out=None)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before

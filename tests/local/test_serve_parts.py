"""What the server's process is made of: the reaper, the log, the processes of an instance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid

from local import control, paths, processes

# Starts a child of its own that drops the mark, says its pid, and sleeps.
PARENT = (
    "import os, subprocess, sys, time; os.environ.pop('EMRCTL_LOCAL'); "
    "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(c.pid, flush=True); time.sleep(600)"
)


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('', flush=True); time.sleep(600)"


def start(instance: str) -> tuple[subprocess.Popen[str], int]:
    """A marked process and the pid of the unmarked child that it has started."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env={**os.environ, processes.MARK: instance}, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def test_the_reaper_waits_for_the_pipe_and_ends_only_its_instance() -> None:
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    ours, child = start(mine)
    theirs, _ = start(other)
    reaper = subprocess.Popen(
        [sys.executable, "-m", "local.reaper", mine], stdin=subprocess.PIPE, cwd=paths.root()
    )
    try:
        assert reaper.stdin is not None
        found = {p.pid for p in processes.of_instance(mine)}
        assert found == {ours.pid, child}  # a child without the mark belongs to it all the same

        reaper.stdin.close()
        assert reaper.wait(30) == 0
        assert ours.wait(5) != 0
        assert processes.of_instance(mine) == []
        assert theirs.poll() is None
    finally:
        for instance in (mine, other):
            processes.end_instance(instance, grace=1)


def test_a_process_that_ignores_the_request_is_killed() -> None:
    instance = str(uuid.uuid4())
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], env={**os.environ, processes.MARK: instance}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert processes.end_instance(instance, grace=0.2) == 1
    assert process.wait(5) == -signal.SIGKILL


def test_the_last_lines_of_the_log_and_then_the_new_ones() -> None:
    home = paths.home()
    log = control.log_file(home)
    assert control.log_lines(home, 5) == []
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {i}\n" for i in range(10)))
    assert control.log_lines(home, 2) == ["line 8", "line 9"]

    def write() -> None:
        with log.open("a") as file:
            file.write("new\n")
        log.rename(f"{log}.1")
        log.write_text("after rotation\n")

    following = control.follow(home, poll=0.01)
    writer = threading.Timer(0.2, write)  # the log is opened, at its end, when the first line is asked for
    writer.start()
    assert next(following) == "new"
    assert next(following) == "after rotation"
    writer.join()

"""The processes of a local AWS: which they are, and how they are ended. Light: the reaper lives on it.

Every process that a local AWS starts carries `EMRCTL_LOCAL=<instance>` in its environment, and so do theirs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "EMRCTL_LOCAL"
_POLL_SECONDS = 0.02
_ROUNDS = 20  # of looking again, because a process may have started another meanwhile


def of_instance(instance: str) -> list[psutil.Process]:
    """The processes that carry the mark of `instance`, and all they have started; never the caller itself."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == instance:
                family = [process, *process.children(recursive=True)]
                found.update({p.pid: p for p in family})
        except (psutil.Error, OSError):
            continue  # it has ended, or it is another user's
    found.pop(os.getpid(), None)
    return [p for p in found.values() if alive(p)]


def end_instance(instance: str, *, grace: float = 3.0, spare: Iterable[int] = ()) -> int:
    """End every process of `instance` but those of the pids in `spare`. Returns how many there were.

    Each is asked first, and killed when it has not ended after `grace` seconds.
    """
    spared, ended = set(spare), set[int]()
    for _ in range(_ROUNDS):
        found = [p for p in of_instance(instance) if p.pid not in spared]
        if not found:
            break
        ended.update(p.pid for p in found)  # one that ends slowly is found again, and is still one
        end(found, grace=grace)
    return len(ended)


def end(processes: list[psutil.Process], *, grace: float) -> None:
    """Ask `processes` to end, and kill those that have not after `grace` seconds."""
    for process in processes:
        _signal(process.terminate)
    for process in wait_gone(processes, grace):
        _signal(process.kill)
    wait_gone(processes, grace)


def memory(processes: Iterable[psutil.Process]) -> int:
    """Resident bytes of `processes` together."""
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def claim(home: Path) -> Path:
    """The file in which a server says, before it is ready, who it is: for whoever must end it."""
    return home / "serve.json"


def server(pid: int, home: str) -> psutil.Process | None:
    """The process `pid` when it is the server of `home`; a number alone may be another process's by now."""
    try:
        process = psutil.Process(pid)
        words = process.cmdline()
        return process if "local.serve" in words and home in words and alive(process) else None
    except psutil.Error:
        return None


def wait_gone(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until `processes` have ended, for `seconds` at most. Returns those that have not.

    One that only waits for its parent to take note of its end has ended; psutil's own wait would wait on.
    """
    deadline = time.monotonic() + seconds
    left = [p for p in processes if alive(p)]
    while left and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        left = [p for p in left if alive(p)]
    return left


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that only waits for its parent to take note of its end does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _signal(send: Callable[[], None]) -> None:
    with suppress(psutil.Error):  # it may have ended meanwhile
        send()

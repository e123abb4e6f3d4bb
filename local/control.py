"""Bring the local AWS of a home up, look at it, take it down: what the verbs of `emrctl local` call."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from facts.errors import UserError
from local import paths, processes, snapshots, state
from local.processes import MARK, claim

READY_SECONDS = 60.0
END_SECONDS = 40.0
CLOCK_SECONDS = 300.0  # as long as what a moved clock brings about may take
NOT_UP = 3  # exit code of `emrctl local status` when nothing is up
ERROR_LINES = 5
# glibc keeps what is freed in between of what is used: after a demo two thirds of the server's memory were objects long
# deleted. Larger pieces in maps of their own, and few arenas, go back at once (mallopt(3)); other C libraries do not
# read these.
_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(128 << 10)}


@dataclass(frozen=True, kw_only=True)
class Up:
    """A local AWS that is up; `seconds` are those from start to readiness, 0 when it was up already.

    `snapshot` is what became of the last snapshot at its start: `made_at`, `age_seconds` and what it `holds` when it
    was restored, else the `problem`; None when there was none.
    """

    state: state.LocalState
    started: bool
    seconds: float
    snapshot: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Down:
    """What `down` found to end; `kept` says whether what a server held is in a snapshot."""

    server: bool
    strays: int
    kept: bool = True


def log_file(home: Path) -> Path:
    """The server's log."""
    return home / "logs" / "local.log"


def up(
    home: Path, *, port: int = 0, enforce_iam: bool = False, fresh: bool = False,
    provisioning_seconds: float | None = None, run_bootstrap: bool = False,
) -> Up:  # fmt: skip
    """Start the local AWS of `home` from its last snapshot and wait until it is ready; fine when it is up.

    With `fresh` it starts empty. Nodes take `provisioning_seconds` to come. Raises UserError, with one line, when it
    cannot start, or is up without the enforcement that is asked for, or is up and should behave otherwise.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "logs").mkdir(exist_ok=True)
        with _turn(home):
            current = state.read(home)
            if current is not None:
                if fresh:
                    raise UserError("a local AWS is up; end it with 'emrctl local down' to start a fresh one")
                if enforce_iam and not current.enforce_iam:
                    raise UserError(
                        "a local AWS that does not enforce IAM is up; end it with 'emrctl local down' first"
                    )
                if run_bootstrap or provisioning_seconds is not None:
                    raise UserError(
                        "a local AWS is up; end it with 'emrctl local down' first: how clusters come up is chosen "
                        "when it starts"
                    )
                return Up(state=current, started=False, seconds=0.0)
            words = ["--port", str(port)]
            words += ["--enforce-iam"] if enforce_iam else []
            words += ["--fresh"] if fresh else []
            words += ["--run-bootstrap"] if run_bootstrap else []
            if provisioning_seconds is not None:
                words += ["--provisioning-seconds", str(provisioning_seconds)]
            return _start(home, words)
    except OSError as error:
        raise UserError(_no_home(home, error)) from None


def down(home: Path) -> Down:
    """End the local AWS of `home` and whatever it has left behind; fine when there is none."""
    if not home.is_dir():
        return Down(server=False, strays=0)
    with _turn(home):
        return _end(home)


def status(home: Path) -> dict[str, Any] | None:
    """How the local AWS of `home` is, as plain JSON values; None when it is not up."""
    current = state.read(home)
    if current is None:
        return None
    server = processes.server(current.pid, str(home))
    children = processes.of_instance(current.instance)
    with urllib.request.urlopen(f"{current.endpoint}/_emrctl/status", timeout=10) as answer:  # noqa: S310 ours
        told: dict[str, Any] = json.load(answer)
    started = datetime.fromisoformat(current.started_at)
    return {
        "endpoint": current.endpoint,
        "provider_port": current.provider_port,
        "region": current.region,
        "account_id": current.account_id,
        "pid": current.pid,
        "started_at": current.started_at,
        "uptime_seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "memory_bytes": processes.memory([*([server] if server else []), *children]),
        "processes": [_process(p) for p in children],
        **told,
    }


def move_clock(home: Path, seconds: float = 0.0) -> dict[str, Any]:
    """Let `seconds` pass on the test clock of the local AWS of `home`; what it says of its time.

    Returns when all that falls due meanwhile has happened. Raises UserError when none is up.
    """
    return _order(home, "clock", {"advance_seconds": seconds})


def reclaim_spot(home: Path, order: Mapping[str, object]) -> dict[str, Any]:
    """Have the local AWS of `home` take spot instances away (local/cloud/emr/spot.py says what an order may say).

    Raises UserError when none is up, or there is none such to take.
    """
    return _order(home, "spot", order)


def order_market(home: Path, order: Mapping[str, object]) -> dict[str, Any]:
    """Have the EC2 of `home` have less, or tell what it has (local/cloud/emr/market.py). Raises UserError."""
    return _order(home, "market", order)


def _order(home: Path, path: str, order: Mapping[str, object]) -> dict[str, Any]:
    current = state.read(home)
    if current is None:
        raise UserError("no local AWS is up; start it with 'emrctl local up'")
    request = urllib.request.Request(  # noqa: S310 ours
        f"{current.endpoint}/_emrctl/{path}",
        data=json.dumps(order).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=CLOCK_SECONDS) as answer:  # noqa: S310 ours
            told: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise UserError(json.load(error)["error"]) from None
    return told


def log_lines(home: Path, lines: int) -> list[str]:
    """The last `lines` lines of the log; empty when there is none yet."""
    try:
        with log_file(home).open(errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []


def follow(home: Path, *, poll: float = 0.3) -> Iterator[str]:
    """New lines of the log as they come, for ever; goes on with the new file when the log is rotated."""
    path = log_file(home)
    file = path.open(errors="replace")
    file.seek(0, os.SEEK_END)
    while True:
        line = file.readline()
        if line:
            yield line.rstrip("\n")
        elif path.exists() and path.stat().st_ino != os.fstat(file.fileno()).st_ino:
            file.close()
            file = path.open(errors="replace")
        else:
            time.sleep(poll)


def _start(home: Path, words: Sequence[str]) -> Up:
    _end(home)  # what a killed server may have left
    began = time.monotonic()
    ours, theirs = os.pipe()
    output = home / "logs" / "serve.out"
    environment = _environment()
    with output.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "local.serve", "--home", str(home), "--ready-fd", str(theirs), *words],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=paths.root(), env=environment,
            pass_fds=(theirs,), start_new_session=True,
        )  # fmt: skip
    os.close(theirs)
    answer = _answer(ours)
    if "ready" in answer:
        current = state.read(home)
        assert current is not None, "a server that says it is ready has written its state"
        seconds = time.monotonic() - began
        return Up(state=current, started=True, seconds=seconds, snapshot=answer["snapshot"])
    if "error" in answer:
        child.wait()
        raise UserError(f"the local AWS does not start: {answer['error']}")
    code = child.poll()
    fate = f"ended with code {child.wait()}" if answer else f"is not ready after {READY_SECONDS:.0f} s"
    if code is None:
        child.kill()
        child.wait()
    _end(home)
    last = [line for line in output.read_text(errors="replace").splitlines() if line.strip()]
    tail = "; ".join((last or log_lines(home, ERROR_LINES))[-ERROR_LINES:])
    raise UserError(f"the local AWS {fate}; its last words: {tail or 'none'}; see {log_file(home)}")


def _environment() -> dict[str, str]:
    """The server's environment: the user's own, without the mark of another instance.

    Where Python is told to keep no bytecode beside its sources, it is kept in our cache: compiling moto and all it
    needs again at each start costs more than half of the time to readiness.
    """
    environment = _MALLOC | {name: value for name, value in os.environ.items() if name != MARK}
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(paths.cache() / "bytecode"))
    return environment


def _answer(pipe: int) -> dict[str, Any]:
    """What the child says: `ready` or `error`; `ended` when it is gone without; empty after too long."""
    deadline = time.monotonic() + READY_SECONDS
    with os.fdopen(pipe) as reader:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return {}
        line = reader.readline()
    said: dict[str, Any] = json.loads(line) if line else {"ended": ""}
    return said


def _end(home: Path) -> Down:
    try:
        who = json.loads(claim(home).read_text())
        pid, instance = int(who["pid"]), str(who["instance"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Down(server=False, strays=0)
    server = processes.server(pid, str(home))
    began = datetime.now(UTC)
    if server is not None:
        server.terminate()
        if processes.wait_gone([server], END_SECONDS):
            processes.end([server], grace=0)
    strays = processes.end_instance(instance)
    state.remove(home)
    claim(home).unlink(missing_ok=True)
    return Down(server=server is not None, strays=strays, kept=server is None or snapshots.since(home, began))


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time: the second finds what the first has done."""
    try:
        with FileLock(home / "control.lock", timeout=READY_SECONDS + END_SECONDS):
            yield
    except Timeout:
        raise UserError(f"another emrctl has been busy with {home} for too long; is it stuck?") from None


def _no_home(home: Path, error: OSError) -> str:
    return (
        f"cannot use {home}: {error.strerror}; free space, mend its permissions, "
        "or name another folder with EMRCTL_HOME"
    )


def _process(process: psutil.Process) -> dict[str, object]:
    try:
        return {"pid": process.pid, "name": process.name(), "memory_bytes": process.memory_info().rss}
    except psutil.Error:  # it has ended meanwhile
        return {"pid": process.pid, "name": "", "memory_bytes": 0}

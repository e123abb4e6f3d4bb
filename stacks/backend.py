"""A file backend of ours: its environment, its stacks, and the locks that engines leave when they are killed."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from facts.errors import UserError

# How long an update of the same stack by another process is waited for: a cluster's start is part of it.
WAIT_SECONDS = 900.0
# A lock is written after its process started; clocks and roundings apart.
SLACK_SECONDS = 5.0
# The engine's entry of a stack as a whole in its state, and the version of the state's form.
STACK_TYPE = "pulumi:pulumi:Stack"
STATE_VERSION = 3


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Who holds a stack."""

    pid: int
    host: str
    taken: float

    def process(self) -> psutil.Process | None:
        """The engine that took the lock, or None when it has ended: its number may be another process's by now."""
        try:
            process = psutil.Process(self.pid)
            later = process.create_time() > self.taken + SLACK_SECONDS
            return None if later or process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.Error:
            return None


def environment(bin_dir: Path, home: Path) -> dict[str, str]:
    """What the engine needs for a file backend, all of it under `home`; the passphrase is made once and stays."""
    (home / "backend").mkdir(parents=True, exist_ok=True)
    return {
        "PATH": search_path(bin_dir),
        "PULUMI_HOME": str(home / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase(home)),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }


def search_path(bin_dir: Path) -> str:
    """PATH with the engine and this Python's environment first: the language host takes `python` from there."""
    return os.pathsep.join(
        [str(bin_dir), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )


def names(backend: Path) -> list[str]:
    """The stacks that were ever brought up here, or are referred to here."""
    return sorted(file.stem for file in _stacks(backend).glob("*/*.json"))


def deployment(backend: Path, project: str, stack: str) -> dict[str, Any] | None:
    """The stack's state as the engine wrote it last, secrets as ciphertext; None when there is no such stack."""
    file = _stacks(backend) / project / f"{stack}.json"
    try:
        checkpoint = json.loads(file.read_text())["checkpoint"]
    except FileNotFoundError:
        return None
    found: dict[str, Any] = checkpoint.get("latest") or {}
    return found


def publish(backend: Path, project: str, stack: str, deployment: Mapping[str, Any] | None) -> None:
    """Have stacks of `backend` read by reference what a stack exports whose state is elsewhere; None: there is none.

    A reference is read in the backend of who refers. What is kept here is the stack's own entry, which has the exports,
    and no resource of it; it is written anew whenever it may be read.
    """
    file = _stacks(backend) / project / f"{stack}.json"
    root = [one for one in (deployment or {}).get("resources") or [] if one["type"] == STACK_TYPE]
    if deployment is None or not root:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    latest = {"manifest": deployment["manifest"], "resources": root}
    draft = file.with_name(f".{stack}.{os.getpid()}")
    draft.write_text(json.dumps({"version": STATE_VERSION, "checkpoint": {"stack": stack, "latest": latest}}))
    draft.replace(file)


def mend(backend: Path, project: str, stack: str, say: Callable[[str], None]) -> None:
    """Put the engine's own last copy in the place of a state that cannot be read: seen empty, once, after a kill.

    What the lost state said beyond it, the engine's refresh and the provider's journal find again. What the engine
    notes of a file beside it (`.attrs`) is written in place, so that a kill can leave it empty, and the engine then
    says "EOF" of the file itself; without notes it does well.
    """
    for notes in (backend / ".pulumi").rglob("*.attrs"):
        ours = notes.name.startswith((f"{stack}.json", "meta.yaml")) or notes.parent.name == stack
        with suppress(FileNotFoundError):
            if ours and not notes.stat().st_size:
                notes.unlink()
    file = _stacks(backend) / project / f"{stack}.json"
    copy = file.with_name(f"{file.name}.bak")
    if file.is_file() and not _readable(file) and _readable(copy):
        say(f"the state of stack '{stack}' cannot be read; the engine's last copy of it is taken")
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_bytes(copy.read_bytes())
        draft.replace(file)


def _readable(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text()), dict)
    except (OSError, ValueError):
        return False


def free(
    stack: str, locks: Callable[[], list[Lock]], *, cancel: Callable[[], object], say: Callable[[str], None]
) -> None:
    """Wait for the engines that hold `stack`, and call `cancel` once when what is left are locks of dead ones.

    Raises UserError for a lock of another machine, and when an engine holds the stack for too long.
    """
    held = locks()
    for lock in held:
        if lock.host != socket.gethostname():
            raise UserError(
                f"stack '{stack}' is locked by process {lock.pid} on {lock.host}; wait for it, or free the stack there "
                "with 'pulumi cancel'"
            )
        process = lock.process()
        if process is not None:
            say(f"another update of stack '{stack}' runs (process {lock.pid}); waiting for it")
            try:
                process.wait(timeout=WAIT_SECONDS)
            except psutil.TimeoutExpired:
                raise UserError(
                    f"stack '{stack}' has been held by process {lock.pid} for {WAIT_SECONDS / 60:.0f} minutes; end it "
                    "and try again"
                ) from None
    left = locks()
    if left and all(lock.process() is None for lock in left):
        say(f"stack '{stack}' was left locked by an update that was killed; freeing it")
        cancel()


def locks(backend: Path, stack: str) -> list[Lock]:
    """Who holds `stack`, ended or not."""
    found = []
    for file in (backend / ".pulumi" / "locks").rglob("*.json"):
        with suppress(FileNotFoundError):  # given back meanwhile
            if file.parent.name == stack:
                found.append(lock(file.read_text()))
    return found


def lock(text: str) -> Lock:
    """The lock that the engine wrote as `text`."""
    said = json.loads(text)
    taken = datetime.fromisoformat(said["timestamp"]).timestamp()
    return Lock(pid=said["pid"], host=said["hostname"], taken=taken)


def _stacks(backend: Path) -> Path:
    """Where the engine keeps states: a folder a project, a file a stack."""
    return backend / ".pulumi" / "stacks"


def passphrase(home: Path) -> Path:
    """The file with the passphrase under `home`, made once; of two processes that make it at once, one wins."""
    file = home / "passphrase"
    if not file.exists():
        draft = home / f"passphrase.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file

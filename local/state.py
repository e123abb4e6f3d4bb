"""The state file of a running local AWS: who it is, where it listens, with which credentials."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from json import JSONDecodeError, dumps, loads
from pathlib import Path

from local import processes


@dataclass(frozen=True, kw_only=True)
class LocalState:
    """What `emrctl` needs to reach a local AWS. Times are UTC in ISO 8601; credentials are made up per run."""

    pid: int
    started_at: str
    instance: str
    endpoint: str
    provider_port: int
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str
    enforce_iam: bool = False


def _file(home: Path) -> Path:
    return home / "local.json"


def write(home: Path, state: LocalState) -> None:
    """Write the state in one step: a reader sees all of it or none. Only the user may read it."""
    home.mkdir(parents=True, exist_ok=True)
    draft = _file(home).with_suffix(f".{os.getpid()}.tmp")
    draft.touch(mode=0o600)
    draft.write_text(dumps(asdict(state), indent=2))
    draft.replace(_file(home))


def read(home: Path) -> LocalState | None:
    """The state of the local AWS that runs from `home`, or None when none does."""
    try:
        state = LocalState(**loads(_file(home).read_text()))
    except (FileNotFoundError, JSONDecodeError, TypeError):
        return None
    return state if processes.server(state.pid, str(home)) is not None else None


def remove(home: Path) -> None:
    """Forget the state; fine when there is none."""
    _file(home).unlink(missing_ok=True)

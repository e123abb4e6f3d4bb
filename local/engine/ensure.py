"""Find or get `pulumi`: on PATH, from the official installer, or built from Go modules into the cache.

The modules are pinned by the go.mod and go.sum files beside this one. Why these versions: docs/engine.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from facts.errors import UserError
from local import paths
from local.engine import build, installer
from local.engine.child import REPORT_SECONDS

# The oldest engine that the Python SDK of the lock file was seen working with.
OLDEST = (3, 220, 0)
PROBE_SECONDS = 60.0  # for `pulumi version`, on a machine that is busy
Origin = Literal["path", "installer", "built"]
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that runs Python programs: the folder to put first on PATH, its version, where it came from."""

    bin_dir: Path
    version: str
    origin: Origin


def ensure(progress: Progress = lambda _line: None) -> Engine:
    """The engine to use; gets it when the machine has none. `progress` receives one line at a time.

    Raises UserError when it can be neither found, nor installed, nor built.
    """
    return _on_path(progress) or _cached() or _get(progress)


def _on_path(progress: Progress) -> Engine | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    engine = _engine(Path(found).parent, "path")
    if engine is None:
        progress(
            f"engine: {found} does not run, or cannot run Python, or is older than {build.VERSION}; not used"
        )
    return engine


def _cached() -> Engine | None:
    return _engine(installer.folder() / "bin", "installer") or _engine(build.folder(), "built")


def _get(progress: Progress) -> Engine:
    """Install or build, one process at a time: a second one waits and finds what the first has made."""
    cache = paths.cache() / "engine"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / "lock", progress):
            for draft in cache.glob("draft-*"):  # of a process that was killed: the lock is ours
                shutil.rmtree(draft, ignore_errors=True)
            return _cached() or _install(progress) or _build(progress)
    except OSError as error:
        raise UserError(
            f"cannot write the engine to {cache}: {error.strerror or error}; mend that, or set EMRCTL_CACHE to a "
            "folder with 300 MB free"
        ) from error


def _lock(file: Path, progress: Progress) -> FileLock:
    lock = FileLock(file)
    while True:
        try:
            lock.acquire(timeout=REPORT_SECONDS)
            return lock
        except Timeout:
            progress("engine: another process gets it; waiting")


def _install(progress: Progress) -> Engine | None:
    return _engine(installer.folder() / "bin", "installer") if installer.install(progress) else None


def _build(progress: Progress) -> Engine:
    if shutil.which("go") is None:
        raise UserError(
            "no Pulumi engine: 'pulumi' is not on PATH, its installer cannot be reached, and there is no Go to build "
            f"it with; {build.WAYS_OUT}"
        )
    build.build(progress)
    engine = _engine(build.folder(), "built")
    if engine is None:
        raise UserError(f"the engine built in {build.folder()} does not run here; {build.WAYS_OUT}")
    return engine


def _engine(folder: Path, origin: Origin) -> Engine | None:
    """The engine in `folder`, or None when it does not run, cannot run Python programs, or is too old."""
    if not all((folder / program).is_file() for program in build.PROGRAMS):
        return None
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        done = subprocess.run(
            [folder / "pulumi", "version"],
            check=True,
            capture_output=True,
            text=True,
            env=env,
            timeout=PROBE_SECONDS,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout.strip())
    if match is None or tuple(map(int, match.groups())) < OLDEST:
        return None
    return Engine(bin_dir=folder, version=".".join(match.groups()), origin=origin)

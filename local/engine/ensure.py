"""Find or get `pulumi`: on PATH, from the official installer, or built from Go modules into the cache.

The modules are pinned by the go.mod and go.sum files beside this one. Why these versions: docs/engine.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from facts.errors import UserError
from local import paths
from local.engine import build

# The oldest engine that the Python SDK of the lock file was seen working with.
OLDEST = (3, 220, 0)
# The installer's first connection: a machine that cannot reach it must not wait for it.
CONNECT_SECONDS = 5
INSTALL_SECONDS = 300
_INSTALL = """
import socket, sys
from pulumi.automation import PulumiCommand
socket.setdefaulttimeout(float(sys.argv[2]))
PulumiCommand.install(root=sys.argv[1])
"""
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that runs Python programs: the folder to put first on PATH, its version, where it came from."""

    bin_dir: Path
    version: str
    origin: Literal["path", "installer", "built"]


def ensure(progress: Progress = lambda _line: None) -> Engine:
    """The engine to use; gets it when the machine has none. `progress` receives one line at a time.

    Raises UserError when it can be neither found, nor installed, nor built.
    """
    return _on_path() or _cached() or _get(progress)


def _on_path() -> Engine | None:
    found = shutil.which("pulumi")
    if found is None or shutil.which("pulumi-language-python") is None:
        return None
    return _engine(Path(found).parent, "path")


def _cached() -> Engine | None:
    installed = _engine(_installed() / "bin", "installer")
    return installed or _engine(build.folder(), "built")


def _get(progress: Progress) -> Engine:
    """Install or build, one process at a time: a second one waits and finds what the first has made."""
    cache = paths.cache() / "engine"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "lock"):
            return _cached() or _install(progress) or _build(progress)
    except OSError as error:
        raise UserError(
            f"cannot write the engine to {cache}: {error.strerror or error}; it needs 1.5 GB while it is built and "
            "200 MB after; free some space, or set EMRCTL_CACHE to a folder on another disk"
        ) from error


def _installed() -> Path:
    return paths.cache() / "engine" / "official"


def _install(progress: Progress) -> Engine | None:
    """The official installer, where it can be reached; None where it cannot."""
    progress("engine: no pulumi on PATH; asking the official installer")
    with tempfile.TemporaryDirectory(dir=_installed().parent, prefix="install-") as draft:
        try:
            subprocess.run(
                [sys.executable, "-c", _INSTALL, draft, str(CONNECT_SECONDS)],
                check=True,
                capture_output=True,
                timeout=INSTALL_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        shutil.rmtree(_installed(), ignore_errors=True)
        shutil.copytree(draft, _installed(), symlinks=True)
    return _engine(_installed() / "bin", "installer")


def _build(progress: Progress) -> Engine:
    if shutil.which("go") is None:
        raise UserError(
            "no Pulumi engine: 'pulumi' is not on PATH, its installer cannot be reached, and there is no Go to build "
            "it with; install the Pulumi CLI (3.220 or newer), or Go (1.25 or newer), and try again"
        )
    build.build(progress)
    engine = _engine(build.folder(), "built")
    if engine is None:
        raise UserError(
            f"the engine built in {build.folder()} does not run; remove that folder and try again"
        )
    return engine


def _engine(folder: Path, origin: Literal["path", "installer", "built"]) -> Engine | None:
    """The engine in `folder`, or None when it does not run or is too old."""
    if not (folder / "pulumi").is_file():
        return None
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        done = subprocess.run(
            [folder / "pulumi", "version"], check=True, capture_output=True, text=True, env=env
        )
    except (subprocess.CalledProcessError, OSError):
        return None
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout.strip())
    if match is None or tuple(map(int, match.groups())) < OLDEST:
        return None
    return Engine(bin_dir=folder, version=".".join(match.groups()), origin=origin)

"""The official Pulumi CLI, where its installer can be reached."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from local import paths
from local.engine.build import VERSION
from local.engine.child import run

# A machine that cannot reach the installer must not wait for it; one that can may have a slow line.
REACH_SECONDS = 4.0
INSTALL_SECONDS = 300.0
# In a process of its own: the SDK's install knows no time-out, and a name server that does not answer blocks it.
# The timer ends the process unless the first answer arrives in time.
_PROGRAM = """
import os, sys, threading, urllib.request
from pulumi.automation import PulumiCommand
from semver import VersionInfo

timer = threading.Timer(float(sys.argv[3]), os._exit, (1,))
timer.daemon = True
plain = urllib.request.urlopen

def reached(*args, **options):
    answer = plain(*args, **options)
    timer.cancel()
    return answer

urllib.request.urlopen = reached
timer.start()
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def folder() -> Path:
    """Where an installed CLI lies; its programs are in `bin`."""
    return paths.cache() / "engine" / f"{VERSION}-official"


def install(progress: Callable[[str], None]) -> bool:
    """Install into `folder()`, whole or not at all; False where it cannot be had. The caller holds the lock."""
    with tempfile.TemporaryDirectory(dir=folder().parent, prefix="draft-") as draft:
        root = Path(draft) / "root"
        ended = run(
            [sys.executable, "-c", _PROGRAM, str(root), VERSION, str(REACH_SECONDS)],
            cwd=Path(draft),
            env=os.environ,
            tick=lambda gone, _last: progress(f"engine: asking Pulumi's installer, {gone:.0f} s"),
            seconds=INSTALL_SECONDS,
        )
        if ended.code != 0 or not (root / "bin" / "pulumi").is_file():
            return False
        shutil.rmtree(folder(), ignore_errors=True)
        root.replace(folder())
    return True

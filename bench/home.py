"""A home of its own for what is measured, and the commands that run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EMRCTL = Path(sys.executable).with_name("emrctl")


def environment(home: Path) -> dict[str, str]:
    """The user's environment without what names an AWS or a stack, for `home`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    return kept | {"EMRCTL_HOME": str(home), "PATH": f"{EMRCTL.parent}:{os.environ['PATH']}"}


def emrctl(home: Path, *args: str) -> str:
    """What a command prints; ends the run when it fails."""
    done = subprocess.run(
        [EMRCTL, *args],
        cwd=ROOT,
        env=environment(home),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        sys.exit(f"bench: emrctl {' '.join(args)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@contextmanager
def up(home: Path, *options: str) -> Iterator[str]:
    """A local AWS of `home`, taken down at the end; gives what `emrctl local up --json` said."""
    said = emrctl(home, "local", "up", "--json", *options)
    try:
        yield said
    finally:
        emrctl(home, "local", "down")

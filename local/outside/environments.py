"""Python environments of their own, in the user's cache: whole and as their lock file says, or not there at all.

The lock files are beside this one, `<name>.txt`, made with `uv pip compile --generate-hashes`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from facts.errors import UserError
from local import paths

HERE = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")
SECONDS = 600.0


def folder(name: str) -> Path:
    """Where the environment called `name` is, once it is there: keyed by its lock and by our Python."""
    made_of = (HERE / f"{name}.txt").read_bytes() + sys.version.encode()
    return paths.cache() / "outside" / f"{name}-{hashlib.sha256(made_of).hexdigest()[:12]}"


def ensure(name: str) -> Path:
    """The folder of the environment called `name`, made when it is missing. Safe for processes that ask at once.

    Raises UserError with uv's own reason when it cannot be made.
    """
    target = folder(name)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f"{name}.lock"):
        if not target.is_dir():
            draft = target.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            # Relocatable: it is made under another name, and moved when it is whole.
            _uv("venv", "--relocatable", "--python", sys.executable, str(draft))
            _uv("pip", "sync", "--require-hashes", "--python", str(draft), str(HERE / f"{name}.txt"))
            draft.rename(target)
    return target


def packages(name: str) -> Path:
    """The folder that its packages are in, made when it is missing."""
    return next(ensure(name).glob("lib/python*/site-packages"))


def _uv(*words: str) -> None:
    if not UV.exists():
        raise UserError(f"{UV} is not there; install the extra: pip install 'emr-platform[dev]'")
    kept = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run([UV, "--quiet", *words], capture_output=True, text=True, env=kept, timeout=SECONDS)
    if done.returncode != 0:
        said = " ".join(done.stderr.split())  # uv breaks lines by the terminal's width
        reason = said[said.find("error:") :].removeprefix("error: ")
        raise UserError(f"uv {words[0]}: {reason or f'exit code {done.returncode}'}")

"""The Python environment of a release whose pyspark is not emrctl's own: made when first asked for, in the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from facts.errors import UserError
from facts.releases import release
from local import paths
from local.spark.lanes import Lane

Say = Callable[[str], None]
_SECONDS = 1800.0  # for the slowest network that is still one


def ensure(lane: Lane, say: Say = lambda _: None) -> Path:
    """The interpreter that jobs of this release run with; all its packages are there.

    Safe for processes that do so at once. Raises UserError when it cannot be made.
    """
    if lane.requirements is None:
        return Path(sys.executable)
    digest = hashlib.sha256(lane.requirements.read_bytes()).hexdigest()[:12]
    target = paths.cache() / "releases" / f"{lane.label}-{digest}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f"{target.name}.lock"):
        if not (target / "ready").exists():
            shutil.rmtree(target, ignore_errors=True)
            say(
                f"making the environment of {lane.label}: pyspark {lane.pyspark} and more (about 400 MB, once)"
            )
            _make(lane, target, lane.requirements)
            (target / "ready").touch()
    return target / "bin" / "python"


def _make(lane: Lane, target: Path, requirements: Path) -> None:
    python = target / "bin" / "python"
    _uv(lane, "venv", "--quiet", "--no-python-downloads", "--python", _interpreter(lane), str(target))
    _uv(
        lane,
        "pip", "sync", "--quiet", "--require-hashes", "--link-mode", "hardlink", "--python", str(python),
        str(requirements),
    )  # fmt: skip


def _interpreter(lane: Lane) -> str:
    """emrctl's own Python if the release has that version, else the newest that it has, if the machine does."""
    versions = release(lane.label).python
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sys.executable if own in versions else versions[-1]


def _uv(lane: Lane, *words: str) -> None:
    from uv import find_uv_bin

    try:
        subprocess.run(
            [find_uv_bin(), *words],
            check=True, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UserError(
            f"the environment of {lane.label} is not there after {_SECONDS:.0f} s; start again: "
            "what was downloaded is kept"
        ) from None
    except subprocess.CalledProcessError as error:
        said = [line.strip() for line in error.stderr.splitlines() if line.strip()]
        raise UserError(
            f"the environment of {lane.label} cannot be made: {said[-1] if said else 'no output'}; it needs Python "
            f"{' or '.join(release(lane.label).python)} and the package index"
        ) from None

"""SPARK_HOME: the programs and jars of pip's pyspark, at one path for all checkouts.

Java's class-data archives hold for jars at one path with one date. In a virtual environment both are new with every
clone, and the archives would be made anew, a few minutes each time. So the cache has them, as hard links if it can.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

from facts.errors import UserError
from local import paths

_FOLDERS = ("bin", "jars", "python", "sbin")  # what Spark's scripts and JVMs look for under SPARK_HOME


def find_installed() -> Path:
    """The folder of the pyspark package. Raises UserError when it is not installed."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise UserError("pyspark is not installed in this environment; run 'make setup'")
    return Path(found.origin).parent


def ensure(installed: Path) -> Path:
    """SPARK_HOME for the package `installed`, linked into the cache if it is not there yet.

    Safe for processes that do so at once.
    """
    target = paths.cache() / "spark" / f"{version('pyspark')}-{_digest()}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f"{target.name}.lock"):
        if not target.is_dir():
            partial = target.parent / f"{target.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            for folder in _FOLDERS:
                shutil.copytree(
                    installed / folder,
                    partial / folder,
                    copy_function=_link,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
            partial.rename(target)
    return target


def _digest() -> str:
    """Stands for the package's content: RECORD has the digest of every file, and of bytecode that pip made itself."""
    record = distribution("pyspark").read_text("RECORD") or ""
    wanted = tuple(f"pyspark/{folder}/" for folder in _FOLDERS)
    kept = sorted(
        line for line in record.splitlines() if line.startswith(wanted) and "__pycache__" not in line
    )
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:12]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)

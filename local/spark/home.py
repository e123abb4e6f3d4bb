"""SPARK_HOME: the programs and jars of pip's pyspark, at one path for all checkouts.

Java's class-data archives hold for jars at one path with one date. In a virtual environment both are new with every
clone, and the archives would be made anew, a few minutes each time. So the cache has them, as hard links if it can.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from importlib.metadata import Distribution
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

from facts.errors import UserError
from local import paths

_CLIENTS = "hadoop-client-*.jar"
_FOLDERS = ("bin", "jars", "python", "sbin")  # what Spark's scripts and JVMs look for under SPARK_HOME


def find_installed() -> Path:
    """The folder of the pyspark package. Raises UserError when it is not installed."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise UserError("pyspark is not installed in this environment; run 'make setup'")
    return Path(found.origin).parent


def installed_in(python: Path) -> Path:
    """The folder of the pyspark package of another environment, whose interpreter is `python`."""
    return next(python.parent.parent.glob("lib/python*/site-packages/pyspark"))


def ensure(installed: Path, hadoop: Sequence[Path] = ()) -> Path:
    """SPARK_HOME for the package `installed`, linked into the cache if it is not there yet.

    The jars `hadoop` take the place of the package's own Hadoop clients, as EMR has one Hadoop for all that runs on a
    cluster. Safe for processes that do so at once.
    """
    about = _distribution(installed)
    target = paths.cache() / "spark" / f"{about.version}-{_digest(about, hadoop)}"
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
            _replace(partial / "jars", hadoop)
            partial.rename(target)
    return target


def clients(spark: Path) -> list[Path]:
    """The Hadoop clients among the jars of a SPARK_HOME."""
    return sorted((spark / "jars").glob(_CLIENTS))


def _replace(jars: Path, hadoop: Sequence[Path]) -> None:
    if hadoop:
        for path in jars.glob(_CLIENTS):
            path.unlink()
    for path in hadoop:
        _link(str(path), str(jars / path.name))


def _distribution(installed: Path) -> Distribution:
    return next(iter(Distribution.discover(name="pyspark", path=[str(installed.parent)])))


def _digest(about: Distribution, hadoop: Sequence[Path]) -> str:
    """Stands for the content: RECORD has the digest of every file, and of bytecode that pip made itself."""
    record = about.read_text("RECORD") or ""
    wanted = tuple(f"pyspark/{folder}/" for folder in _FOLDERS)
    kept = sorted(
        line for line in record.splitlines() if line.startswith(wanted) and "__pycache__" not in line
    )
    kept += [path.name for path in hadoop]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:12]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)

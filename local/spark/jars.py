"""The jar sets in the user's cache: complete and verified, or not there at all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock

from facts.errors import UserError
from local import paths
from local.spark import ivy, lock
from local.spark.java import Java
from local.spark.lock import Jar

Say = Callable[[str], None]
Fetch = Callable[[tuple[Jar, ...], Path, Path, Callable[[], None]], None]


def folder(name: str) -> Path:
    """Where the set called `name` is, once it is there."""
    return paths.cache() / "jars" / f"{name}-{lock.digest(lock.read(name))}"


def ensure(names: Sequence[str], java: Java, ivy_jar: Path, say: Say = lambda _: None) -> dict[str, Path]:
    """Have the sets called so in the cache; the folder of each. Safe for processes that do so at once.

    Raises UserError when a download fails, a jar is not what the lock says, or there is no room.
    """

    def fetch(jars: tuple[Jar, ...], target: Path, scratch: Path, done: Callable[[], None]) -> None:
        ivy.retrieve(jars, target, scratch, java, ivy_jar, done)

    return ensure_with(names, fetch, say)


def ensure_with(names: Sequence[str], fetch: Fetch, say: Say) -> dict[str, Path]:
    """As `ensure`, with another way to download."""
    folders = {name: folder(name) for name in names}
    missing = {name: path for name, path in folders.items() if not path.is_dir()}
    if not missing:
        return folders
    progress = _Progress(sum(len(lock.read(name)) for name in missing), say)
    try:
        with ThreadPoolExecutor(len(missing)) as pool:
            for made in [pool.submit(_make, name, path, fetch, progress) for name, path in missing.items()]:
                made.result()
    except OSError as error:
        raise UserError(
            f"cannot write the jars to {paths.cache()}: {error.strerror or error}; free space or name another "
            "cache folder with EMRCTL_CACHE"
        ) from None
    return folders


class _Progress:
    def __init__(self, total: int, say: Say) -> None:
        self._total, self._say, self._count, self._lock = total, say, 0, threading.Lock()
        say(f"downloading {total} jars for Spark: its S3 client, YARN, tables (up to 160 MB, once)")

    def done(self) -> None:
        with self._lock:
            self._count += 1
            if self._count % 20 == 0 or self._count == self._total:
                self._say(f"downloading jars: {self._count} of {self._total}")


def _make(name: str, target: Path, fetch: Fetch, progress: _Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f"{name}.lock"):
        if target.is_dir():
            return
        partial = target.parent / f"{target.name}.partial"
        jars = lock.read(name)
        fresh = partial / "jars"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        fetch(jars, fresh, partial / "ivy", progress.done)
        try:
            _verify(jars, fresh)
        except UserError:
            shutil.rmtree(partial, ignore_errors=True)  # else the next try would find the bad file again
            raise
        fresh.rename(target)
        shutil.rmtree(partial, ignore_errors=True)


def _verify(jars: tuple[Jar, ...], where: Path) -> None:
    for jar in jars:
        path = where / jar.file
        if not path.is_file():
            raise UserError(f"{jar.coordinates} was not downloaded; start again")
        found = lock.sha256(path)
        if found != jar.sha256:
            raise UserError(
                f"{jar.coordinates} has SHA-256 {found}, where jars.lock says {jar.sha256}; "
                "the repository or mirror serves another file"
            )
    expected = {jar.file for jar in jars}
    for path in where.iterdir():
        if path.name not in expected:
            path.unlink()

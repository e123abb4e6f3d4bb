"""Snapshots as files: each a folder, written beside and renamed into place, so that there is a whole one or none.

```
<home>/snapshots/7/about.json      what it is: format, versions, time, what it holds, the digest of its state
                 7/state.pickle    everything but large objects
                 7/objects/<sha256>
       snapshots/.draft-8/         one in the making, of no meaning to a reader
       snapshots/.gone-6/          one that is being removed
       snapshots/aside/            the last one that could not be read, or was not wanted
```
A large object that was in the snapshot before is a hard link to it. Whoever can write these files could as well write
the program that reads them: they are the user's own, and nobody else's are read.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Another number whenever the same state is written otherwise.
FORMAT = 1
ABOUT, STATE, OBJECTS, ASIDE = "about.json", "state.pickle", "objects", "aside"


class UnreadableError(Exception):
    """A snapshot that cannot be read whole; says why in a few words."""


def makers() -> dict[str, object]:
    """What must be the same for a snapshot to be read: its classes are moto's, its form is ours and Python's."""
    major, minor, _ = platform.python_version_tuple()
    return {"format": FORMAT, "moto": version("moto"), "python": f"{major}.{minor}"}


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A snapshot on the shelf. `about` is what its maker said of it."""

    folder: Path
    about: Mapping[str, Any]

    @property
    def made_at(self) -> datetime:
        """When it was taken."""
        return datetime.fromisoformat(self.about["made_at"])

    def state(self) -> bytes:
        """Its state. Raises UnreadableError when that is not what was written."""
        return self._checked(self.folder / STATE, self.about["state"])

    def object(self, digest: str) -> bytes:
        """A large object. Raises UnreadableError when it is not what was written."""
        return self._checked(self.folder / OBJECTS / digest, digest)

    def _checked(self, file: Path, digest: str) -> bytes:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UnreadableError(f"{file.name} in it cannot be read: {error.strerror}") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise UnreadableError(f"{file.name} in it is damaged")
        return content


class Draft:
    """A snapshot in the making."""

    def __init__(self, folder: Path, before: Path | None) -> None:
        self._folder, self._before = folder, before
        for each in (folder, folder / OBJECTS):
            each.mkdir(mode=0o700)

    def has(self, digest: str) -> bool:
        """Whether the object of this digest is in the draft; it is, without writing, when it was in the one before."""
        place = self._folder / OBJECTS / digest
        if place.exists():
            return True
        if self._before is None:
            return False
        try:
            os.link(self._before / OBJECTS / digest, place)
        except OSError:  # it is not there, or the file system has no links: it is written then
            return False
        return True

    def put(self, content: bytes) -> str:
        """Have `content` in the draft as an object; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.has(digest):
            _write(self._folder / OBJECTS / digest, content)
        return digest

    def finish(self, state: bytes, about: Mapping[str, object]) -> None:
        """Write the rest: `state`, and what there is to say of it."""
        _write(self._folder / STATE, state)
        known = {**makers(), **about, "state": hashlib.sha256(state).hexdigest()}
        _write(self._folder / ABOUT, json.dumps(known, indent=2).encode())
        for folder in (self._folder / OBJECTS, self._folder):
            _sync(folder)


class Shelf:
    """The snapshots of a home: one whole one, and at most one that was put aside. For one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> Snapshot | None:
        """The latest snapshot, None when there is none. Raises UnreadableError when it is not to be read."""
        numbers = self._numbers()
        return _opened(self._folder / str(numbers[-1])) if numbers else None

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A snapshot to be made; it is the newest when the body has finished it, and the one before is gone then.

        When the body raises, all is as it was.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()
        numbers = self._numbers()
        number = numbers[-1] + 1 if numbers else 1
        folder = self._folder / f".draft-{number}"
        try:
            yield Draft(folder, self._folder / str(numbers[-1]) if numbers else None)
            folder.rename(self._folder / str(number))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _sync(self._folder)
        for old in numbers:
            self._remove(self._folder / str(old))

    def put_aside(self) -> Path | None:
        """Keep the newest snapshot where it is not found; the place, None when there is none."""
        numbers = self._numbers()
        if not numbers:
            return None
        self._sweep()
        aside = self._folder / ASIDE
        if aside.exists():
            self._remove(aside)
        (self._folder / str(numbers[-1])).rename(aside)
        _sync(self._folder)
        for old in numbers[:-1]:
            self._remove(self._folder / str(old))
        return aside

    def _numbers(self) -> list[int]:
        names = [each.name for each in self._folder.iterdir()] if self._folder.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def _remove(self, folder: Path) -> None:
        """Remove a snapshot so that it never looks like one that is whole: its name goes first."""
        gone = self._folder / f".gone-{folder.name}"
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a process that was killed has left."""
        for left in self._folder.glob(".*-*"):
            shutil.rmtree(left, ignore_errors=True)


def _opened(folder: Path) -> Snapshot:
    try:
        found = (folder / STATE).stat()
        about = json.loads((folder / ABOUT).read_text())
    except (OSError, ValueError) as error:
        raise UnreadableError(f"what it is cannot be read ({error})") from None
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise UnreadableError("others than this user may have written it")
    for name, wanted in makers().items():
        made = about.get(name) if isinstance(about, dict) else None
        if made != wanted:
            raise UnreadableError(f"its {name} is {made}, and this local AWS has {wanted}")
    return Snapshot(folder=folder, about=about)


def age(made_at: datetime) -> float:
    """Seconds since `made_at`."""
    return max(0.0, (datetime.now(UTC) - made_at).total_seconds())


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600, exist_ok=False)
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    """Have the names in `folder` on disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

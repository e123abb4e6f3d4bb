"""Snapshots on disk: a whole one or none, whatever happens while one is written."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local import paths
from local.cloud.snapshot.shelf import ABOUT, OBJECTS, STATE, Shelf, UnreadableError, makers

# Takes snapshots for ever; the state of the n-th is n, its objects are the numbers from n to n + 3, 40 kB each.
WRITER = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from local.cloud.snapshot.shelf import Shelf
shelf, n = Shelf(Path(sys.argv[1])), int(sys.argv[2])
while True:
    with shelf.draft() as draft:
        digests = [draft.put(str(i).encode() * 40_000) for i in range(n, n + 4)]
        draft.finish(" ".join([str(n), *digests]).encode(), {"made_at": datetime.now(UTC).isoformat()})
    print(n, flush=True)
    n += 1
"""


def take(shelf: Shelf, state: bytes, *objects: bytes) -> list[str]:
    """Put a snapshot on the shelf; the digests of its objects."""
    with shelf.draft() as draft:
        digests = [draft.put(each) for each in objects]
        draft.finish(state, {"made_at": datetime.now(UTC).isoformat()})
    return digests


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "snapshots")


def files(tmp_path: Path) -> list[str]:
    """What is on the shelf."""
    return sorted(each.name for each in (tmp_path / "snapshots").iterdir())


def test_an_empty_shelf_has_no_snapshot(shelf: Shelf) -> None:
    assert shelf.newest() is None
    assert shelf.put_aside() is None


def test_the_newest_is_the_only_one(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, b"one", b"a" * 9)
    digests = take(shelf, b"two", b"a" * 9, b"b" * 9)
    found = shelf.newest()

    assert found is not None
    assert found.state() == b"two"
    assert [found.object(digest) for digest in digests] == [b"a" * 9, b"b" * 9]
    assert (datetime.now(UTC) - found.made_at).total_seconds() < 60
    assert files(tmp_path) == ["2"]


def test_an_object_that_was_there_is_not_written_again(shelf: Shelf, tmp_path: Path) -> None:
    (digest,) = take(shelf, b"", b"large")
    before = (tmp_path / "snapshots/1" / OBJECTS / digest).stat().st_ino
    with shelf.draft() as draft:
        assert draft.has(digest)
        draft.finish(b"", {"made_at": datetime.now(UTC).isoformat()})
    assert (tmp_path / "snapshots/2" / OBJECTS / digest).stat().st_ino == before


def test_only_the_user_may_read_it(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, b"secrets", b"more of them")
    for path in [tmp_path / "snapshots", *(tmp_path / "snapshots").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_one_that_fails_leaves_the_one_before(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, b"whole")
    with pytest.raises(TypeError), shelf.draft() as draft:
        draft.finish(b"part of the next", None)  # type: ignore[arg-type]
    found = shelf.newest()
    assert found is not None
    assert found.state() == b"whole"
    assert files(tmp_path) == ["1"]


def test_one_that_is_put_aside_is_not_found(shelf: Shelf, tmp_path: Path) -> None:
    for state in (b"first", b"second"):
        take(shelf, state)
        aside = shelf.put_aside()
        assert shelf.newest() is None
        assert aside is not None
        assert (aside / STATE).read_bytes() == state
    assert files(tmp_path) == ["aside"]


@pytest.mark.parametrize("name", list(makers()))
def test_one_of_other_makers_is_refused_by_name(shelf: Shelf, tmp_path: Path, name: str) -> None:
    take(shelf, b"")
    file = tmp_path / "snapshots/1" / ABOUT
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: "0"}))
    with pytest.raises(UnreadableError, match=f"its {name} is 0"):
        shelf.newest()


@pytest.mark.parametrize("content", [None, "", "[]", "{", '"about"'])
def test_one_that_says_nothing_of_itself_is_refused(
    shelf: Shelf, tmp_path: Path, content: str | None
) -> None:
    take(shelf, b"")
    file = tmp_path / "snapshots/1" / ABOUT
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(UnreadableError):
        shelf.newest()


def test_what_others_may_have_written_is_not_loaded(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, b"")
    (tmp_path / "snapshots/1" / STATE).chmod(0o660)
    with pytest.raises(UnreadableError, match="others than this user"):
        shelf.newest()


@pytest.mark.parametrize("what", ["state", "object"])
@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_damage_is_seen(shelf: Shelf, tmp_path: Path, what: str, harm: str) -> None:
    (digest,) = take(shelf, b"the state", b"the object")
    found, folder = shelf.newest(), tmp_path / "snapshots/1"
    assert found is not None
    file = folder / STATE if what == "state" else folder / OBJECTS / digest
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(b"another" if harm == "changed" else file.read_bytes()[:-1])
    with pytest.raises(UnreadableError, match=r"damaged|cannot be read"):
        found.state() if what == "state" else found.object(digest)


def test_killed_at_any_moment_the_last_whole_one_is_there(tmp_path: Path) -> None:
    """Whoever writes is killed again and again: what is found is whole, and no older than the last that was said."""
    moments, folder, least = random.Random(5), tmp_path / "snapshots", 0
    for _ in range(12):
        least = max(least, _write_until_killed(folder, least + 1, moments.uniform(0.0, 0.1)))
        found = Shelf(folder).newest()
        assert found is not None
        number, *digests = found.state().decode().split()
        assert int(number) >= least
        contents = [str(i).encode() * 40_000 for i in range(int(number), int(number) + 4)]
        assert digests == [hashlib.sha256(content).hexdigest() for content in contents]
        assert [found.object(digest) for digest in digests] == contents
        least = int(number)


def _write_until_killed(folder: Path, first: int, seconds: float) -> int:
    """Kill a writer some time after its first snapshot; the number of the last one that it has said."""
    command: list[Any] = [sys.executable, "-c", WRITER, folder, first]
    writer = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, cwd=paths.root())
    assert writer.stdout is not None
    said = int(writer.stdout.readline())
    with pytest.raises(subprocess.TimeoutExpired):
        writer.wait(seconds)
    os.kill(writer.pid, signal.SIGKILL)
    rest = [line for line in writer.communicate()[0].split("\n") if line]
    return int(rest[-1]) if rest else said

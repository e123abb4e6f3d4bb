"""What a state is made of, through bytes and back: what plain pickle would refuse, lose or misread."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from moto.s3.models import FakeDeleteMarker, FakeKey
from moto.s3.utils import _VersionedKeyStore

from local.cloud.plane import ControlPlane
from local.cloud.runs.model import Attempt
from local.cloud.snapshot import pickling
from local.cloud.snapshot.pickling import MOST_INLINE, Digests


class Objects:
    """Large values, in memory."""

    def __init__(self) -> None:
        self.all: dict[str, bytes] = {}
        self.written = 0

    def has(self, digest: str) -> bool:
        return digest in self.all

    def put(self, content: bytes) -> str:
        self.written += 1
        digest = f"digest-{len(content)}"
        self.all[digest] = content
        return digest


@dataclass
class Thing:
    """Anything; weakly referred to."""

    name: str


def there_and_back(state: Any, objects: Objects | None = None) -> Any:
    """The state after a snapshot and its restoration."""
    objects = objects or Objects()
    written = pickling.dump(state, {}, objects, Digests())
    return pickling.load(written, lambda name: name, objects.all.__getitem__)


def key(name: str, value: bytes) -> FakeKey:
    return FakeKey(name=name, value=value, account_id="1", region_name="us-east-1")


def test_locks_are_new_and_free() -> None:
    held: dict[str, Any] = {"lock": threading.Lock(), "again": threading.RLock()}
    held["lock"].acquire()
    held["again"].acquire()
    found = there_and_back(held)
    assert all(lock.acquire(blocking=False) for lock in found.values())


def test_timers_are_left_out() -> None:
    assert there_and_back({"timer": ControlPlane().after(1, lambda: None)}) == {"timer": None}


def test_a_default_without_a_name_is_kept() -> None:
    found = there_and_back(defaultdict(lambda: defaultdict(dict)))
    found["a"]["b"]["c"] = 1
    assert found == {"a": {"b": {"c": 1}}}


def test_weak_references_hold_what_others_hold() -> None:
    thing = Thing("a")
    things, weak = there_and_back([[thing], WeakValueDictionary({"a": thing})])
    assert weak["a"] is things[0]


def test_a_private_key_signs_as_it_did() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    assert there_and_back(private).private_numbers() == private.private_numbers()


def test_all_versions_of_a_key_are_kept_in_order() -> None:
    store: Any = _VersionedKeyStore()
    for one in (key("k", b"old"), key("k", b"new"), FakeDeleteMarker(key("k", b""))):
        store["k"] = one
    found = there_and_back(store)
    assert type(found) is _VersionedKeyStore
    assert [getattr(one, "value", None) for one in found.getlist("k")] == [b"old", b"new", None]


@pytest.mark.parametrize(("size", "written"), [(MOST_INLINE, 0), (MOST_INLINE + 1, 1)])
def test_a_large_value_is_an_object(size: int, written: int) -> None:
    objects = Objects()
    found = there_and_back(key("k", b"x" * size), objects)
    assert (found.value, found.size, objects.written) == (b"x" * size, size, written)
    assert found.etag == key("k", b"x" * size).etag


def test_a_large_value_is_read_once_for_all_snapshots() -> None:
    objects, digests, state = Objects(), Digests(), [key("k", b"x" * 100_000)]
    for _ in range(3):
        pickling.dump(state, {}, objects, digests)
    assert objects.written == 1
    objects.all.clear()  # the next snapshot does not have it
    pickling.dump(state, {}, objects, digests)
    assert objects.written == 2


def test_what_has_a_name_is_not_written() -> None:
    plane = ControlPlane()  # has a thread's lock, timers and a clock
    written = pickling.dump([plane, plane], {id(plane): ("the", "plane")}, Objects(), Digests())
    found = pickling.load(written, lambda name: list(name), lambda _digest: b"")
    assert found == [["the", "plane"], ["the", "plane"]]
    assert found[0] is found[1]


def test_a_record_whose_fields_have_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt(number=1, state="RUNNING", details="", created=None, updated=None)  # type: ignore[arg-type]
    written = pickling.dump(attempt, {}, Objects(), Digests())
    assert pickling.load(written, lambda name: name, lambda _digest: b"") == attempt
    renamed = written.replace(b"details", b"remarks")
    with pytest.raises(TypeError, match="remarks"):
        pickling.load(renamed, lambda name: name, lambda _digest: b"")

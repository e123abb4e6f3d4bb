"""State as bytes: Python's pickle, with what must not be in it left out or named.

moto's models are plain objects and pickle as they are (LocalStack keeps them so, too:
https://docs.localstack.cloud/references/persistence-mechanism/). Not state are locks, timers, files, and what this
process has of its own (backends, life cycles), which the state only names.
"""

from __future__ import annotations

import dataclasses
import marshal
import pickle
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from types import FunctionType
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from local.cloud.plane import Timer

MOST_INLINE = 32_768  # bytes; a longer value is an object of the snapshot, shared with the next one
Name = tuple[str, ...]
Reduced = tuple[Any, ...]


class Objects(Protocol):
    """Where large values go."""

    def has(self, digest: str) -> bool:
        """Whether the object of this digest is there."""

    def put(self, content: bytes) -> str:
        """Have it there; its digest."""


class Digests:
    """Digests of the values of S3's keys, which never change: hashed once, however many snapshots there are."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def kept(self, key: Any, objects: Objects) -> str:
        """Have the value of `key` among `objects`; its digest."""
        digest = self._known.get(key)
        if digest is None or not objects.has(digest):
            digest = self._known[key] = objects.put(key.value)
        return digest


def dump(state: object, names: Mapping[int, Name], objects: Objects, digests: Digests) -> bytes:
    """`state` as bytes. `names` are by `id` what is not written but named."""
    out = BytesIO()
    _Pickler(out, names, objects, digests).dump(state)
    return out.getvalue()


def load(content: bytes, named: Callable[[Name], object], value: Callable[[str], bytes]) -> Any:
    """The state that `content` is. `named` gives what is only named, `value` an object by its digest."""
    return _Unpickler(BytesIO(content), named, value).load()


@dataclass(frozen=True)
class _Value:
    """The value of a key, which is an object of the snapshot."""

    digest: str


class _Pickler(pickle.Pickler):
    def __init__(self, out: BytesIO, names: Mapping[int, Name], objects: Objects, digests: Digests) -> None:
        super().__init__(out, protocol=5)
        self._names, self._objects, self._digests = names, objects, digests

    # Not `persistent_id`, which is asked of every text and number, too, and makes this twice as slow.
    def reducer_override(self, obj: Any) -> Any:
        name = self._names.get(id(obj))
        if name is not None:
            return _named, name
        kind = type(obj)
        reduce = _REDUCERS.get(kind)
        if reduce is not None:
            return reduce(obj)
        if kind.__module__.startswith("cryptography."):
            return _reduce_cryptography(obj)
        if kind.__name__ == "FakeKey" and kind.__module__ == "moto.s3.models":
            return self._key(obj)
        if isinstance(obj, dict) and kind.__module__.startswith("moto."):
            return _bare, (kind,), _items(obj), None, None, _refill
        if kind.__module__.startswith("local.") and dataclasses.is_dataclass(obj):
            return _rebuilt, (kind, {f.name: getattr(obj, f.name) for f in dataclasses.fields(kind)})
        return NotImplemented

    def _key(self, key: Any) -> Reduced:
        """moto's own way to write a key (`__getstate__`), but for a long value."""
        if key.size <= MOST_INLINE:
            return _bare, (type(key),), key.__getstate__()
        state = {name: value for name, value in key.__dict__.items() if name not in ("_value_buffer", "lock")}
        return _bare, (type(key),), {**state, "value": _Value(self._digests.kept(key, self._objects))}


def _named(*_name: str) -> object:
    """Stands in a pickle for what is only named; the reader puts its own function in the place of this one."""
    raise AssertionError("only a reader knows")


def _value(_digest: str) -> bytes:
    """Stands in a pickle for a value that is an object of the snapshot, in the same way."""
    raise AssertionError("only a reader knows")


class _Unpickler(pickle.Unpickler):
    def __init__(
        self, source: BytesIO, named: Callable[[Name], object], value: Callable[[str], bytes]
    ) -> None:
        super().__init__(source)
        self._own = {_named.__name__: lambda *name: named(name), _value.__name__: value}

    def find_class(self, module: str, name: str) -> Any:
        own = self._own.get(name) if module == __name__ else None
        return own or super().find_class(module, name)


def _bare(kind: Any) -> object:
    return kind.__new__(kind)


def _items(mapping: dict[Any, Any]) -> tuple[Any, ...]:
    """What is in a mapping of moto's, past its own methods: S3's shows the latest version of a key only."""
    return list(dict.items(mapping)), vars(mapping), getattr(mapping, "default_factory", None)


def _refill(mapping: Any, content: tuple[Any, ...]) -> None:
    items, attributes, default = content
    for key, value in items:
        dict.__setitem__(mapping, key, value)
    vars(mapping).update(attributes)
    if default is not None:
        mapping.default_factory = default


def _rebuilt(kind: type, fields: dict[str, Any]) -> object:
    """A record of ours, made as the program makes it: one whose fields have changed since is an error, not a riddle."""
    return kind(**fields)


def _reduce_cryptography(obj: Any) -> Any:
    """Private keys (of KMS) and certificates (of ACM) by their standard forms; what keys protect is beside them."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if hasattr(obj, "private_bytes"):
        return _private_key, (obj.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
    if type(obj).__name__ == "Certificate":
        return _certificate, (obj.public_bytes(Encoding.DER),)
    return NotImplemented


def _private_key(written: bytes) -> object:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(written, password=None)


def _certificate(written: bytes) -> object:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(written)


def _nothing() -> None:
    """What becomes of a timer: whoever takes the state back arms it anew."""


def _function(code: bytes, module: str, name: str) -> FunctionType:
    made = FunctionType(marshal.loads(code), vars(import_module(module)), name)  # noqa: S302 trusted as the pickle is
    made.__module__ = module
    return made


def _reduce_function(function: FunctionType) -> Any:
    """A function without a name of its own, as moto has for defaults, is its code; others are found by their names."""
    if "<" not in function.__qualname__ or function.__closure__:
        return NotImplemented
    return _function, (marshal.dumps(function.__code__), function.__module__, function.__name__)


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    type(threading.Lock()): lambda _lock: (threading.Lock, ()),
    type(threading.RLock()): lambda _lock: (threading.RLock, ()),
    Timer: lambda _timer: (_nothing, ()),
    _Value: lambda value: (_value, (value.digest,)),
    WeakValueDictionary: lambda known: (WeakValueDictionary, (dict(known),)),
    FunctionType: _reduce_function,
}

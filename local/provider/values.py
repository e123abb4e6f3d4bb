"""Property values as the Pulumi protocol sends them, as plain Python, and back.

Inside the provider a value is None, bool, int, float, str, list, dict, an `Asset`, or `UNKNOWN` (what a
preview cannot know yet). Secrets are unwrapped on the way in; which top-level properties held one is kept
beside them, and on the way out those are wrapped again as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

Props = dict[str, Any]

# The protocol's own marks: pulumi/runtime/rpc.py of the Python SDK has the same.
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  (no password: the mark of one)
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_ID: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The engine marks an unknown by the type it would have (bool, number, array, asset, archive, object, string):
# pulumi's sdk/go/common/resource/plugin/rpc.go. They all mean the same to us.
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_ID,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown:
    """The type of `UNKNOWN`, a value that only the real update will know."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Asset:
    """A file, a text or a URI given as the content of something, with the engine's hash of it."""

    path: str = ""
    text: str | None = None
    uri: str = ""
    hash: str = ""


@dataclass(frozen=True)
class Bag:
    """A resource's properties and the names of those that are, or hold, a secret."""

    props: Props
    secrets: frozenset[str] = frozenset()


def read(struct: struct_pb2.Struct) -> Bag:
    """Properties as the engine sent them."""
    secrets: set[str] = set()
    props: Props = {}
    for name, value in struct.fields.items():
        found: list[bool] = []
        props[name] = _read(value, found)
        if found:
            secrets.add(name)
    return Bag(props, frozenset(secrets))


def write(props: Mapping[str, Any], secrets: Collection[str] = ()) -> struct_pb2.Struct:
    """Properties as the engine wants them; None is left out, which is how the protocol says "not set"."""
    struct = struct_pb2.Struct()
    for name, value in props.items():
        if value is None:
            continue
        wire = _write(value)
        if name in secrets:
            wire = _tagged(_SECRET, value=wire)
        struct.fields[name].CopyFrom(wire)
    return struct


def has_unknown(value: object) -> bool:
    """Whether the value is, or holds, something that a preview does not know."""
    if isinstance(value, dict):
        return any(has_unknown(one) for one in value.values())
    if isinstance(value, list):
        return any(has_unknown(one) for one in value)
    return value is UNKNOWN


def _read(value: struct_pb2.Value, secrets: list[bool]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_read(one, secrets) for one in value.list_value.values]
    if kind == "struct_value":
        return _read_struct(value.struct_value, secrets)
    return None


def _read_struct(struct: struct_pb2.Struct, secrets: list[bool]) -> Any:
    fields = struct.fields
    mark = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if mark == _SECRET:
        secrets.append(True)
        return _read(fields["value"], secrets)
    if mark == _OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            secrets.append(True)
        return _read(fields["value"], secrets) if "value" in fields else UNKNOWN
    if mark == _RESOURCE:
        return _read(fields["id"], secrets) if "id" in fields else None
    if mark in (_ASSET, _ARCHIVE):
        text = fields["text"].string_value if "text" in fields else None
        plain = {name: fields[name].string_value for name in ("path", "uri", "hash") if name in fields}
        return Asset(text=text, **plain)
    return {name: _read(one, secrets) for name, one in fields.items()}


def _write(value: Any) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=_UNKNOWN_ID)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_write(one) for one in value]))
    if isinstance(value, dict):
        fields = {name: _write(one) for name, one in value.items() if one is not None}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, Asset):
        plain = {name: _write(one) for name, one in vars(value).items() if one}
        return _tagged(_ASSET, **plain)
    raise TypeError(f"no property value can be a {type(value).__name__}")


def _tagged(mark: str, **fields: struct_pb2.Value) -> struct_pb2.Value:
    fields[_SIGNATURE] = struct_pb2.Value(string_value=mark)
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))

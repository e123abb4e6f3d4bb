"""Between property values (camelCase, pulumi_aws's kinds) and API parameters (botocore's shapes).

Names are matched without regard to case and plural; what differs stands in a row's `names`. A single block
may be a list of one on the other side, in both directions; a map of tags is a list of keys and values.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from local.provider.errors import ProviderError

Kind = Any  # as data/schema.json has it
_TAG_PAIRS = (("Key", "Value"), ("TagKey", "TagValue"), ("key", "value"), ("Name", "Value"))


class UnmappedError(ProviderError):
    """A property has no counterpart in the API's shape; the message names it."""


class Mapper:
    """Converts the values of one type. `names` maps dotted properties to dotted members where they differ."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def member(self, shape: StructureShape, path: str) -> str | None:
        """The (dotted) member of `shape` that holds the property at dotted `path`, or None."""
        named = self._names.get(path)
        if named is not None and follow_shape(shape, named) is not None:
            return named
        return _by_name(shape).get(_plain(path.rpartition(".")[2]))

    def to_wire(self, value: Any, shape: Shape, path: str) -> Any:
        """The parameter that says `value`, the property at dotted `path`."""
        if isinstance(shape, StructureShape):
            return self._to_structure(value, shape, path)
        if isinstance(shape, ListShape):
            return self._to_list(value, shape, path)
        if shape.type_name == "map":
            return {str(key): text(one) for key, one in value.items()}
        return _to_scalar(value, shape)

    def from_wire(self, value: Any, shape: Shape, kind: Kind, path: str) -> Any:
        """The property value of `kind` that a part of an answer means; None when it is not there."""
        if value is None:
            return None
        if isinstance(kind, dict):
            return self._from_structure(value, shape, kind, path)
        if isinstance(kind, list) and kind[0] == "list":
            items = value if isinstance(value, list) else [value]
            inner = shape.member if isinstance(shape, ListShape) else shape
            field = self._item_field(shape, path) if isinstance(shape, ListShape) else None
            if field is not None:
                return [text(one[field]) for one in items]
            return [self.from_wire(one, inner, kind[1], path) for one in items]
        if isinstance(kind, list):
            return (
                _tag_map(value) if isinstance(value, list) else {key: text(one) for key, one in value.items()}
            )
        return from_scalar(value, kind)

    def _to_structure(self, value: Any, shape: StructureShape, path: str) -> Any:
        if isinstance(value, list):
            if len(value) > 1:
                raise UnmappedError(f"{path}: AWS takes one block, {len(value)} are given")
            return self._to_structure(value[0], shape, path) if value else None
        params: dict[str, Any] = {}
        for key, one in value.items():
            if one is None:
                continue
            member = self.member(shape, f"{path}.{key}")
            if member is None:
                raise UnmappedError(f"{path}.{key}: {shape.name} of AWS has no such member")
            inner = follow_shape(shape, member)
            assert inner is not None
            place(params, shape, member, self.to_wire(one, inner, f"{path}.{key}"))
        return params

    def _to_list(self, value: Any, shape: ListShape, path: str) -> list[Any]:
        if isinstance(value, dict):
            pair = _tag_pair(shape.member)
            if pair:
                return [{pair[0]: key, pair[1]: text(one)} for key, one in value.items()]
        items = value if isinstance(value, list) else [value]
        field = self._item_field(shape, path)
        if field is not None:
            return [{field: text(one)} for one in items]
        return [self.to_wire(one, shape.member, path) for one in items]

    def _item_field(self, shape: ListShape, path: str) -> str | None:
        """The one field of the API's items when the property's items are plain: `names` has
        `applications[]`."""
        field = self._names.get(f"{path}[]")
        if field is None and isinstance(shape.member, StructureShape) and path == "tagsRemoved":
            return next(iter(_tag_pair(shape.member) or ("Key",)))
        return field if isinstance(shape.member, StructureShape) else None

    def _from_structure(self, value: Any, shape: Shape, kind: Mapping[str, Kind], path: str) -> Any:
        if isinstance(value, list):
            assert isinstance(shape, ListShape)
            return self._from_structure(value[0], shape.member, kind, path) if value else None
        assert isinstance(shape, StructureShape), f"{path}: {shape} is no structure"
        props: dict[str, Any] = {}
        for field, inner_kind in kind.items():
            member = self.member(shape, f"{path}.{field}")
            if member is None:
                continue
            inner = follow_shape(shape, member)
            assert inner is not None
            found = self.from_wire(follow(value, member), inner, inner_kind, f"{path}.{field}")
            if found is not None:
                props[field] = found
        return props


def follow(value: Any, path: str) -> Any:
    """What stands at a dotted path of an answer; a number is a place in a list; None where it breaks off."""
    for step in _steps(path):
        if isinstance(value, list):
            index = int(step) if step.isdigit() else 0
            value = value[index] if index < len(value) else None
            if not step.isdigit() and value is not None:
                value = value.get(step)
        else:
            value = value.get(step) if value is not None else None
        if value is None:
            return None
    return value


def follow_shape(shape: Shape, path: str) -> Shape | None:
    """The shape at a dotted path, or None when there is none."""
    for step in _steps(path):
        if isinstance(shape, ListShape):
            shape = shape.member
            if step.isdigit():
                continue
        if not isinstance(shape, StructureShape) or step not in shape.members:
            return None
        shape = shape.members[step]
    return shape


def place(params: dict[str, Any], shape: StructureShape, path: str, value: Any) -> None:
    """Put `value` at a dotted path of `params`, making what is missing on the way; a list on it is one of
    one."""
    if value is None:
        return
    *way, last = _steps(path)
    inner: Shape = shape
    for step in way:
        inner = inner.member if isinstance(inner, ListShape) else inner
        assert isinstance(inner, StructureShape)
        inner = inner.members[step]
        held = params.setdefault(step, [{}] if isinstance(inner, ListShape) else {})
        params = held[0] if isinstance(held, list) else held
    params[last] = value


def _steps(path: str) -> list[str]:
    return path.split(".") if path else []


def _plain(name: str) -> str:
    """A name without case and plural: routeTableIds and RouteTableId are one."""
    name = name.lower()
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


@lru_cache(maxsize=4096)
def _by_name(shape: StructureShape) -> dict[str, str]:
    return {_plain(member): member for member in shape.members}


def _tag_pair(shape: Shape) -> tuple[str, str] | None:
    members: Iterable[str] = shape.members if isinstance(shape, StructureShape) else ()
    return next((pair for pair in _TAG_PAIRS if set(pair) <= set(members)), None)


def _tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    found = {}
    for tag in tags:
        key, value = next(pair for pair in _TAG_PAIRS if pair[0] in tag)
        found[tag[key]] = tag.get(value, "")
    return found


def text(value: Any) -> str:
    """A value as the text that an API has for it: true, 5, a document."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):  # botocore has read a policy document for us
        return json.dumps(value)
    return value if isinstance(value, str) else str(value)


def _to_scalar(value: Any, shape: Shape) -> Any:
    kind = shape.type_name
    if isinstance(value, list):  # a list of at most one, flattened on the API's side
        value = value[0]
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value.lower() == "true" if isinstance(value, str) else bool(value)
    return text(value) if kind == "string" else value


def from_scalar(value: Any, kind: str) -> Any:
    """The property of a plain `kind` that an API's value means."""
    if kind == "integer":
        return int(value)
    if kind == "number":
        number = float(value)
        return int(number) if number.is_integer() else number
    if kind == "boolean":
        return value.lower() == "true" if isinstance(value, str) else bool(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return text(value)

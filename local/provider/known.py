"""A row of the table together with what is known of its type: made once for each type, used by every
resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape, StructureShape

from local.provider.clients import Clients
from local.provider.schema import Schema, load
from local.provider.shapes import Mapper, follow_shape
from local.provider.table import Call, Part, Resource


class Known:
    """The static side of a type."""

    def __init__(self, row: Resource, clients: Clients) -> None:
        self.row = row
        self.schema: Schema = load(row.type, row.terraform)
        self.mapper = Mapper(row.names)
        self._clients = clients
        self._taken: dict[int, dict[str, tuple[str, Shape]]] = {}
        self._sent: dict[int, dict[str, str]] = {}
        self._readable: frozenset[str] | None = None

    def input_shape(self, call: Call) -> StructureShape:
        """The shape of a call's parameters."""
        model = self._clients.model(call.service or self.row.service)
        shape = model.operation_model(call.op).input_shape
        assert isinstance(shape, StructureShape)
        return shape

    def output_shape(self, call: Call) -> StructureShape:
        """The shape of a call's answer."""
        model = self._clients.model(call.service or self.row.service)
        shape = model.operation_model(call.op).output_shape
        assert isinstance(shape, StructureShape)
        return shape

    def sent_by_name(self, call: Call) -> Mapping[str, str]:
        """The arguments that a call sends without being told to: those its shape has a member for."""
        if not call.by_name:
            return {}
        found = self._sent.get(id(call))
        if found is None:
            shape = self.input_shape(call)
            found = {
                prop: member
                for prop in self.schema.inputs
                if prop not in self.row.unsupported
                and prop not in call.skip
                and prop not in ("tags", "region")
                and (member := self.mapper.member(shape, prop)) is not None
                and member not in call.args
            }
            self._sent[id(call)] = found
        return found

    def taken(self, part: Part) -> Mapping[str, tuple[str, Shape]]:
        """The properties that a part reads: where they stand in the answer, and the shape there."""
        found = self._taken.get(id(part))
        if found is None:
            found = self._taken[id(part)] = self._find_taken(part)
        return found

    def readable(self) -> frozenset[str]:
        """Every property that some call reads back: when it is not there, it is not set."""
        if self._readable is None:
            parts = {prop for part in self.row.reads for prop in self.taken(part)}
            self._readable = frozenset(parts | self.row.by_hook) - self.row.keep
        return self._readable

    def left_alone(self, prop: str) -> bool:
        """Whether an argument that the program does not say keeps what it has: AWS's choice, or another resource's."""
        return self.schema.flags(prop).computed

    def same(self, prop: str, old: Any, new: Any) -> bool:
        """Whether two values of an argument mean the same."""
        if old == new:
            return True
        if old in (None, "", [], {}, False) and new in (None, "", [], {}, False):
            return True
        if prop in self.row.same and old is not None and new is not None:
            return self.row.same[prop](old, new)
        if prop in self.row.json:
            return same_json(old, new)
        return False

    def _find_taken(self, part: Part) -> dict[str, tuple[str, Shape]]:
        answer = self.output_shape(part.call)
        found: dict[str, tuple[str, Shape]] = {}
        structure = follow_shape(answer, part.at)
        assert structure is not None, f"{self.row.type}: {part.call.op} has no {part.at}"
        if isinstance(structure, StructureShape):
            for prop in (*self.schema.inputs, *self.schema.outputs):
                member = self.mapper.member(structure, "tags" if prop == "tagsAll" else prop)
                if (
                    member is not None
                    and prop != "tags"
                    and prop not in part.skip
                    and prop not in self.row.unsupported
                ):
                    inner = follow_shape(structure, member)
                    assert inner is not None
                    found[prop] = (f"{part.at}.{member}" if part.at else member, inner)
        for prop, path in part.take.items():
            inner = follow_shape(answer, path)
            assert inner is not None, f"{self.row.type}: {part.call.op} has no {path}"
            found[prop] = (path, inner)
        return found


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON texts are the same document, or the same policy: there a list of one is its
    element."""
    try:
        return bool(_canonical(json.loads(one)) == _canonical(json.loads(other)))
    except (TypeError, ValueError):
        return bool(one == other)


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(one) for key, one in value.items()}
    if isinstance(value, list):
        items = [_canonical(one) for one in value]
        if len(items) == 1:
            return items[0]
        if all(isinstance(one, str) for one in items):
            return sorted(items)
        return items
    return value

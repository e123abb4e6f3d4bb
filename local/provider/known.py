"""A row of the table together with what is known of its type: made once for each type, used by every
resource."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.model import Shape, StructureShape

from local.provider.clients import Clients
from local.provider.errors import ProviderError
from local.provider.schema import Schema, load
from local.provider.shapes import Mapper, follow_shape
from local.provider.table import Call, Part, Resource

if TYPE_CHECKING:
    from local.provider.run import Run

_NAME = re.compile(r"\$([A-Za-z][A-Za-z0-9]*)")
_PARTS = re.compile(r"\$[A-Za-z][A-Za-z0-9]*|[^$]+")


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

    def outputs(self, run: Run) -> dict[str, Any]:
        """All outputs of a resource from what was read, what the program said, and what the state
        remembers."""
        readable = self.readable() - self.row.forgotten
        outputs: dict[str, Any] = {}
        for prop in (*self.schema.inputs, *self.schema.outputs):
            if prop in run.found:
                outputs[prop] = run.found[prop]
            elif prop not in readable and prop not in self.row.outputs:
                outputs[prop] = self._remembered(run, prop)
        if "region" in self.schema.inputs:
            outputs["region"] = run.at.region
        said = dict(run.props)
        run.props = {**run.props, **{name: value for name, value in outputs.items() if value is not None}}
        for prop, template in self.row.outputs.items():
            text = run.text(template)
            if text is not None:
                outputs[prop] = text
        self._settle_tags(run, outputs, said.get("tags"))
        for prop, value in outputs.items():
            own = self._remembered(run, prop, said)
            if own is None and value in ({}, []) and prop in self.schema.inputs:
                outputs[prop] = None  # AWS's way to say that nothing was said
            elif own is not None and value != own and self.alike(prop, value, own):
                outputs[prop] = own  # the program's own spelling, where both mean the same
        return {name: value for name, value in outputs.items() if value is not None}

    def start_import(self, run: Run, import_id: str) -> None:
        """Give a run the id and the properties that an import's id names: `role:name` by `$role:$name`."""
        template = self.row.import_id or self.row.id
        run.id = import_id
        if template.startswith("="):
            return
        names = _NAME.findall(template)
        pattern = "".join(
            f"(?P<{part[1:]}>.+{'' if part == f'${names[-1]}' else '?'})"
            if part.startswith("$")
            else re.escape(part)
            for part in _PARTS.findall(template)
        )
        match = re.fullmatch(pattern, import_id)
        if match is None:
            raise ProviderError(
                f"{self.row.type}: {import_id!r} is no id to import; it must look like {template}"
            )
        said = match.groupdict()
        run.id = said.pop("id", import_id)
        run.old = dict(said)
        run.props = dict(said)
        if self.row.import_id and not self.row.id.startswith("="):
            run.id = run.text(self.row.id) or import_id

    def alike(self, prop: str, one: Any, other: Any) -> bool:
        """Whether two values mean the same, the order of sets included."""
        from local.provider.diff import changes

        return self.same(prop, one, other) or (
            not changes(self, prop, one, other, covered=False)
            and not changes(self, prop, other, one, covered=False)
        )

    def _remembered(self, run: Run, prop: str, said: Mapping[str, Any] | None = None) -> Any:
        """What the program or else the state has of a property that was not read."""
        props = run.props if said is None else said
        if prop in props:
            return props[prop]
        forgets = prop in self.schema.inputs and not self.schema.flags(prop).computed
        return None if forgets else run.old.get(prop)

    def _settle_tags(self, run: Run, outputs: dict[str, Any], said: Any) -> None:
        """`tagsAll` is what AWS has; `tags` is that without the provider's default tags, as the real one
        does."""
        if "tagsAll" not in self.schema.outputs:
            return
        every = run.found.get("tagsAll") or {}
        said = said if isinstance(said, dict) else None
        every = {key: value for key, value in every.items() if not key.startswith("aws:")}
        wanted = {**(run.old.get("tags") or {}), **(said or {})}
        outputs["tagsAll"] = every
        own = {
            key: value
            for key, value in every.items()
            if key in wanted or run.at.default_tags.get(key) != value
        }
        outputs["tags"] = own if own or said is not None else None

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

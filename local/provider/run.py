"""One row of the table put to work on one resource: its calls, and what their templates stand for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.model import Shape, StructureShape

from local.provider.errors import CancelledError, ProviderError
from local.provider.known import Known
from local.provider.place import Place
from local.provider.shapes import follow_shape, place
from local.provider.table import Call, Hook, Template, When

NAME = re.compile(r"\$([A-Za-z][A-Za-z0-9]*)")


class Run:
    """The work on one resource. `props` is what the program wants, `old` what the state remembers."""

    def __init__(
        self,
        known: Known,
        at: Place,
        name: str,
        *,
        props: Mapping[str, Any],
        old: Mapping[str, Any],
        id_: str = "",
    ) -> None:
        self.known, self.row, self.at, self.name = known, known.row, at, name
        self.props = dict(props)
        self.old = dict(old)
        self.id = id_
        self.found: dict[str, Any] = {}  # what `read` has read, for the row's hooks
        self.answers: dict[str, Any] = {}  # the last answer of each operation, for the row's hooks
        self.deadline = time.monotonic() + 3600.0

    # Calls

    def call(self, op: str, service: str = "", **params: Any) -> dict[str, Any]:
        """Call an operation with ready parameters; AWS's errors pass through."""
        client = self.at.clients.get(service or self.row.service, self.at.region, self.at.credentials)
        answer: dict[str, Any] = getattr(client, _method(op))(**params)
        self.answers[op] = answer
        return answer

    def send(self, call: Call) -> dict[str, Any]:
        """Call an operation with the parameters that the row's templates make."""
        return self.call(call.op, call.service, **self.params(call))

    def params(self, call: Call) -> dict[str, Any]:
        """The parameters of a call: properties of the same name, then the row's templates."""
        shape = self.known.input_shape(call)
        params: dict[str, Any] = {}
        for prop, member in self.known.sent_by_name(call).items():
            value = self.props.get(prop)
            if value is not None:
                inner = follow_shape(shape, member)
                assert inner is not None
                place(params, shape, member, self.known.mapper.to_wire(value, inner, prop))
        for member, template in call.args.items():
            inner = follow_shape(shape, member)
            assert inner is not None, f"{call.op} has no {member}"
            place(params, shape, member, self.expand(template, inner))
        return params

    def expand(self, template: Template, shape: Shape) -> Any:
        """A template's value as a parameter of `shape`; None when what it names is not set."""
        if isinstance(template, When):
            return (
                self.expand(template.then, shape)
                if self.value(template.prop) not in (None, {}, [], "")
                else None
            )
        if isinstance(template, str):
            return self._expand_text(template, shape)
        if isinstance(template, dict):
            assert isinstance(shape, StructureShape)
            params: dict[str, Any] = {}
            for member, one in template.items():
                value = self.expand(one, shape.members[member])
                if value is not None:
                    params[member] = value
            return params or None
        if isinstance(template, list):
            items = [self.expand(one, shape.member) for one in template]  # type: ignore[attr-defined]
            return [one for one in items if one is not None] or None
        return template

    def value(self, name: str) -> Any:
        """What a template's `$name` stands for."""
        if name in ("region", "account", "partition"):
            return self.props.get(name) or getattr(self.at, name)
        if name == "id":
            return self.id
        if name in self.props or name not in self.known.schema.outputs:
            return self.props.get(name)
        return self.found.get(name, self.old.get(name))  # what AWS decides

    def text(self, template: str) -> str | None:
        """A template as text; None when something it names is not set."""
        values = {name: self.value(name) for name in NAME.findall(template)}
        if any(value is None for value in values.values()):
            return None
        return NAME.sub(lambda match: str(values[match[1]]), template)

    def _expand_text(self, template: str, shape: Shape) -> Any:
        whole = NAME.fullmatch(template)
        if whole is None:
            return self.text(template)
        value = self.value(whole[1])
        return None if value is None else self.known.mapper.to_wire(value, shape, whole[1])

    def do(self, what: Call | Hook) -> Any:
        """A call or a hook of the row."""
        return self.send(what) if isinstance(what, Call) else what(self)

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Ask `done` until it holds, quickly at first; ends with the engine's cancellation or the
        time-out."""
        pause = 0.02
        while not done():
            if self.at.cancelled.wait(pause):
                raise CancelledError(f"cancelled while waiting for {what}")
            if time.monotonic() > self.deadline:
                raise ProviderError(f"time-out while waiting for {what}")
            pause = min(pause * 1.5, 1.0)


@lru_cache(maxsize=1024)
def _method(op: str) -> str:
    return xform_name(op)

"""One row of the table put to work on one resource: create, read, update, delete."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import Shape, StructureShape

from local.provider.errors import CancelledError, GoneError, PartialError, ProviderError, explain, is_absent
from local.provider.known import Known
from local.provider.place import Place
from local.provider.shapes import follow, follow_shape, place
from local.provider.table import Call, Change, Hook, Part, Template, When

_NAME = re.compile(r"\$([A-Za-z][A-Za-z0-9]*)")


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
        values = {name: self.value(name) for name in _NAME.findall(template)}
        if any(value is None for value in values.values()):
            return None
        return _NAME.sub(lambda match: str(values[match[1]]), template)

    def _expand_text(self, template: str, shape: Shape) -> Any:
        whole = _NAME.fullmatch(template)
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

    # Life

    def create(self) -> dict[str, Any]:
        """Create the resource and return its outputs; `PartialError` when it is there but not whole."""
        row = self.row
        with self._saying("creating"):
            answer = self.do(row.create)
            self.id = str(follow(answer, row.id[1:]) if row.id.startswith("=") else self.text(row.id))
        try:
            for change in row.changes:
                given = (self.props.get(prop) for prop in change.props)
                if change.on_create and any(one not in (None, [], {}, change.initial) for one in given):
                    self._apply(change)
            if row.tagging and row.tagging.on_create and self.props.get("tagsAll"):
                self._tag({}, self.props["tagsAll"])
            if row.settle:
                row.settle(self)
            outputs = self.read()
        except GoneError as error:
            raise ProviderError(explain(self._doing("creating"), error)) from error
        except (ClientError, BotoCoreError, ProviderError) as error:
            raise PartialError(
                explain(self._doing("creating"), error), self.id, self._remembered()
            ) from error
        if outputs is None:
            raise ProviderError(f"{self._doing('creating')}: it was gone again before it could be read")
        return outputs

    def read(self) -> dict[str, Any] | None:
        """The resource's outputs as AWS has them now, or None when it is gone."""
        row, known = self.row, self.known
        self.found = {}
        for part in row.reads:
            if part.when is not None and not part.when(self):
                continue
            try:
                answer = self.send(part.call)
            except ClientError as error:
                if not is_absent(error):
                    raise ProviderError(explain(self._doing("reading"), error)) from error
                if part.missing_ok:
                    continue
                return None
            except BotoCoreError as error:
                raise ProviderError(explain(self._doing("reading"), error)) from error
            if not self._take(part, answer) and not part.missing_ok:
                return None
        if row.gone is not None and row.gone(self):
            return None
        if row.finish is not None:
            row.finish(self)
        return known.outputs(self)

    def update(self) -> dict[str, Any]:
        """Make the changes between `old` and `props` and return the outputs."""
        with self._saying("updating"):
            for change in self.row.changes:
                if any(self._changed(prop) for prop in change.props):
                    self._apply(change)
            old, new = self.old.get("tagsAll") or {}, self.props.get("tagsAll") or {}
            if self.row.tagging and old != new:
                self._tag(old, new)
            if self.row.settle:
                self.row.settle(self)
            outputs = self.read()
        if outputs is None:
            raise ProviderError(
                f"{self._doing('updating')}: it does not exist any more; run `pulumi refresh`"
            )
        return outputs

    def delete(self) -> None:
        """Delete the resource; that it is gone already is fine."""
        with self._saying("deleting"):
            for step in self.row.delete:
                try:
                    self.do(step)
                except ClientError as error:
                    if not is_absent(error):
                        raise

    # Parts of it

    def _changed(self, prop: str) -> bool:
        wanted = self.props.get(prop)
        if wanted is None and self.known.left_alone(prop):
            return False
        return not self.known.same(prop, self.old.get(prop), wanted)

    def _apply(self, change: Change) -> None:
        value = self.props.get(change.props[0])
        empty = value is None or value in ([], {}, "")
        if change.unset is not None and change.unset != empty:
            return
        for step in change.do:
            self.do(step)

    def _tag(self, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        tagging = self.row.tagging
        assert tagging is not None
        added = {key: value for key, value in new.items() if old.get(key) != value}
        removed = sorted(set(old) - set(new))
        self.props |= {"tagsAdded": added, "tagsRemoved": removed}
        if tagging.remove is None:
            self.send(tagging.add if new or tagging.clear is None else tagging.clear)
            return
        if removed:
            self.send(tagging.remove)
        if added:
            self.send(tagging.add)

    def _take(self, part: Part, answer: Mapping[str, Any]) -> bool:
        """Put what a part has read into `found`; False when the structure it reads from is not there."""
        structure = follow(answer, part.at)
        if structure is None:
            return False
        for prop, (path, shape) in self.known.taken(part).items():
            value = self.known.mapper.from_wire(
                follow(answer, path), shape, self.known.schema.kind(prop), prop
            )
            if value is not None:
                self.found[prop] = value
        return True

    def _remembered(self) -> dict[str, Any]:
        kinds = {**self.known.schema.inputs, **self.known.schema.outputs}
        return {name: value for name, value in self.props.items() if name in kinds}

    def _doing(self, verb: str) -> str:
        return f'{verb} {self.row.type} "{self.name}"'

    def _saying(self, verb: str) -> _Saying:
        return _Saying(self._doing(verb))


@lru_cache(maxsize=1024)
def _method(op: str) -> str:
    return xform_name(op)


class _Saying:
    """AWS's errors leave the block as one line that says what was being done."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClientError | BotoCoreError):
            raise ProviderError(explain(self._doing, error)) from error
        if isinstance(error, ProviderError) and not str(error).startswith(
            ("creating", "updating", "deleting")
        ):
            raise type(error)(explain(self._doing, error)) from error

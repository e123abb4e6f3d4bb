"""What is asked of one type: each argument, by itself, changed, set and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.provider.values import UNKNOWN
from local.provider.witness.asked import CONTEXT
from local.provider.witness.protocol import RefusedError, Witness
from local.provider.witness.values import (
    Attribute,
    Block,
    Nested,
    Value,
    at,
    build,
    place,
    propose,
    samples,
    settle,
    unknowns,
)

Row = dict[str, Any]
Said = Mapping[str, Value]
# Declared as optional by the SDK of providers, and never said by a program.
_NOT_SAID = ("id", "tags_all")


@dataclass(frozen=True)
class Answer:
    """What the provider would do about a change, and which attributes AWS would then decide anew."""

    does: Literal["replace", "update", "nothing"]
    recomputes: frozenset[str] = frozenset()


class Inquiry:
    """The questions of one type."""

    def __init__(self, witness: Witness, kind: str) -> None:
        self._witness, self._kind = witness, kind
        self._block = witness.types[kind]
        self._plans: dict[str, Value] = {}

    def rows(self) -> dict[str, Row]:
        """For each argument, output and block, by dotted path: what the schema says of it and, where a program
        can say it, what becomes of a change."""
        return {path: _described(it) | self._asked(path, it) for path, it in walk(self._block)}

    def _asked(self, path: str, it: Attribute | Nested) -> Row:
        block = it if isinstance(it, Nested) else it.nested()
        try:
            if isinstance(it, Attribute) and (not it.said or path in _NOT_SAID):
                return {}
            if block is not None:
                return self._asked_block(path, block)
            assert isinstance(it, Attribute)
            return self._asked_argument(path, it)
        except RefusedError as error:
            return {"refused": " ".join(str(error).split())}

    def _asked_argument(self, path: str, it: Attribute) -> Row:
        context = self._context(path)
        without = place(context, path, None)
        default = None if it.required else at(self._plan(without), path)
        values = [value for value in samples(it.type) if value != default]
        by_itself = [value for value in samples(it.type) if value == default]
        one, other = (place(context, path, value) for value in (values + by_itself)[:2])
        changed = self._ask(one, other)
        row = _row(changed)
        if not it.required:
            row |= {} if default is UNKNOWN or not default else {"default": default}
            row |= _told(changed, "set", self._ask(without, one))
            row |= _taken_back(changed, self._ask(one, without), it.computed)
        return row

    def _asked_block(self, path: str, it: Nested) -> Row:
        """A block is added and taken away; one that there must be and can only be once, is neither."""
        if it.least and it.most == 1:
            return {}
        context = self._context(path)
        least = at(context, path) or [_sample(it, number) for number in range(it.least)]
        some = place(context, path, least or None)
        more = place(context, path, [*least, _sample(it, len(least))])
        added, computed = self._ask(some, more), at(self._plan(some), path) is UNKNOWN
        row = _row(added) | ({"computed": True} if computed else {})
        return row | _taken_back(added, self._ask(more, some), computed)

    def _ask(self, before: Said, after: Said) -> Answer:
        prior, config = settle(self._block, self._plan(before)), build(self._block, after)
        plan = self._witness.plan(self._kind, prior, propose(self._block, prior, config), config)
        if plan.replaces:
            return Answer("replace")
        if plan.planned == prior:
            return Answer("nothing")
        return Answer("update", frozenset(unknowns(plan.planned)))

    def _plan(self, said: Said) -> Value:
        """What the provider plans to create: with its defaults and spellings, unknown what AWS will decide."""
        key = json.dumps(said, sort_keys=True)
        if key not in self._plans:
            config = build(self._block, said)
            self._plans[key] = self._witness.plan(self._kind, None, config, config).planned
        return self._plans[key]

    def _context(self, path: str) -> Said:
        return {**CONTEXT.get(self._kind, {}), **CONTEXT.get(f"{self._kind}.{path}", {})}


def walk(block: Block, path: str = "") -> Iterator[tuple[str, Attribute | Nested]]:
    """Everything in a block, by dotted path and in its order; a block comes before what is in it."""
    things: dict[str, Attribute | Nested] = {**block.attributes, **block.blocks}
    for name, it in sorted(things.items()):
        if isinstance(it, Nested) and it.nesting == "single":
            continue  # `timeouts`, of Terraform itself
        yield f"{path}{name}", it
        nested = it if isinstance(it, Nested) else it.nested()
        if nested is not None:
            yield from walk(nested.block, f"{path}{name}.")


def _described(it: Attribute | Nested) -> Row:
    if isinstance(it, Nested):
        row: Row = {"block": it.nesting, "min": it.least, "max": it.most}
    else:
        row = {"type": it.type if isinstance(it.type, str) else json.dumps(it.type)}
        row |= {flag: getattr(it, flag) for flag in ("required", "optional", "computed", "sensitive")}
    return {key: value for key, value in row.items() if value}


def _row(answer: Answer) -> Row:
    row: Row = {"replace": answer.does == "replace"}
    if answer.does == "nothing":
        row["ignored"] = True
    if answer.recomputes:
        row["recomputes"] = sorted(answer.recomputes)
    return row


def _told(changed: Answer, edge: str, answer: Answer) -> Row:
    """What becomes of one edge, where it is not what becomes of a change."""
    return {} if answer.does == changed.does else {edge: answer.does}


def _taken_back(changed: Answer, answer: Answer, computed: bool) -> Row:
    """The same for taking it back, which is nothing where the provider then computes it."""
    return {} if computed and answer.does == "nothing" else _told(changed, "unset", answer)


def _sample(it: Nested, number: int) -> Said:
    """One block of several, different from the others."""
    for name, attribute in it.block.attributes.items():
        if attribute.said and attribute.nested() is None:
            return {name: samples(attribute.type)[number % 2]}
    return {name: [_sample(inner, number)] for name, inner in it.block.blocks.items()}

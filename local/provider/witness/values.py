"""What the provider is shown: whole objects made from the one argument that matters. Pure.

An object of the protocol has every attribute, null where nothing is said, and every block, as an empty list. So a
question says only its argument, and `build` adds what the schema requires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.provider.values import UNKNOWN

Value = Any  # None, a scalar, a list or dict of them, or UNKNOWN
_SAMPLES: dict[str, tuple[Value, ...]] = {
    "string": ("one", "two", "three"),
    "number": (1, 2, 3),
    "bool": (True, False),
}


@dataclass(frozen=True)
class Attribute:
    """An argument or output; `type` is Terraform's: "string", ["list", type], ["object", {name: type}]."""

    type: Any
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False

    @property
    def said(self) -> bool:
        """Whether a program can say it."""
        return self.required or self.optional

    def nested(self) -> Nested | None:
        """The same as a block, where it is a list or set of objects: some are declared so, to tell "none" from
        "not said"."""
        if (
            not isinstance(self.type, list)
            or not isinstance(self.type[1], list)
            or self.type[1][0] != "object"
        ):
            return None
        fields = {
            name: Attribute(kind, optional=self.said, computed=not self.said)
            for name, kind in self.type[1][1].items()
        }
        return Nested(Block(fields, {}), self.type[0], int(self.required), 0)


@dataclass(frozen=True)
class Nested:
    """A block inside another: "list", "set" or "single", how many there must and may be (0: any number)."""

    block: Block
    nesting: str
    least: int
    most: int


@dataclass(frozen=True)
class Block:
    """A type's arguments, or those of a block in it."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Nested]


def samples(kind: Any) -> tuple[Value, ...]:
    """Different values of a type."""
    if isinstance(kind, str):
        return _SAMPLES[kind]
    if kind[0] == "object":
        return ({name: samples(inner)[0] for name, inner in kind[1].items()},)
    wrap = (lambda one: {"key": one}) if kind[0] == "map" else (lambda one: [one])
    return tuple(wrap(one) for one in samples(kind[1]))


def build(block: Block, said: Mapping[str, Value]) -> dict[str, Value]:
    """The whole object: what is said, and a sample of what must be."""
    built: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        nested, value = attribute.nested(), said.get(name)
        if name not in said and attribute.required:
            value = [{}] if nested else samples(attribute.type)[0]
        built[name] = [build(nested.block, one) for one in value] if nested and value else value
    for name, inner in block.blocks.items():
        blocks = [build(inner.block, one) for one in said.get(name) or [{}] * inner.least]
        built[name] = None if inner.nesting == "single" else blocks
    return built


def place(said: Mapping[str, Value], path: str, value: Value) -> dict[str, Value]:
    """The same with one argument said otherwise: "a.b" is in the first block of `a`; None is not said."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**said, name: value}
    first, *others = said.get(name) or [{}]
    return {**said, name: [place(first, rest, value), *others]}


def at(value: Value, path: str) -> Value:
    """What stands at a path, in the first block of each name; None where there is none."""
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def propose(block: Block, prior: Value, config: Value) -> Value:
    """What Terraform proposes: the program's values, and the state's where the provider decides.

    https://github.com/hashicorp/terraform/blob/v0.14.6/plans/objchange/objchange.go
    """
    if prior is None:
        return config
    proposed: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        proposed[name] = prior[name] if attribute.computed and config[name] is None else config[name]
    for name, nested in block.blocks.items():
        proposed[name] = [
            propose(nested.block, _twin(nested, prior[name], index, one), one)
            for index, one in enumerate(config[name] or [])
        ]
        if config[name] is None:
            proposed[name] = None
    return proposed


def _twin(nested: Nested, prior: list[Value], index: int, one: Value) -> Value:
    """The block of the state that this one continues: in a set the one that says the same."""
    if nested.nesting == "list":
        return prior[index] if index < len(prior) else None
    return next((had for had in prior if _covers(had, one)), None)


def _covers(had: Value, one: Value) -> bool:
    if isinstance(had, dict) and isinstance(one, dict):
        return all(_covers(had[name], value) for name, value in one.items())
    if isinstance(had, list) and isinstance(one, list) and len(had) == len(one):
        return all(_covers(*pair) for pair in zip(had, one, strict=True))
    return bool(one is None or had == one)


def settle(block: Block, planned: Value) -> dict[str, Value]:
    """The state after a creation: what was unknown in its plan has become something."""
    settled: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        value = planned[name]
        settled[name] = made_up(attribute.type) if value is UNKNOWN else _settle_deep(attribute.type, value)
    for name, nested in block.blocks.items():
        value = [] if planned[name] is UNKNOWN else planned[name]
        settled[name] = value and [settle(nested.block, one) for one in value]
    return settled


def made_up(kind: Any) -> Value:
    """What AWS may have decided: no program says the same."""
    if isinstance(kind, str):
        return {"string": "computed", "number": 9, "bool": False}[kind]
    if kind[0] == "object":
        return {name: made_up(inner) for name, inner in kind[1].items()}
    return {} if kind[0] == "map" else []


def _settle_deep(kind: Any, value: Value) -> Value:
    if value is UNKNOWN:
        return made_up(kind)
    if isinstance(value, list):
        return [_settle_deep(kind[1], one) for one in value]
    if isinstance(value, dict):
        of = kind[1]
        return {
            name: _settle_deep(of[name] if isinstance(of, dict) else of, one) for name, one in value.items()
        }
    return value


def unknowns(value: Value, path: str = "") -> set[str]:
    """The dotted paths of what is unknown, without places in lists."""
    if value is UNKNOWN:
        return {path}
    if isinstance(value, dict):
        return {found for key, one in value.items() for found in unknowns(one, f"{path}.{key}".lstrip("."))}
    if isinstance(value, list):
        return {found for one in value for found in unknowns(one, path)}
    return set()

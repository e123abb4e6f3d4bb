"""What a rule sees: one resource with its properties read safely, and the stack as a graph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.unknown import NotYetKnownError, Unknown, plain


class WrongTypeError(Exception):
    """A property holds a value of another type than its schema says: reported as a finding."""

    def __init__(self, path: str, value: Any, expected: str) -> None:
        super().__init__(f"{path} is {show(value)}, not {expected}")


def show(value: Any, limit: int = 90) -> str:
    """`value` as it fits into one line of a finding."""
    text = repr(value) if isinstance(value, str | Unknown) else json.dumps(value, default=repr)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Node:
    """A value at a path inside a resource's properties: typed reads that name the path when they fail."""

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path

    @property
    def unknown(self) -> bool:
        """Whether the value itself is not known before the update."""
        return isinstance(self.value, Unknown)

    @property
    def present(self) -> bool:
        """Whether something is set here; an unknown value counts, since something was given."""
        return self.unknown or (self.value is not None and self.value != "")

    def get(self, key: str) -> Node:
        """The member `key` of a mapping; absent where there is none."""
        return Node(self.mapping().get(key), f"{self.path}.{key}" if self.path else key)

    def mapping(self) -> Mapping[str, Any]:
        """The value as a mapping; empty when absent. A single block may also come as a list of one."""
        value = self._known()
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, Unknown):
            raise NotYetKnownError(value.path)
        if value is None or value == []:
            return {}
        if not isinstance(value, Mapping):
            raise WrongTypeError(self.path, value, "an object")
        return value

    def items(self) -> list[Node]:
        """The members of a list; none when absent."""
        value = self._known()
        if value is None:
            return []
        if not isinstance(value, list):
            raise WrongTypeError(self.path, value, "a list")
        return [Node(member, f"{self.path}[{index}]") for index, member in enumerate(value)]

    def text(self) -> str | None:
        """The value as a string; None when absent or empty."""
        value = self._known()
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise WrongTypeError(self.path, value, "a string")
        return value

    def flag(self) -> bool | None:
        """The value as a boolean; the wire may carry "true" and "false" as strings."""
        value = self._known()
        if value is None or isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise WrongTypeError(self.path, value, "true or false")

    def number(self) -> float | None:
        """The value as a number; the wire may carry it as a string."""
        value = self._known()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        try:
            return float(value)
        except (TypeError, ValueError):
            raise WrongTypeError(self.path, value, "a number") from None

    def _known(self) -> Any:
        if isinstance(self.value, Unknown):
            raise NotYetKnownError(self.value.path)
        return self.value


@dataclass(eq=False)
class Resource:
    """One resource: its inputs when judged alone, its outputs when judged as part of the stack.

    `references` is filled for stack rules: property name to the resources whose outputs flow into it, which
    the engine knows also in a preview, where ids are not known yet. `parent` is filled for them too.
    `ignored` are the paths whose changes the program ignores (`ignore_changes`).
    """

    type: str
    name: str
    urn: str
    raw: Any
    raw_provider: Any = None
    ignored: tuple[str, ...] = ()
    references: dict[str, list[Resource]] = field(default_factory=dict)
    parent: Resource | None = None

    @cached_property
    def props(self) -> Node:
        """The properties, under their names on the wire (camelCase)."""
        return Node(plain(self.raw), "")

    @cached_property
    def provider(self) -> Node:
        """The properties of the resource's provider; nested ones travel as JSON strings."""
        return Node(plain(self.raw_provider) if self.raw_provider is not None else {}, "provider")

    @property
    def label(self) -> str:
        """Kind and name for a finding, as in `Bucket 'logs'`."""
        return f"{self.type.rsplit(':', 1)[-1]} '{self.name}'"

    def get(self, key: str) -> Node:
        """The property `key`."""
        return self.props.get(key)

    def given(self, key: str) -> Node:
        """The property `key` as the program gave it, for rules on stacks, which see outputs alone.

        What is unknown although nothing flows into it is for AWS to say: absent.
        """
        node = self.get(key)
        return Node(None, node.path) if node.unknown and not self.references.get(key) else node


IDENTITIES = ("id", "arn", "bucket", "name")


class Stack:
    """The resources of a stack, by type, and who refers to whom: by the flow of outputs, else by literal names.

    What flows is known in a preview too, where ids are not. Lookups go through indices made once, so that judging a
    stack takes time in proportion to its resources.
    """

    def __init__(self, resources: list[Resource]) -> None:
        self._by_type: dict[str, list[Resource]] = {}
        self._flows: dict[tuple[Resource, str], list[Resource]] = {}
        self._literals: dict[tuple[str, tuple[str, ...]], dict[str, list[Resource]]] = {}
        self._children: dict[Resource, list[Resource]] = {}
        self._users: dict[Resource, list[Resource]] = {}
        for resource in resources:
            self._by_type.setdefault(resource.type, []).append(resource)
            if resource.parent is not None:
                self._children.setdefault(resource.parent, []).append(resource)
            for prop, sources in resource.references.items():
                for source in sources:
                    self._flows.setdefault((source, prop), []).append(resource)
                    self._users.setdefault(source, []).append(resource)

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of any of the types."""
        for kind in types:
            yield from self._by_type.get(kind, [])

    def children(self, parent: Resource, *types: str) -> list[Resource]:
        """Resources of `types` that `parent` is the parent of."""
        return [child for child in self._children.get(parent, []) if child.type in types]

    def users(self, target: Resource) -> list[Resource]:
        """Every resource into which an output of `target` flows, whatever the property."""
        return self._users.get(target, [])

    def referring(self, target: Resource, prop: str, *types: str) -> list[Resource]:
        """Resources of `types` whose property `prop` names `target`."""
        found = [source for source in self._flows.get((target, prop), []) if source.type in types]
        literals = self._index(prop, types)
        for identity in _identities(target):
            for source in literals.get(identity, []):
                # What flows into a property decides; a name that also stands there as text adds nothing.
                if source not in found and not _flows_from(source, prop, target.type):
                    found.append(source)
        return found

    def targets(self, source: Resource, prop: str, *types: str) -> list[Resource]:
        """Resources of `types` that the property `prop` of `source` names."""
        flowing = [target for target in source.references.get(prop, []) if target.type in types]
        if flowing:
            return flowing
        found: list[Resource] = []
        for value in _texts(source.get(prop)):
            for key in IDENTITIES:
                found += [target for target in self._index(key, types).get(value, []) if target not in found]
        return found

    def _index(self, prop: str, types: tuple[str, ...]) -> dict[str, list[Resource]]:
        """Resources of `types` by the text, or each of the texts, in their property `prop`."""
        if (prop, types) not in self._literals:
            index: dict[str, list[Resource]] = {}
            for resource in self.of(*types):
                for value in _texts(resource.get(prop)):
                    index.setdefault(value, []).append(resource)
            self._literals[prop, types] = index
        return self._literals[prop, types]


def _texts(node: Node) -> list[str]:
    """The names in a property: the one, or those of a list."""
    values = node.value if isinstance(node.value, list) else [node.value]
    return list(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _identities(resource: Resource) -> Iterator[str]:
    for key in IDENTITIES:
        value = resource.get(key).value
        if isinstance(value, str) and value:
            yield value


def _flows_from(source: Resource, prop: str, kind: str) -> bool:
    return any(resource.type == kind for resource in source.references.get(prop, []))

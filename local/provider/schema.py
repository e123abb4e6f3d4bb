"""What is known of each type's properties: kinds from pulumi_aws, flags from the real provider.

`data/schema.json` (make_schema.py) has the kinds; `data/facts.json` the answers of the real provider 3.39.0
(witness/), and `data/documented.json`, in the same form, what its source says of types and arguments that came later.
What values may be is in `data/limits.json` and `data/limits_since.json` (limits.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.provider.limits import Limit, with_also
from local.provider.shapes import Kind

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Flags:
    """What the real provider says of one argument; `known` is False when neither source has it."""

    replace: bool = False
    computed: bool = False  # the provider fills it in when the program does not
    unordered: bool = False  # a set: order says nothing
    sensitive: bool = False
    ignored: bool = False  # a change of it alone is none: it does not tell the blocks of its set apart
    default: Any = None  # what the provider says when the program does not
    known: bool = False


@dataclass(frozen=True)
class Schema:
    """A type's properties by wire name."""

    inputs: Mapping[str, Kind]
    outputs: Mapping[str, Kind]  # those that are no inputs
    required: frozenset[str]
    _flags: Mapping[str, Flags]  # by dotted path
    limits: Mapping[str, Limit]  # by dotted path
    conflicts: tuple[tuple[str, str], ...]  # arguments that exclude each other

    def kind(self, prop: str) -> Kind:
        """The kind of an input or output."""
        return self.inputs[prop] if prop in self.inputs else self.outputs[prop]

    def flags(self, path: str) -> Flags:
        """The flags of the argument at a dotted path."""
        return self._flags.get(path, Flags())

    def hides(self, prop: str) -> bool:
        """Whether the property is a secret, or holds one."""
        inner = (flags for path, flags in self._flags.items() if path.partition(".")[0] == prop)
        return any(flags.sensitive for flags in inner)

    def replaces(self, path: str) -> bool:
        """Whether a change at the path replaces the resource: the nearest thing that is known decides."""
        while path:
            flags = self._flags.get(path)
            if flags is not None:
                return flags.replace
            path = path.rpartition(".")[0]
        return False


def load(token: str, terraform: str) -> Schema:
    """The schema of a type of the table."""
    entry = _read("schema.json")[token]
    rows = {**_read("facts.json").get(terraform, {}), **_read("documented.json").get(terraform, {})}
    kinds = {**entry["inputs"], **entry["outputs"]}
    return Schema(
        inputs=entry["inputs"],
        outputs=entry["outputs"],
        required=frozenset(entry["required"]),
        _flags={path: _flags(row) for name, row in rows.items() if (path := wire_path(name, kinds))},
        limits={
            path: limit for name, limit in _limits(terraform) if (path := wire_path(name, entry["inputs"]))
        },
        conflicts=tuple(_conflicts(terraform, entry["inputs"])),
    )


def _limits(terraform: str) -> Iterator[tuple[str, Limit]]:
    since = _read("limits_since.json").get(terraform, {})
    for name, row in _read("limits.json").get(terraform, {}).items():
        if name != "conflicts":
            yield name, with_also(row["limit"], since[name]["also"]) if name in since else row["limit"]


def _conflicts(terraform: str, inputs: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    over = _read("limits_since.json").get(terraform, {}).get("conflicts", {"also": []})["also"]
    for pair in _read("limits.json").get(terraform, {}).get("conflicts", ()):
        one, other = (wire_path(name, inputs) for name in pair)
        if pair not in over and one and other:
            yield one, other


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_DATA / name).read_text())
    return found


def _flags(row: Mapping[str, Any]) -> Flags:
    kind = row.get("type", "")
    return Flags(
        replace=row.get("replace") is True,
        computed=bool(row.get("computed")),
        unordered=row.get("block") == "set" or kind.startswith('["set"'),
        sensitive=bool(row.get("sensitive")),
        ignored=bool(row.get("ignored")),
        default=row.get("default"),
        known=True,
    )


def wire_path(name: str, kinds: Mapping[str, Kind]) -> str | None:
    """Terraform's `instance_type_configs.ebs_config` as Pulumi's `instanceTypeConfigs.ebsConfigs`; None where
    Pulumi has no such thing."""
    path: list[str] = []
    level: Kind = kinds
    for step in name.split("."):
        while isinstance(level, list):
            level = level[1]
        if not isinstance(level, dict):
            return None
        camel = step.split("_")[0] + "".join(part.capitalize() for part in step.split("_")[1:])
        found = next((one for one in (camel, *_plurals(camel)) if one in level), None)
        if found is None:
            return None
        path.append(found)
        level = level[found]
    return ".".join(path)


def _plurals(name: str) -> tuple[str, ...]:
    return (f"{name}s", f"{name}es", f"{name[:-1]}ies" if name.endswith("y") else f"{name}s")

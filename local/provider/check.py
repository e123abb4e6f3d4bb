"""What the program may say: arguments that exist and are supported, of the right kind and within their limits;
defaults, names and tags."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from local.provider.known import Known
from local.provider.limits import wrong
from local.provider.shapes import Kind
from local.provider.table import Name
from local.provider.values import UNKNOWN, Asset, has_unknown

_PYTHON: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "asset": Asset,
}
_SHOWN = 80  # of a value in an error, in characters


class Failure(NamedTuple):
    """One property and what is wrong with it."""

    prop: str
    reason: str


def check(
    known: Known,
    *,
    name: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    seed: bytes,
    default_tags: Mapping[str, str],
) -> tuple[dict[str, Any], list[Failure]]:
    """The inputs with everything filled in that the real provider fills in, and what is wrong with them."""
    said = {prop: value for prop, value in new.items() if value is not None and prop != "__defaults"}
    failures = [
        *_unknown_names(known, said), *_wrong_kinds(known, said), *_missing(known, said), *_conflicts(known, said),
    ]  # fmt: skip
    inputs, defaults = dict(said), []
    for prop, value in known.row.defaults.items():
        if prop not in inputs:
            inputs[prop] = value
            defaults.append(prop)
    rule = known.row.name
    if rule is not None and _wants_name(rule, inputs):
        inputs[rule.prop] = made = _name(rule, name, old, seed)
        defaults.append(rule.prop)
        if len(made) > rule.length:
            reason = f"{made!r}, made from the resource's name, is longer than {rule.length} characters"
            failures.append(Failure(rule.prop, f"{reason}; shorten the name or set {rule.prop!r}"))
    inputs["__defaults"] = sorted(defaults)
    if "tagsAll" in known.schema.outputs and known.row.tagging is not None:
        inputs["tagsAll"] = merge_tags(default_tags, inputs.get("tags"))
    if not failures and known.row.check is not None:
        wrong = known.row.check(inputs)
        failures += [Failure(*wrong)] if wrong else []
    return inputs, failures


def merge_tags(default_tags: Mapping[str, str], tags: Any) -> Any:
    """The provider's default tags under the resource's own; unknown as soon as any of them is."""
    if has_unknown(tags):
        return UNKNOWN
    own = tags if isinstance(tags, dict) else {}
    return {**default_tags, **{key: value for key, value in own.items() if value is not None}}


def physical_name(prefix: str) -> str:
    """A name that nothing else has, from a `namePrefix`: the prefix, the time and a digest of it, 26
    digits."""
    now = time.time_ns()
    return prefix + time.strftime("%Y%m%d%H%M%S", time.gmtime(now // 10**9)) + f"{now % 10**12:012d}"


def _unknown_names(known: Known, said: Mapping[str, Any]) -> list[Failure]:
    failures = []
    for prop in said:
        why = known.row.unsupported.get(prop)
        if prop not in known.schema.inputs:
            failures.append(Failure(prop, f"{known.row.type} has no argument {prop!r}"))
        elif why is not None:
            failures.append(
                Failure(prop, f"the local provider does not support {prop!r} of {known.row.type}: {why}")
            )
    return failures


def _missing(known: Known, said: Mapping[str, Any]) -> list[Failure]:
    return [
        Failure(prop, f"{known.row.type} needs {prop!r}")
        for prop in sorted(known.schema.required)
        if prop not in said and prop not in known.row.defaults
    ]


def _conflicts(known: Known, said: Mapping[str, Any]) -> list[Failure]:
    return [
        Failure(one, f"{one!r} of {known.row.type} cannot be said together with {other!r}")
        for one, other in known.schema.conflicts
        if said.get(one) not in (None, [], {}) and said.get(other) not in (None, [], {})
    ]


def _wrong_kinds(known: Known, said: Mapping[str, Any]) -> list[Failure]:
    failures: list[Failure] = []
    for prop, value in said.items():
        if prop in known.schema.inputs:
            _find_wrong(known, prop, value, known.schema.inputs[prop], failures)
    return failures


def _find_wrong(known: Known, path: str, value: Any, kind: Kind, failures: list[Failure]) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            failures.append(Failure(path, f"{path} of {known.row.type} is a block, not {value!r}"))
            return
        for key, one in value.items():
            if key == "__defaults":
                continue
            if key not in kind:
                failures.append(
                    Failure(f"{path}.{key}", f"{path} of {known.row.type} has no argument {key!r}")
                )
            elif (why := known.row.unsupported.get(f"{_plain(path)}.{key}")) and one is not None:
                reason = f"the local provider does not support '{path}.{key}' of {known.row.type}: {why}"
                failures.append(Failure(f"{path}.{key}", reason))
            else:
                _find_wrong(known, f"{path}.{key}", one, kind[key], failures)
    elif isinstance(kind, list):
        _find_wrong_items(known, path, value, kind, failures)
    elif not _fits(value, kind):
        failures.append(Failure(path, f"{path} of {known.row.type} is a {kind}, not {value!r}"))
    elif (must := wrong(known.schema.limits.get(_plain(path), {}), value)) is not None:
        failures.append(Failure(path, f"{path} of {known.row.type} {must}, not {_shown(known, path, value)}"))


def _find_wrong_items(
    known: Known, path: str, value: Any, kind: Sequence[Any], failures: list[Failure]
) -> None:
    if not isinstance(value, list if kind[0] == "list" else dict):
        failures.append(Failure(path, f"{path} of {known.row.type} is a {kind[0]}, not {value!r}"))
        return
    items = (
        value.items() if isinstance(value, dict) else ((f"{index}", one) for index, one in enumerate(value))
    )
    for key, one in items:
        inner = f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]"
        _find_wrong(known, inner, one, kind[1], failures)


def _shown(known: Known, path: str, value: Any) -> str:
    if known.schema.flags(_plain(path)).sensitive:
        return "what it is"
    return repr(value) if len(str(value)) <= _SHOWN else f"{str(value)[:_SHOWN]!r}…"


def _plain(path: str) -> str:
    return ".".join(step.split("[")[0] for step in path.split("."))


def _fits(value: Any, kind: str) -> bool:
    """Whether a value can be had as that kind: the real provider, too, takes "8" for 8 and true for
    "true"."""
    if kind == "string":
        return isinstance(value, str | int | float | bool)
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, str) and kind in ("integer", "number"):
        return value.lstrip("-").replace(".", "", 1).isdigit()
    return isinstance(value, _PYTHON[kind]) and not isinstance(value, bool)


def _wants_name(name: Name, inputs: Mapping[str, Any]) -> bool:
    return name.prop not in inputs and name.prefix_prop not in inputs


def _name(name: Name, resource: str, old: Mapping[str, Any], seed: bytes) -> str:
    """The resource's name and hexadecimal digits from the engine's seed; the one it has, once it has one."""
    if name.prop in old.get("__defaults", []) and old.get(name.prop) is not None:
        return str(old[name.prop])
    if not name.random:
        return resource
    digits = hashlib.sha256(seed or time.time_ns().to_bytes(8, "big")).hexdigest()[: name.random]
    stem = (resource.lower() if name.lower else resource).removeprefix(name.prefix)
    return f"{name.prefix}{stem}-{digits}"

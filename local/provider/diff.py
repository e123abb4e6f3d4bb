"""What has changed between the state and the program, and what the change forces.

The program's value is compared with what the state has (the outputs), as the real provider does: so a change
made behind the program's back, seen by a refresh, is mended. What the program does not say and the provider
computes is no change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.provider.known import Known
from local.provider.shapes import Kind
from local.provider.values import UNKNOWN, Asset

_EMPTY: tuple[Any, ...] = (None, "", [], {}, False)


@dataclass(frozen=True)
class Change:
    """One changed value: `path` as the engine prints it (`rules[0].id`), `plain` the same without places in
    lists."""

    path: str
    plain: str
    kind: Literal["add", "update", "delete"]


@dataclass(frozen=True)
class Difference:
    """All changes, those that replace, and whether the old resource must go before the new one comes."""

    changes: tuple[Change, ...]
    replaces: tuple[Change, ...]
    delete_first: bool


def difference(
    known: Known,
    *,
    old_inputs: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    ignore: Collection[str] = (),
    region: str = "",
) -> Difference:
    """Compare new inputs with the state. `region` is the provider's, for resources that name none."""
    found: list[Change] = []
    for prop in known.schema.inputs:
        found += _of_argument(known, prop, old_inputs, old, new, region)
    if "tagsAll" in known.schema.outputs:
        found += changes(known, "tagsAll", old.get("tagsAll") or {}, new.get("tagsAll") or {})
    found = [one for one in found if not _ignored(one.path, ignore)]
    sometimes = known.row.replaces_if(old, new) if known.row.replaces_if else frozenset()
    replaces = [one for one in found if one.plain in sometimes or _replaces(known, one)]
    return Difference(tuple(found), tuple(replaces), bool(replaces) and _delete_first(known, old_inputs, new))


def _of_argument(
    known: Known,
    prop: str,
    old_inputs: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    region: str,
) -> list[Change]:
    wanted, had = new.get(prop), old.get(prop)
    if had is None and prop not in known.readable():
        had = old_inputs.get(prop)
    if prop == "region":
        wanted = wanted or region or had
        had = had or wanted
    if prop in known.row.unsupported and wanted is None:
        return []
    if wanted is None:
        if known.left_alone(prop) or had in _EMPTY or _is_default(known, prop, had, old_inputs):
            return []
        return [Change(prop, prop, "delete")]
    return changes(known, prop, had, wanted, said=old_inputs.get(prop))


def _is_default(known: Known, prop: str, had: Any, old_inputs: Mapping[str, Any]) -> bool:
    """Whether a value that the program never said is one that AWS gives by itself."""
    return prop not in old_inputs and (
        prop in known.row.defaults or known.schema.flags(prop).computed or had == 0
    )


def changes(
    known: Known, path: str, had: Any, wanted: Any, *, covered: bool = True, said: Any = None, plain: str = ""
) -> list[Change]:
    """Where `wanted` differs from `had`. With `covered`, fields that only AWS filled in are no difference, nor
    those that the real provider ignores."""
    plain = plain or path
    if covered and known.schema.flags(plain).ignored:
        return []
    if wanted is UNKNOWN:
        return [Change(path, plain, "update" if had is not None else "add")]
    if known.same(plain, had, wanted):
        return []
    if had is None:
        return [Change(path, plain, "add")]
    if wanted is None:
        return [Change(path, plain, "delete")]
    if isinstance(had, dict) and isinstance(wanted, dict):
        return _of_dicts(known, path, had, wanted, covered, said, plain)
    if isinstance(had, list) and isinstance(wanted, list):
        return _of_lists(known, path, had, wanted, covered, said, plain)
    if isinstance(had, Asset) and isinstance(wanted, Asset) and had.hash and had.hash == wanted.hash:
        return []
    if _same_scalar(had, wanted):
        return []
    return [Change(path, plain, "update")]


def alike(known: Known, prop: str, one: Any, other: Any) -> bool:
    """Whether two values mean the same, the order of sets included."""
    return known.same(prop, one, other) or (
        not changes(known, prop, one, other, covered=False)
        and not changes(known, prop, other, one, covered=False)
    )


def _of_dicts(
    known: Known, path: str, had: dict[str, Any], wanted: dict[str, Any], covered: bool, said: Any, plain: str
) -> list[Change]:
    is_map = _is_map(known, plain)
    said = said if isinstance(said, dict) else {}
    found: list[Change] = []
    for key in (*wanted, *(key for key in had if key not in wanted)):
        flags = known.schema.flags(f"{plain}.{key}")
        unsaid = key not in wanted and covered and not is_map
        if unsaid and (key not in said or flags.computed or _same_scalar(had[key], flags.default)):
            continue
        found += changes(
            known,
            f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]',
            had.get(key, flags.default),
            flags.default if unsaid else wanted.get(key),  # taken back: what the provider says then
            covered=covered,
            said=said.get(key),
            plain=plain if is_map else f"{plain}.{key}",
        )
    return found


def _of_lists(
    known: Known, path: str, had: list[Any], wanted: list[Any], covered: bool, said: Any, plain: str
) -> list[Change]:
    said = said if isinstance(said, list) else []
    if _unordered(known, plain):
        rest = _unlike(known, path, had, wanted, covered, said, plain)
    else:
        rest = [
            (index, _item(had, index), _item(wanted, index), _item(said, index))
            for index in range(max(len(had), len(wanted)))
        ]
    found: list[Change] = []
    for index, one, other, hint in rest:
        found += changes(known, f"{path}[{index}]", one, other, covered=covered, said=hint, plain=plain)
    return found


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _unlike(
    known: Known, path: str, had: list[Any], wanted: list[Any], covered: bool, said: list[Any], plain: str
) -> list[tuple[int, Any, Any, Any]]:
    """Of two sets what stands in one only, in pairs: place, the state's, the program's, and what the program
    said when it made the state's."""

    def first_said(one: Any) -> Any:
        return next((it for it in said if not changes(known, path, one, it, plain=plain)), None)

    left, new = [(one, first_said(one)) for one in had], []
    for index, other in enumerate(wanted):
        twin = next(
            (
                pair
                for pair in left
                if not changes(known, path, pair[0], other, covered=covered, said=pair[1], plain=plain)
            ),
            None,
        )
        if twin is None:
            new.append((index, other))
        else:
            left.remove(twin)
    rest = [(index, *(left.pop(0) if left else (None, None)), other) for index, other in new]
    gone = [(len(wanted) + place, one, None, hint) for place, (one, hint) in enumerate(left)]
    return [(index, one, other, hint) for index, one, hint, other in rest] + gone


def _replaces(known: Known, change: Change) -> bool:
    """Whether a change replaces the resource."""
    return change.plain == "region" or known.schema.replaces(change.plain)


def _delete_first(known: Known, old_inputs: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Two cannot stand side by side: by their nature, or because the program has fixed the name."""
    if known.row.delete_first:
        return True
    name = known.row.name
    if name is None or not name.random:
        return False
    fixed = name.prop not in new.get("__defaults", []) and new.get(name.prop) is not None
    return fixed and new.get(name.prop) == old_inputs.get(name.prop)


def _is_map(known: Known, plain: str) -> bool:
    """Whether the path is a map, whose keys are the program's, and no block, whose fields are the
    provider's."""
    kind: Kind = {**known.schema.inputs, **known.schema.outputs}
    for step in plain.split("."):
        while isinstance(kind, list):
            kind = kind[1]
        if not isinstance(kind, dict) or step not in kind:
            return True
        kind = kind[step]
    while isinstance(kind, list) and kind[0] == "list":
        kind = kind[1]
    return isinstance(kind, list)


def _unordered(known: Known, plain: str) -> bool:
    return known.schema.flags(plain).unordered


def _same_scalar(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    return not isinstance(one, dict | list) and not isinstance(other, dict | list) and str(one) == str(other)


def _ignored(path: str, ignore: Iterable[str]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in ignore)

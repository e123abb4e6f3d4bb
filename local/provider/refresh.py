"""What a refresh or an import makes of what AWS has: the inputs that a program would have to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.diff import changes
from local.provider.known import Known
from local.provider.shapes import Kind

_EMPTY: tuple[Any, ...] = (None, "", [], {}, False, 0)


def inputs_of(
    known: Known,
    said: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    importing: bool,
) -> dict[str, Any]:
    """New inputs: the old ones with what AWS has otherwise; for an import, all that is no default."""
    inputs: dict[str, Any] = {}
    if importing:
        for prop in known.schema.inputs:
            value = outputs.get(prop)
            default = known.row.defaults.get(prop)
            if value in _EMPTY or value == default or prop in ("region", "tags"):
                continue
            if (
                known.schema.flags(prop).computed
                and prop not in known.schema.required
                and not _names(known, prop)
            ):
                continue
            inputs[prop] = _only_inputs(value, known.schema.inputs[prop])
        inputs |= {
            prop: value for prop, value in known.row.defaults.items() if outputs.get(prop, value) == value
        }
        if outputs.get("tags"):
            inputs["tags"] = outputs["tags"]
    else:
        readable = known.readable() | {"tags"}
        for prop, value in said.items():
            if prop in ("__defaults", "tagsAll"):
                inputs[prop] = value
            elif prop in outputs:
                inputs[prop] = _refreshed(known, prop, value, outputs[prop])
            elif prop not in readable:
                inputs[prop] = value
    if "tagsAll" in known.schema.outputs and "tagsAll" in outputs:
        inputs["tagsAll"] = outputs["tagsAll"]
    inputs.setdefault("__defaults", sorted(known.row.defaults))
    return inputs


def _refreshed(known: Known, prop: str, said: Any, has: Any) -> Any:
    """What was said where it still holds; where it does not, what AWS has of the fields that were said."""
    if not changes(known, prop, has, said, said=said):
        return said
    return _like(said, has)


def _like(said: Any, has: Any) -> Any:
    if isinstance(said, dict) and isinstance(has, dict):
        return {key: _like(said[key], value) for key, value in has.items() if key in said} or has
    if isinstance(said, list) and isinstance(has, list):
        return [_like(said[place], one) if place < len(said) else one for place, one in enumerate(has)]
    return has


def _names(known: Known, prop: str) -> bool:
    return known.row.name is not None and prop == known.row.name.prop


def _only_inputs(value: Any, kind: Kind) -> Any:
    if isinstance(value, dict) and isinstance(kind, dict):
        return {
            key: _only_inputs(one, kind[key])
            for key, one in value.items()
            if key in kind and one not in _EMPTY
        }
    if isinstance(value, list) and isinstance(kind, list):
        return [_only_inputs(one, kind[1]) for one in value]
    return value

"""What a preview can say of a resource's outputs: never more than what is known before the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.known import Known
from local.provider.values import UNKNOWN


def created(known: Known, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource that does not exist yet: its inputs, and unknown what AWS will decide."""
    outputs = {name: value for name, value in inputs.items() if not name.startswith("__")}
    for prop in known.schema.inputs:
        computed = known.schema.flags(prop).computed and prop not in known.row.unsupported
        if prop not in outputs and (computed or _named_by_prefix(known, prop)):
            outputs[prop] = UNKNOWN
    for prop in known.schema.outputs:
        if prop not in outputs and prop not in known.row.absent:
            outputs[prop] = UNKNOWN
    return outputs


def updated(known: Known, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs after an update in place: what AWS decided stays, unless it is made of what changes."""
    outputs = {name: value for name, value in old.items() if not name.startswith("__")}
    for prop in known.schema.inputs:
        if prop in new:
            outputs[prop] = new[prop]
        elif prop in outputs and not known.schema.flags(prop).computed and prop != "region":
            del outputs[prop]
    if "tagsAll" in new:
        outputs["tagsAll"] = new["tagsAll"]
    for prop in known.row.volatile:
        if prop not in new and any(
            not known.same(name, old.get(name), new.get(name)) for name in known.schema.inputs
        ):
            outputs[prop] = UNKNOWN
    return outputs


def _named_by_prefix(known: Known, prop: str) -> bool:
    return known.row.name is not None and prop == known.row.name.prop

"""What the engine keeps of a resource: what AWS has of it, in the program's own spelling where both mean the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.provider.diff import alike
from local.provider.errors import ProviderError
from local.provider.run import NAME, Run

_PARTS = re.compile(r"\$[A-Za-z][A-Za-z0-9]*|[^$]+")


def outputs(run: Run) -> dict[str, Any]:
    """All outputs of a resource from what was read, what the program said, and what the state remembers."""
    known = run.known
    readable = known.readable() - known.row.forgotten
    kept: dict[str, Any] = {}
    for prop in (*known.schema.inputs, *known.schema.outputs):
        if prop in run.found:
            kept[prop] = run.found[prop]
        elif prop not in readable and prop not in known.row.outputs:
            kept[prop] = _remembered(run, prop)
    if "region" in known.schema.inputs:
        kept["region"] = run.at.region
    said = dict(run.props)
    run.props = {**run.props, **{name: value for name, value in kept.items() if value is not None}}
    for prop, template in known.row.outputs.items():
        text = run.text(template)
        if text is not None:
            kept[prop] = text
    _settle_tags(run, kept, said.get("tags"))
    for prop, value in kept.items():
        own = _remembered(run, prop, said)
        if own is None and value in ({}, []) and prop in known.schema.inputs:
            kept[prop] = None  # AWS's way to say that nothing was said
        elif own is not None and value != own and alike(known, prop, value, own):
            kept[prop] = own  # the program's own spelling, where both mean the same
    return {name: value for name, value in kept.items() if value is not None}


def start_import(run: Run, import_id: str) -> None:
    """Give a run the id and the properties that an import's id names: `role:name` by `$role:$name`."""
    known = run.known
    template = known.row.import_id or known.row.id
    run.id = import_id
    if template.startswith("="):
        return
    names = NAME.findall(template)
    pattern = "".join(
        f"(?P<{part[1:]}>.+{'' if part == f'${names[-1]}' else '?'})"
        if part.startswith("$")
        else re.escape(part)
        for part in _PARTS.findall(template)
    )
    match = re.fullmatch(pattern, import_id)
    if match is None:
        raise ProviderError(
            f"{known.row.type}: {import_id!r} is no id to import; it must look like {template}"
        )
    said = match.groupdict()
    run.id = said.pop("id", import_id)
    run.old = dict(said)
    run.props = dict(said)
    if known.row.import_id and not known.row.id.startswith("="):
        run.id = run.text(known.row.id) or import_id


def _remembered(run: Run, prop: str, said: Mapping[str, Any] | None = None) -> Any:
    """What the program or else the state has of a property that was not read."""
    known = run.known
    props = run.props if said is None else said
    if prop in props:
        return props[prop]
    forgets = prop in known.schema.inputs and not known.schema.flags(prop).computed
    return None if forgets else run.old.get(prop)


def _settle_tags(run: Run, kept: dict[str, Any], said: Any) -> None:
    """`tagsAll` is what AWS has; `tags` is that without the provider's default tags, as the real one
    does."""
    known = run.known
    if "tagsAll" not in known.schema.outputs:
        return
    every = run.found.get("tagsAll") or {}
    said = said if isinstance(said, dict) else None
    every = {key: value for key, value in every.items() if not key.startswith("aws:")}
    wanted = {**(run.old.get("tags") or {}), **(said or {})}
    kept["tagsAll"] = every
    own = {
        key: value for key, value in every.items() if key in wanted or run.at.default_tags.get(key) != value
    }
    kept["tags"] = own if own or said is not None else None

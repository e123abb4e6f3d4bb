"""Changes of a spec: applied to the data, and shown as a diff of its YAML file with the comments kept."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from jobs.failures.finding import Change
from jobs.spec import JobSpec


def apply(spec: JobSpec, changes: Iterable[Change]) -> JobSpec:
    """`spec` with the changes, later ones over earlier ones. Raises ValueError when that is no spec any more."""
    data: dict[str, Any] = spec.model_dump(mode="json")
    for change in changes:
        part = data
        for key in change.path[:-1]:
            part = part.setdefault(key, {})
        part[change.path[-1]] = yaml.safe_load(change.after) if change.after.startswith("{") else change.after
    return JobSpec.model_validate(data)


def diff(text: str, changes: Sequence[Change], name: str) -> str:
    """The changes as a unified diff of the spec file `text`, called `name`; empty when there is none."""
    changed = text
    for change in changes:
        changed = _edited(changed, change)
    lines = difflib.unified_diff(
        text.splitlines(), changed.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
    )
    return "\n".join(lines)


def _edited(text: str, change: Change) -> str:
    node = yaml.compose(text)
    path = list(change.path)
    indent = 0
    while path and isinstance(node, yaml.MappingNode):
        found = next(((key, value) for key, value in node.value if key.value == path[0]), None)
        if found is None:
            return _inserted(text, node, path, change.after, indent)
        key, node = found
        indent = key.start_mark.column
        path.pop(0)
    if node is None:
        return text
    # A block's end mark stands where the next key begins.
    end = len(text[: node.end_mark.index].rstrip())
    return text[: node.start_mark.index] + _scalar(change) + text[end:]


def _inserted(text: str, node: yaml.MappingNode, path: Sequence[str], value: str, indent: int) -> str:
    """`text` with keys added to a mapping that has them not: at its end, in its own style."""
    if node.flow_style:
        at = text.rindex("}", node.start_mark.index, node.end_mark.index)
        inner = _quoted(path[-1], value)
        for key in reversed(path[:-1]):
            inner = f"{key}: {{{inner}}}"
        return text[:at] + (", " if node.value else "") + inner + text[at:]
    indent = node.value[0][0].start_mark.column if node.value else indent + 2
    last = node.value[-1][1].end_mark if node.value else node.start_mark
    # A block's end mark stands where the next key begins; its last line is the one above, comments not counted.
    at = len(text[: last.index].rstrip())
    at = text.find("\n", at) if "\n" in text[at:] else len(text)
    added = ""
    for depth, key in enumerate(path[:-1]):
        added += f"\n{' ' * (indent + 2 * depth)}{key}:"
    added += f"\n{' ' * (indent + 2 * (len(path) - 1))}{_quoted(path[-1], value)}"
    return text[:at] + added + text[at:]


def _quoted(key: str, value: str) -> str:
    """`key: value`; settings of Spark are strings, whatever they look like."""
    return f'{key}: "{value}"' if key.startswith("spark.") else f"{key}: {value}"


def _scalar(change: Change) -> str:
    return f'"{change.after}"' if change.path[-1].startswith("spark.") else change.after

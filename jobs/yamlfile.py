"""YAML that remembers where each key stands, so that a mistake is told with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facts.errors import UserError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A YAML file's plain values, and the line (from 1) of every key path in it."""

    file: Path
    data: Any
    lines: dict[KeyPath, int]
    mistakes: Sequence[str]  # keys that stand twice: YAML would silently take the last

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest key above it when the key itself is not in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(file: Path) -> Document:
    """Read one document. Raises UserError when the file is missing, unreadable or not YAML."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file}: is not UTF-8 text; save it as UTF-8") from None
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        mistakes: list[str] = []
        if node is not None:
            _walk(node, (), file, lines, mistakes)
        # The safe loader builds plain values only; a document of one node needs no second parse.
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        raise UserError(f"{file}:{where.line + 1 if where else 1}: is not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{file}: is not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()
    return Document(file=file, data=data, lines=lines, mistakes=mistakes)


def _walk(
    node: yaml.Node,
    path: KeyPath,
    file: Path,
    lines: dict[KeyPath, int],
    mistakes: list[str],
    above: frozenset[int] = frozenset(),
) -> None:
    if id(node) in above:
        raise yaml.constructor.ConstructorError(None, None, "an alias contains itself", node.start_mark)
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            here = (*path, name)
            if name in seen:
                mistakes.append(f"{file}:{key.start_mark.line + 1}: {dotted(here)}: stands twice")
            seen.add(name)
            lines[here] = key.start_mark.line + 1
            _walk(value, here, file, lines, mistakes, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = value.start_mark.line + 1
            _walk(value, (*path, index), file, lines, mistakes, above)


def dotted(path: KeyPath) -> str:
    """`("inputs", 0, "zone")` as a user writes it: `inputs[0].zone`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(the file)"

"""YAML that remembers where each key stands, so that a mistake is told with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facts.errors import UserError

KeyPath = tuple[str | int, ...]
MAX_BYTES = 1_000_000
# Aliases make a small file large: a name for a list of names for lists of names …
MAX_VALUES = 20_000


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong in a file, and where. As text: `file:line: key.path: what`."""

    file: Path
    line: int  # from 1
    key: str  # empty for the file as a whole
    what: str

    def __str__(self) -> str:
        text = ": ".join(filter(None, (f"{self.file}:{self.line}", self.key, self.what)))
        # A file's name may hold anything, and so may what it says: a line stays one, and a terminal is told nothing.
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class UnreadableError(UserError):
    """A file that is no YAML document at all."""

    def __init__(self, file: Path, what: str, line: int = 1) -> None:
        self.mistake = Mistake(file=file, line=line, key="", what=what)
        super().__init__(str(self.mistake))


@dataclass(frozen=True, kw_only=True)
class Document:
    """A YAML file's plain values, and the line (from 1) of every key path in it."""

    file: Path
    data: Any
    lines: dict[KeyPath, int]
    mistakes: Sequence[Mistake]  # keys that stand twice: YAML would silently take the last

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest key above it when the key itself is not in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(file: Path) -> Document:
    """Read one document. Raises UnreadableError when the file is missing, too large, unreadable or not YAML."""
    text, loader = _text(file), None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        mistakes: list[Mistake] = []
        if node is not None:
            _walk(node, (), file, lines, mistakes)
        # The safe loader builds plain values only; a document of one node needs no second parse.
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        raise UnreadableError(file, f"is not YAML: {error.problem}", where.line + 1 if where else 1) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableError(file, f"is not YAML: {str(error).splitlines()[0]}") from None
    finally:
        if loader is not None:
            loader.dispose()
    return Document(file=file, data=data, lines=lines, mistakes=mistakes)


def _text(file: Path) -> str:
    try:
        if file.exists() and not file.is_file():
            raise UnreadableError(file, "is no file")
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UnreadableError(file, f"is larger than {MAX_BYTES:,} bytes: it holds data, not settings")
        return content.decode("utf-8")
    except OSError as error:
        raise UnreadableError(file, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableError(file, "is not UTF-8 text; save it as UTF-8") from None
    except ValueError:  # a zero byte in the name
        raise UnreadableError(file, "is no file name") from None


def _walk(
    node: yaml.Node,
    path: KeyPath,
    file: Path,
    lines: dict[KeyPath, int],
    mistakes: list[Mistake],
    above: frozenset[int] = frozenset(),
) -> None:
    if id(node) in above:
        raise yaml.constructor.ConstructorError(None, None, "an alias contains itself", node.start_mark)
    if len(lines) > MAX_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"more than {MAX_VALUES:,} values", node.start_mark
        )
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            here = (*path, name)
            if name in seen:
                mistakes.append(
                    Mistake(file=file, line=key.start_mark.line + 1, key=dotted(here), what="stands twice")
                )
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

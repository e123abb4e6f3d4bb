"""Files of Terraform as blocks whose expressions are not evaluated yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

from policies.corpus import terraform_json
from policies.corpus.declared import CorpusError


@dataclass
class Block:
    """A block of a file: its labels, and its attributes and blocks not evaluated yet."""

    kind: str
    labels: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def makes(self) -> str:
        """The kind of block that it stands for: its own, or what a `dynamic` one makes."""
        return self.labels[0] if self.kind == "dynamic" and self.labels else self.kind

    def mentions(self, *names: str) -> bool:
        """Whether an expression in it uses one of the names, also inside a text."""
        return any(
            str(token) in names or any(f"{name}." in str(token) for name in names)
            for node in self.attributes.values()
            if isinstance(node, Tree)
            for token in node.scan_values(lambda value: isinstance(value, Token))
        ) or any(inner.mentions(*names) for inner in self.blocks)


def parse(files: Iterable[Path]) -> tuple[dict[str, Any], list[Block]]:
    """The attributes and blocks of the files together. Raises CorpusError for a file that is not Terraform's."""
    attributes: dict[str, Any] = {}
    blocks: list[Block] = []
    for file in files:
        try:
            tree = hcl2.parses_to_tree(f"{_language(file)}\n")
        except (LarkError, ValueError, RecursionError) as error:
            raise CorpusError(f"{file}: not Terraform: {(str(error).splitlines() or [''])[0]}") from None
        more, inner = _body(tree.children[0])
        attributes |= more
        blocks += inner
    return attributes, blocks


def _language(file: Path) -> str:
    text = file.read_text()
    if file.suffix != ".json":
        return text
    return terraform_json.values(text) if file.name.endswith(".tfvars.json") else terraform_json.program(text)


def _body(body: Tree[Any]) -> tuple[dict[str, Any], list[Block]]:
    attributes: dict[str, Any] = {}
    blocks = []
    for child in body.children:
        if not isinstance(child, Tree):
            continue
        if child.data == "attribute":
            attributes[_word(child.children[0])] = child.children[-1]
        elif child.data == "block":
            heads = [
                c
                for c in child.children
                if isinstance(c, Tree) and c.data not in ("body", "new_line_or_comment")
            ]
            inner = next(c for c in child.children if isinstance(c, Tree) and c.data == "body")
            kind, *labels = map(_word, heads)
            blocks.append(Block(kind, labels, *_body(inner)))
    return attributes, blocks


def _word(node: Tree[Any]) -> str:
    if node.data == "string":
        return "".join(str(c.children[0]) for c in node.children if isinstance(c, Tree))
    return str(next(c for c in node.children if isinstance(c, Token)))

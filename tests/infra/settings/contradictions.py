"""The settings' own words: every message of a check across settings, read from the source that says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import infra

ROOT = Path(infra.__file__).parent
# What reads a stack's tree or shows it says nothing of its own: the words for types and limits are pydantic's. What is
# beside the settings, notices and documents, has tests of its own.
NO_CHECKS = {
    "loader.py",
    "explained.py",
    "model.py",
    "expansion.py",
    "notices.py",
    "documents.py",
    "__init__.py",
}
BESIDE = ("compute/purchase.py", "compute/queues.py", "compute/engines.py", "cost/ceiling.py")
BEGINS_WITH_A_KEY = re.compile(r"[\w.\[\]\0]+: ")  # \0: a part that is filled in


def sources() -> list[Path]:
    """The modules that check what a stack file says."""
    beside = [ROOT / name for name in BESIDE]
    return [*(path for path in sorted(ROOT.glob("settings/*.py")) if path.name not in NO_CHECKS), *beside]


def messages() -> dict[str, re.Pattern[str]]:
    """Where each message stands, and what it looks like with whatever is filled in."""
    return {
        f"{path.relative_to(ROOT)}: {said.replace(chr(0), '…')[:90]}": _pattern(said)
        for path in sources()
        for said in _said(ast.parse(path.read_text(encoding="utf-8")))
    }


def _said(tree: ast.Module) -> Iterator[str]:
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    refused = {
        id(one)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ValueError"
        for one in call.args
    }
    parts = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        inner = id(node) in parts and not isinstance(node, ast.JoinedStr)
        text = None if inner or id(node) in docstrings else _text(node)
        if (
            text
            and (id(node) in refused or BEGINS_WITH_A_KEY.match(text))
            and len(text.replace("\0", "")) > 8
        ):
            yield text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)


def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in said.split("\0")))

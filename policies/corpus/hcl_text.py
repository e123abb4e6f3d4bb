"""Texts of Terraform's language: escapes, and the parts of a template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator


def unescaped(text: str) -> str:
    """A quoted text's characters."""
    text = text.replace("$${", "${").replace("%%{", "%{")
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"'))
    except json.JSONDecodeError:
        return text


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Pieces of a template: (False, text) and (True, expression)."""
    position = 0
    for match in re.finditer(r"(?<!\$)\$\{", text):
        if match.start() < position:
            continue
        yield False, text[position : match.start()].replace("$${", "${")
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield True, text[match.end() : end - 1]
        position = end
    yield False, text[position:].replace("$${", "${")

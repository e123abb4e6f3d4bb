"""Terraform's JSON syntax, written anew as the language itself, so that one parser and one evaluator read both.

https://developer.hashicorp.com/terraform/language/syntax/json: what is a block there is an object, or a list of
objects; every text is a template. Nested blocks become attributes that hold objects, which are read the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policies.corpus.hcl_text import pieces

LABELS = {"resource": 2, "data": 2, "module": 1, "output": 1, "provider": 1, "variable": 1, "locals": 0}
BLOCKS = ("content", "default_tags", "lifecycle")  # nested, and asked for as blocks
LITERAL = {"$": r"\u0024{", "%": r"\u0025{"}  # what begins no template
WORDS = ("iterator",)  # a bare name of the language, given as text


def program(text: str) -> str:
    """A file of JSON as a file of the language. Raises ValueError for what is no object of JSON."""
    return "\n".join(
        line
        for kind, bodies in _object(text).items()
        if kind in LABELS
        for line in _labelled(kind, [], bodies, LABELS[kind])
    )


def values(text: str) -> str:
    """A file of values for variables (`.tfvars.json`), whose texts are no templates."""
    return "\n".join(
        f"{key} = {_written(value, template=False)}" for key, value in _object(text).items() if key != "//"
    )


def _object(text: str) -> dict[str, Any]:
    return _known_object(json.loads(text), "the file")


def _known_object(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is no object of JSON")


def _labelled(kind: str, labels: list[str], bodies: Any, depth: int) -> Iterator[str]:
    for one in bodies if isinstance(bodies, list) else [bodies]:
        body = _known_object(one, ".".join([kind, *labels]))
        if depth:
            for label, inner in body.items():
                if label != "//":
                    yield from _labelled(kind, [*labels, label], inner, depth - 1)
        else:
            yield " ".join([kind, *map(json.dumps, labels), "{"])
            yield from _body(body)
            yield "}"


def _body(body: dict[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        if key == "//":
            continue
        if key == "dynamic":
            yield from _labelled(key, [], value, 1)
        elif key in BLOCKS:
            yield from _labelled(key, [], value, 0)
        else:
            yield f"{key} = {value if key in WORDS else _written(value)}"


def _written(value: Any, *, template: bool = True) -> str:
    if isinstance(value, dict):
        members = (
            f"{_text(key, template)} = {_written(member, template=template)}"
            for key, member in value.items()
            if key != "//"
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(member, template=template) for member in value)}]"
    return _text(value, template) if isinstance(value, str) else json.dumps(value)


def _text(text: str, template: bool) -> str:
    if not template:
        return f'"{_literal(text).replace("%{", LITERAL["%"])}"'
    parts = (f"${{{piece}}}" if expression else _literal(piece) for expression, piece in pieces(text))
    return f'"{"".join(parts)}"'


def _literal(text: str) -> str:
    return json.dumps(text)[1:-1].replace("${", LITERAL["$"])

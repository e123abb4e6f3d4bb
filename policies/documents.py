"""IAM policy documents: parsed once, from a JSON string or an object, with unknown parts kept apart.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from policies.unknown import NotYetKnownError, Unknown
from policies.view import Node, show

SCOPES = ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal")
ELEMENTS = {name.lower(): name for name in ("Sid", "Effect", *SCOPES, "Condition")}
EFFECTS = ("Allow", "Deny")


class DocumentError(Exception):
    """A text that is not a policy document: reported as a finding."""


@dataclass(frozen=True)
class Condition:
    """One test of a statement: `operator` as written, `key` in lower case, since keys ignore case."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement; `unknowns` are the paths of elements that are not known before the update."""

    where: str
    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    unknowns: tuple[str, ...] = ()
    sid: str = ""

    @property
    def allows(self) -> bool:
        """Whether the statement grants."""
        return self.effect == "Allow"

    def settled(self) -> Iterator[Unknown]:
        """What of the statement a rule could not see, to be yielded beside what it found."""
        for path in self.unknowns:
            yield Unknown(path)


@dataclass(frozen=True)
class Document:
    """A policy document."""

    statements: tuple[Statement, ...]

    def allowing(self) -> Iterator[Statement]:
        """The statements that grant."""
        return (statement for statement in self.statements if statement.allows)


def read(node: Node) -> Document | None:
    """The document at `node`; None when absent.

    Raises NotYetKnownError when the whole is unknown, DocumentError when it is no policy document.
    """
    if not node.present:
        return None
    if node.unknown:
        raise NotYetKnownError(node.value.path)
    return parse(node.value, node.path)


def parse(value: Any, path: str) -> Document:
    """The document in `value`, which may be JSON text or an object."""
    if isinstance(value, str):
        return _parse_text(value, path)
    return _document(value, path)


@lru_cache(maxsize=4096)
def _parse_text(text: str, path: str) -> Document:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path} is not JSON: {error}") from None
    return _document(value, path)


def _document(value: Any, path: str) -> Document:
    if not isinstance(value, Mapping):
        raise DocumentError(f"{path} is {show(value)}, not a policy document")
    statements = _element(value, "statement")
    if statements is None:
        raise DocumentError(f"{path} has no Statement: {show(value)}")
    if isinstance(statements, Unknown):
        raise NotYetKnownError(statements.path)
    if not isinstance(statements, list):
        statements = [statements]
    return Document(tuple(_statement(s, f"{path}.Statement[{i}]") for i, s in enumerate(statements)))


def _element(value: Mapping[str, Any], lower: str) -> Any:
    return next((member for key, member in value.items() if key.lower() == lower), None)


def _statement(value: Any, where: str) -> Statement:
    if isinstance(value, Unknown):
        return Statement(where, "Allow", unknowns=(value.path,))
    if not isinstance(value, Mapping):
        raise DocumentError(f"{where} is {show(value)}, not an object")
    stray = [key for key in value if key.lower() not in ELEMENTS]
    if stray:
        raise DocumentError(
            f"{where} has the unknown element {show(stray[0])}; allowed: {', '.join(ELEMENTS.values())}"
        )
    unknown: list[str] = []
    parts = {key.lower(): member for key, member in value.items()}
    effect = parts.get("effect")
    if isinstance(effect, Unknown):
        unknown.append(effect.path)
    elif effect not in EFFECTS:
        raise DocumentError(f"{where}.Effect is {show(effect)}, not Allow or Deny")
    sid = parts.get("sid")
    sid = sid if isinstance(sid, str) else ""
    return Statement(
        where=f"{where} ({sid})" if sid else where,
        sid=sid,
        # An effect that is not known yet may be Allow: judged as such, and listed as unknown.
        effect="Allow" if isinstance(effect, Unknown) else str(effect),
        actions=_strings(parts, "action", where, unknown),
        not_actions=_strings(parts, "notaction", where, unknown),
        resources=_strings(parts, "resource", where, unknown),
        not_resources=_strings(parts, "notresource", where, unknown),
        principals=_principals(parts, "principal", where, unknown),
        not_principals=_principals(parts, "notprincipal", where, unknown),
        conditions=_conditions(parts.get("condition"), where, unknown),
        unknowns=tuple(unknown),
    )


def _strings(parts: Mapping[str, Any], key: str, where: str, unknown: list[str]) -> tuple[str, ...]:
    return _texts(parts.get(key), f"{where}.{ELEMENTS[key]}", unknown)


def _texts(value: Any, where: str, unknown: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = []
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, Unknown):
            unknown.append(member.path)
        elif isinstance(member, bool):
            texts.append("true" if member else "false")
        elif isinstance(member, str | int | float):
            texts.append(str(member))
        else:
            raise DocumentError(f"{where} is {show(member)}, not a string or a list of strings")
    return tuple(texts)


def _principals(
    parts: Mapping[str, Any], key: str, where: str, unknown: list[str]
) -> tuple[tuple[str, str], ...]:
    value, where = parts.get(key), f"{where}.{ELEMENTS[key]}"
    if value is None:
        return ()
    if isinstance(value, Unknown):
        unknown.append(value.path)
        return ()
    if isinstance(value, str):
        return (("AWS", value),)
    if not isinstance(value, Mapping):
        raise DocumentError(f"{where} is {show(value)}, neither a string nor an object")
    return tuple(
        (kind, name) for kind, names in value.items() for name in _texts(names, f"{where}.{kind}", unknown)
    )


def _conditions(value: Any, where: str, unknown: list[str]) -> tuple[Condition, ...]:
    where = f"{where}.Condition"
    if value is None:
        return ()
    if isinstance(value, Unknown):
        unknown.append(value.path)
        return ()
    if not isinstance(value, Mapping):
        raise DocumentError(f"{where} is {show(value)}, not an object")
    found = []
    for operator, tests in value.items():
        if isinstance(tests, Unknown):
            unknown.append(tests.path)
            continue
        if not isinstance(tests, Mapping):
            raise DocumentError(f"{where}.{operator} is {show(tests)}, not an object of keys and values")
        for key, values in tests.items():
            found.append(
                Condition(operator, key.lower(), _texts(values, f"{where}.{operator}.{key}", unknown))
            )
    return tuple(found)

"""CloudFormation's types and properties as those of the pack, by what cloudformation.yaml says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policies.corpus.declared import Declared
from policies.corpus.shapes import Shape, property_of, shapes
from policies.corpus.values import UNKNOWN, as_text, holds_unknown

DOCUMENTS = ("policy", "assumeRolePolicy", "configuration", "redrivePolicy", "redriveAllowPolicy")


@cache
def table() -> dict[str, dict[str, Any]]:
    """What is said of each type of CloudFormation."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("cloudformation.yaml").read_text()
    )
    return found


def settings(
    owner: str, key: str, setting: dict[str, Any], value: Any, flows: list[str]
) -> Iterator[Declared]:
    """A nested setting as resources beside its owner."""
    members = value if setting.get("each") and isinstance(value, list) else [value]
    for number, member in enumerate(members):
        name = f"{owner}/{key}" + (f"[{number}]" if setting.get("each") else "")
        values = {setting["under"]: member} if "under" in setting else member
        if not isinstance(values, dict):
            values = {}
        found = resource(
            name, setting["type"], values, {k: flows for k in values}, setting.get("names", {}), {}, ()
        )
        found.props.setdefault(setting["link"], UNKNOWN)
        found.flows[setting["link"]] = [owner]
        found.owner = owner
        yield found


def resource(
    name: str,
    token: str,
    values: dict[str, Any],
    flows: dict[str, list[str]],
    names: dict[str, str],
    row: dict[str, Any],
    others: tuple[str, ...],
) -> Declared:
    """A resource of type `token`; `row` is what the table says of its type, `others` are its other names."""
    shape = shapes().get(token, "")
    props = _wired(shape, values, names)
    for key in row.get("kebab", ()):
        if isinstance(props.get(key), str) and props[key] != UNKNOWN:
            props[key] = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", props[key]).lower()
    for key in DOCUMENTS:
        if isinstance(props.get(key), dict) and not isinstance(shape.get(key) if shape else None, dict):
            props[key] = _text(props[key])
    moved = {_place(shape, key, names): sources for key, sources in flows.items()}
    return Declared(name, token, props | row.get("set", {}), moved, names=others)


def _text(document: Any) -> Any:
    return document if holds_unknown(document) else json.dumps(document)


def _place(shape: Shape, key: str, names: dict[str, str]) -> str:
    return names.get(key) or property_of(shape, _lower(key))


def _lower(key: str) -> str:
    """`KMSKeyId` as `kmsKeyId`, `BucketName` as `bucketName`."""
    head = re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+$|[A-Z]", key)
    return key[: head.end()].lower() + key[head.end() :] if head else key


def _wired(shape: Shape, value: Any, names: dict[str, str]) -> Any:
    """`value` with the pack's names; a list where one is due, a map where CloudFormation lists keys and values."""
    if shape == "map" and isinstance(value, list):
        pairs = [one for one in value if isinstance(one, dict) and isinstance(one.get("Key"), str)]
        return {one["Key"]: one.get("Value") for one in pairs} if len(pairs) == len(value) else UNKNOWN
    if isinstance(shape, list) and value != UNKNOWN:
        members = value if isinstance(value, list) else [value]
        return [_wired(shape[0], member, names) for member in members]
    if isinstance(shape, dict) and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if shape == "" and isinstance(value, int | float):
        return as_text(value)
    if (
        shape in ("", "flag")
        and isinstance(value, list)
        and len(value) == 1
        and not isinstance(value[0], dict)
    ):
        return value[0]
    if shape == "flag" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower()  # CloudFormation takes a flag as text, in any letters
    if isinstance(shape, dict) and isinstance(value, dict):
        found = {_place(shape, key, names): member for key, member in value.items()}
        return {key: _wired(shape.get(key), member, names) for key, member in found.items()}
    return value

"""The settings as documentation: every key with its type, what is allowed, default and meaning; and for editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from facts.texts import WORDS
from infra.settings.loader import PROJECT
from infra.settings.stack import Settings

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
# What the tree has from Pulumi's own provider settings, not from under `emr:`.
_OF_AWS: Mapping[str, str] = {"aws.region": "aws:region", "aws.account_id": "aws:allowedAccountIds"}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minProperties": "at least {} entries",
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a stack file."""

    key: str  # "emr:network.cidr", "emr:clusters.<name>.core.types[].units"
    type: str
    allowed: str  # empty where the type says it all
    default: str | None  # None: it must be given
    meaning: str


def keys(model: type[BaseModel] = Settings) -> list[Key]:
    """Every key that a stack file of `model` may have, in the order of the settings."""
    schema = model.model_json_schema()
    found = _walk(schema, schema["$defs"], "")
    return [_named(key) for key in found if key.key != "aws"]  # Pulumi's own settings have no group


def schema(model: type[BaseModel] = Settings) -> dict[str, Any]:
    """The JSON schema of Pulumi.<stack>.yaml, for editors: what Pulumi has in it beside our own keys stays free."""
    tree = model.model_json_schema()
    definitions, own = tree["$defs"], dict(tree["properties"])
    aws = definitions.pop("AwsSettings")["properties"]
    del own["aws"]
    config = {f"{PROJECT}:{name}": one for name, one in own.items()}
    config["aws:region"] = aws["region"]
    config["aws:allowedAccountIds"] = {
        "type": "array", "items": aws["account_id"], "minItems": 1, "maxItems": 1,
        "description": aws["account_id"]["description"],
    }  # fmt: skip
    required = [f"{PROJECT}:{name}" for name in tree["required"] if name != "aws"]
    return {
        "$schema": SCHEMA,
        "title": "A stack file of the platform: Pulumi.<stack>.yaml",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "properties": config,
                "required": ["aws:region", "aws:allowedAccountIds", *required],
                # Of other projects' keys nothing is said; of ours there are no others.
                "propertyNames": {
                    "anyOf": [{"not": {"pattern": f"^{PROJECT}:"}}, {"enum": [f"{PROJECT}:{n}" for n in own]}]
                },
            }
        },
        "$defs": definitions,
    }


def _walk(of: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Iterator[Key]:
    required = of.get("required", ())
    for name, said in of.get("properties", {}).items():
        key = f"{path}.{name}" if path else name
        one, optional = _resolved(said, definitions)
        yield Key(
            key=key,
            type=_type(one, definitions),
            allowed=_allowed(one),
            default=None if name in required else _default(said, optional=optional),
            meaning=said.get("description", ""),
        )
        yield from _inside(one, definitions, key)


def _inside(one: Mapping[str, Any], definitions: Mapping[str, Any], key: str) -> Iterator[Key]:
    if "properties" in one:
        yield from _walk(one, definitions, key)
    elif one.get("type") == "array":
        item, _ = _resolved(one.get("items", {}), definitions)
        yield from _walk(item, definitions, f"{key}[]")
    else:
        values = [one.get("additionalProperties"), *one.get("patternProperties", {}).values()]
        for value in values:
            if isinstance(value, Mapping):
                yield from _walk(_resolved(value, definitions)[0], definitions, f"{key}.<name>")


def _resolved(said: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """What a key really is, and whether it may be left empty."""
    options = said.get("anyOf") or []
    optional = any(option.get("type") == "null" for option in options)
    one: Mapping[str, Any] = next((o for o in options if o.get("type") != "null"), said)
    if "$ref" in one:
        one = definitions[one["$ref"].rpartition("/")[2]]
    return one, optional


def _type(one: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "enum" in one or "const" in one:
        return "choice"
    if one.get("type") == "array":
        item, _ = _resolved(one.get("items", {}), definitions)
        return f"list of {_type(item, definitions)}s"
    if "properties" in one:
        return "group"
    return {"object": "mapping", "string": "text", "integer": "number", "boolean": "switch"}.get(
        str(one.get("type")), "value"
    )


def _allowed(one: Mapping[str, Any]) -> str:
    item = one.get("items", {}) if one.get("type") == "array" else {}
    choices = one.get("enum") or item.get("enum") or []
    limits = [words.format(one[name]) for name, words in _LIMITS.items() if name in one]
    if "pattern" in one:
        limits.append(WORDS[one["pattern"]])
    return ", ".join([*map(str, choices), *limits])


def _default(said: Mapping[str, Any], *, optional: bool) -> str:
    value = said.get("default")
    if value is None:
        return "none" if optional else "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return "as its keys say" if isinstance(value, dict) else str(value)


def _named(key: Key) -> Key:
    """The key as a stack file has it."""
    return replace(key, key=_OF_AWS.get(key.key, f"{PROJECT}:{key.key}"))

"""Tags: whose a resource is, what it costs whom, and who may change it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, config_rule, fsbp
from policies.tagging import AS_LIST, TAGGABLE, tags_of
from policies.unknown import NotYetKnownError, Unknown, unknowns
from policies.view import Resource, show

REQUIRED = ("environment", "owner", "cost-center", "data-classification", "managed-by")
# Objects bear at most ten tags, are billed with their bucket, and are many: their bucket carries the tags.
EXEMPT = (
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)
PATTERNS = {
    "environment": "^[a-z][a-z0-9-]*$",
    "data-classification": "^(public|internal|confidential|restricted)$",
}
# By environment, as its tag says it; `*` would be for all others.
COST_KEYS = {"prod": ["cost-center", "owner"]}


def _tags(resource: Resource, config: Config) -> Iterator[dict[str, Any] | Unknown]:
    """The tags of a resource that needs any; nothing where its type is exempt."""
    if resource.type in config["exemptTypes"]:
        return
    try:
        yield tags_of(resource)
    except NotYetKnownError as error:
        yield Unknown(error.path)


def _check_required(resource: Resource, config: Config) -> Verdicts:
    for tags in _tags(resource, config):
        if isinstance(tags, Unknown):
            yield tags
            continue
        # A value may be unknown still: the tag is there, and what it holds is judged at the update.
        missing = [key for key in config["required"] if key not in tags]
        if missing:
            yield Finding(f"lacks {', '.join(missing)} (has {', '.join(tags) or 'none'})")
        for key in config["required"]:
            value = tags.get(key)
            if isinstance(value, Unknown):
                yield value
            elif key in tags and (not isinstance(value, str) or not value.strip()):
                yield Finding(
                    f"has the tag {key} with {value!r} for a value",
                    remedy=f"Give {key} a value that names something",
                )


def _add_derived(resource: Resource, config: Config) -> Mapping[str, Any]:
    """Required tags that follow from what is known: a key spelt otherwise, the stack's name, the engine itself."""
    own = resource.get("tags")
    if resource.type in AS_LIST or resource.type in config["exemptTypes"] or list(unknowns(own.value)):
        return {}
    tags = tags_of(resource)
    spelt = {key.lower().replace("_", "-"): value for key, value in tags.items()}
    derived = {
        **config["derived"],
        "environment": resource.urn.split(":")[2],
        "managed-by": "pulumi",
        **spelt,
    }
    added = {
        key: derived[key]
        for key in config["required"]
        if key not in tags and isinstance(derived.get(key), str)
    }
    return {"tags": {**own.mapping(), **added}} if added else {}


def _check_values(resource: Resource, config: Config) -> Verdicts:
    for tags in _tags(resource, config):
        if isinstance(tags, Unknown):
            yield tags
            continue
        for key, pattern in config["patterns"].items():
            value = tags.get(key)
            if isinstance(value, Unknown):
                yield value
            elif isinstance(value, str) and value.strip() and not re.search(pattern, value):
                yield Finding(f"has the tag {key} with {show(value)}, which is not of the form {pattern}")


def _check_case(resource: Resource, config: Config) -> Verdicts:
    wanted = {key.lower(): key for key in config["keys"]}
    for tags in _tags(resource, config):
        if isinstance(tags, Unknown):
            yield tags
            continue
        seen: dict[str, str] = {}
        for key in tags:
            right = wanted.get(key.lower().replace("_", "-"))
            if right and right != key:
                yield Finding(f"has the tag {key}, which is spelt {right} elsewhere")
            elif key.lower() in seen:
                yield Finding(f"has the tags {seen[key.lower()]} and {key}, which are two for AWS")
            seen.setdefault(key.lower(), key)


def _check_cost(resource: Resource, config: Config) -> Verdicts:
    for tags in _tags(resource, config):
        if isinstance(tags, Unknown):
            yield tags
            continue
        environment = tags.get("environment", "*")
        if isinstance(environment, Unknown):
            yield environment
            continue
        keys = config["keys"].get(str(environment), config["keys"].get("*", []))
        missing = [key for key in keys if key not in tags]
        if missing:
            where = "" if environment == "*" else f" of {environment}"
            yield Finding(f"lacks {', '.join(missing)}, by which costs{where} are shared out")


EXEMPT_TYPES: Mapping[str, Mapping[str, Any]] = {
    "exemptTypes": {
        "type": "array",
        "items": {"type": "string"},
        "default": list(EXEMPT),
        "description": "Resource types that need no tags.",
    }
}


def _keys(default: list[str], description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "default": default, "description": description}


RULES = (
    ResourceRule(
        id="required-tags",
        title="Every taggable resource bears the required tags",
        protects="Cost that maps to an owner, and policies that go by tag",
        remedy="Add them to `tags` or to the provider's default tags",
        severity=Severity.MEDIUM,
        types=TAGGABLE,
        controls=config_rule("required-tags") + fsbp("IAM.23", "IAM.24", "IAM.25"),
        config={
            "required": _keys(list(REQUIRED), "Tag keys that must be there, with a value."),
            "derived": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "default": {},
                "description": "Values that remediation gives to required keys that are missing.",
            },
            **EXEMPT_TYPES,
        },
        check=_check_required,
        remediate=_add_derived,
    ),
    ResourceRule(
        id="tag-values",
        title="Tags have values of the form that their key asks for",
        protects="Reports and policies that go by a tag's value",
        remedy="Write the value as the others are",
        severity=Severity.LOW,
        types=TAGGABLE,
        config={
            "patterns": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "default": PATTERNS,
                "description": "Regular expressions by tag key; a tag that is absent is another rule's.",
            },
            **EXEMPT_TYPES,
        },
        check=_check_values,
    ),
    ResourceRule(
        id="tag-key-case",
        title="A tag's key is spelt in one way",
        protects="Reports that go by key: Owner and owner are two for AWS",
        remedy="Write the key in small letters with hyphens",
        severity=Severity.LOW,
        types=TAGGABLE,
        config={"keys": _keys(list(REQUIRED), "Keys whose spelling counts."), **EXEMPT_TYPES},
        check=_check_case,
    ),
    ResourceRule(
        id="tag-cost-allocation",
        title="Every taggable resource bears the keys by which its environment's costs are shared out",
        protects="Cost that maps to whoever causes it",
        remedy="Add them to `tags` or to the provider's default tags",
        severity=Severity.MEDIUM,
        types=TAGGABLE,
        config={
            "keys": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "default": COST_KEYS,
                "description": "Keys by the value of the tag environment; `*` for the others.",
            },
            **EXEMPT_TYPES,
        },
        check=_check_cost,
    ),
)

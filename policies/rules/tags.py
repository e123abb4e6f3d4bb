"""Tags: whose a resource is, what it costs whom, and who may change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, config_rule
from policies.unknown import NotYetKnownError, Unknown
from policies.view import Node, Resource, WrongTypeError

TABLE: Mapping[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "data" / "taggable.json").read_text()
)
AS_LIST = frozenset(TABLE["list"])
TAGGABLE = frozenset(TABLE["map"]) | AS_LIST

REQUIRED = ("environment", "owner", "cost-center", "data-classification", "managed-by")
# Objects bear at most ten tags, are billed with their bucket, and are many: their bucket carries the tags.
EXEMPT = (
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)


def _tags(resource: Resource) -> dict[str, Any]:
    """Every tag the resource will bear: its own, those merged already, and the provider's defaults."""
    found = dict(_default_tags(resource.provider.get("defaultTags")))
    for key in ("tagsAll", "tags"):
        node = resource.get(key)
        if resource.type in AS_LIST and key == "tags":
            found.update({str(n.get("key").text()): n.get("value").value for n in node.items()})
        elif key == "tags" or not node.unknown:
            # What is merged is computed, so it is unknown in a preview without saying anything.
            found.update(node.mapping())
    return found


def _default_tags(node: Node) -> Mapping[str, Any]:
    # A provider's nested properties travel as JSON text.
    if isinstance(node.value, str):
        try:
            node = Node(json.loads(node.value), node.path)
        except json.JSONDecodeError:
            raise WrongTypeError(node.path, node.value, "an object") from None
    return node.get("tags").mapping()


def _check_required(resource: Resource, config: Config) -> Verdicts:
    if resource.type in config["exemptTypes"]:
        return
    try:
        tags = _tags(resource)
    except NotYetKnownError as error:
        yield Unknown(error.path)
        return
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


RULES = (
    ResourceRule(
        id="required-tags",
        title="Every taggable resource bears the required tags",
        protects="Cost that maps to an owner, and policies that go by tag",
        remedy="Add them to `tags` or to the provider's default tags",
        severity=Severity.MEDIUM,
        types=TAGGABLE,
        controls=config_rule("required-tags"),
        config={
            "required": {
                "type": "array",
                "items": {"type": "string"},
                "default": list(REQUIRED),
                "description": "Tag keys that must be there, with a value.",
            },
            "exemptTypes": {
                "type": "array",
                "items": {"type": "string"},
                "default": list(EXEMPT),
                "description": "Resource types that need no tags.",
            },
        },
        check=_check_required,
    ),
)

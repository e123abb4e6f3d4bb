"""The tags that a resource will bear: its own, those merged already, and its provider's defaults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.view import Node, Resource, WrongTypeError

TABLE: Mapping[str, Any] = json.loads(
    (Path(__file__).resolve().parent / "data" / "taggable.json").read_text()
)
AS_LIST = frozenset(TABLE["list"])
TAGGABLE = frozenset(TABLE["map"]) | AS_LIST


def tags_of(resource: Resource) -> dict[str, Any]:
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

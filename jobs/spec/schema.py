"""The JSON schema of a job's file, for editors."""

from __future__ import annotations

from typing import Any

from jobs.spec.environments import MAY_DIFFER
from jobs.spec.job import JobSpec

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_PARTLY = "Partly"


def schema() -> dict[str, Any]:
    """What `jobs/catalog/<job>.yaml` may say. What keys must agree on with each other, 'emrctl jobs validate' tells."""
    tree = JobSpec.model_json_schema()
    definitions = tree["$defs"]
    definitions |= {f"{name}{_PARTLY}": _partly(one) for name, one in definitions.items()}
    environments = tree["properties"]["environments"]
    environments["additionalProperties"] = {
        "type": "object",
        "properties": {key: _or_null(_partly(tree["properties"][key])) for key in MAY_DIFFER},
        "additionalProperties": False,
    }
    if "patternProperties" in environments:  # where pydantic puts the names' pattern
        (pattern,) = environments["patternProperties"]
        environments["patternProperties"] = {pattern: environments.pop("additionalProperties")}
        environments["additionalProperties"] = False
    return {**tree, "$schema": SCHEMA, "title": "A job of the platform: jobs/catalog/<job>.yaml"}


def _partly(node: Any) -> Any:
    """The same with every key optional, and null to take one away."""
    if isinstance(node, list):
        return [_partly(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {
        key: _partly(value)
        for key, value in node.items()
        if key not in ("required", "default", "discriminator")
    }
    if "$ref" in node:
        found["$ref"] = f"{node['$ref']}{_PARTLY}"
    if "oneOf" in found:  # without its `kind` a place may be any of them
        found["anyOf"] = found.pop("oneOf")
    for names in ("properties", "patternProperties"):
        if isinstance(node.get(names), dict):
            found[names] = {key: _or_null(_partly(value)) for key, value in node[names].items()}
    if isinstance(node.get("additionalProperties"), dict):
        found["additionalProperties"] = _or_null(_partly(node["additionalProperties"]))
    return found


def _or_null(node: Any) -> dict[str, Any]:
    return {"anyOf": [node, {"type": "null"}]}

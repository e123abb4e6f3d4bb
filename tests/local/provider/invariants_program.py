"""The program of test_invariants.py: the resources of the plan that stands beside it as JSON.

A plan is a map from name to {type, props}, with `import` the id to import; `${name}` in a value is that resource's
id, `${name.prop}` one of its outputs. `secret` in the stack's configuration makes a secret of every property.
"""

import json
import re
from pathlib import Path
from typing import Any

import pulumi

REFERENCE = re.compile(r"\$\{([\w.-]+)}")
TEXT = Path(__file__).with_name("plan.json").read_text()
PLAN: dict[str, dict[str, Any]] = json.loads(TEXT)
SECRET = pulumi.Config().get_bool("secret")
NAMED = {tuple(name.split(".", 1)) for name in REFERENCE.findall(TEXT) if "." in name}

provider = pulumi.ProviderResource("aws", "aws", {"region": "us-east-1"})
made: dict[str, pulumi.CustomResource] = {}


def look_up(reference: str) -> pulumi.Output[str]:
    """What a reference stands for."""
    name, _, prop = reference.partition(".")
    resource = make(name)
    return getattr(resource, prop) if prop else resource.id


def resolve(value: Any) -> Any:
    """The value with its references as outputs."""
    if isinstance(value, dict):
        return {key: resolve(one) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve(one) for one in value]
    if not isinstance(value, str) or not REFERENCE.search(value):
        return value
    parts = REFERENCE.split(value)
    return pulumi.Output.concat(*(look_up(part) if at % 2 else part for at, part in enumerate(parts)))


def make(name: str) -> pulumi.CustomResource:
    """The resource, after those that it refers to."""
    if name not in made:
        one = PLAN[name]
        props = {key: resolve(value) for key, value in one["props"].items()}
        if SECRET:
            props = {key: pulumi.Output.secret(value) for key, value in props.items()}
        outputs = {prop: None for of, prop in NAMED if of == name}  # what is named here becomes an attribute
        options = pulumi.ResourceOptions(provider=provider, import_=one.get("import"))
        made[name] = pulumi.CustomResource(one["type"], name, {**outputs, **props}, options)
    return made[name]


for each in PLAN:
    make(each)

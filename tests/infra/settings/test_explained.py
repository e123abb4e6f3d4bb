"""The settings as documentation: nothing unexplained, and a schema that editors can go by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.settings.explained import keys, schema

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = schema()


def stack_file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())
    return found


def said(tree: Any, path: str) -> Iterator[str]:
    """The keys that a stack file has, as the documentation names them."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from (f"{path}.{name}" if path else name, *said(value, f"{path}.{name}" if path else name))
    elif isinstance(tree, list):
        for value in tree:
            yield from said(value, f"{path}[]")


def test_every_key_has_a_meaning_and_is_there_once() -> None:
    found = keys()
    assert [key.key for key in found if len(key.meaning) < 8] == []
    assert len({key.key for key in found}) == len(found)


@pytest.mark.parametrize("name", ["dev", "prod", "research"])
def test_the_example_stacks_say_nothing_that_is_not_explained(name: str) -> None:
    known = {key.key for key in keys()}
    for key in said(stack_file(name)["config"], ""):
        own = re.sub(r"^(emr:(clusters|applications))\.[^.]+", r"\1.<name>", key)
        own = re.sub(r"\.ready\.[^.]+", ".ready.<name>", own)
        free = own.endswith(".<name>") or ".spark." in own or ".queues." in own  # names of users, or of Spark
        assert free or own in known, key


@pytest.mark.parametrize("name", ["dev", "prod", "research"])
def test_editors_accept_the_example_stacks(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(stack_file(name), SCHEMA)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("emr:netwrok", {}),
        ("emr:network", {"zones": ["a", "b"], "nat": "two"}),
        ("emr:storage", {"log_retention_days": 0}),
        ("emr:clusters", {"main": {"core": {}}}),
        ("aws:allowedAccountIds", ["1"]),
    ],
)
def test_editors_mark_what_the_platform_would_refuse(key: str, value: Any) -> None:
    wrong = stack_file("dev")
    wrong["config"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_keys_of_others_are_left_alone() -> None:
    mine = stack_file("dev")
    mine["config"]["other:thing"] = 1
    jsonschema.validate({**mine, "encryptionsalt": "v1:x"}, SCHEMA)

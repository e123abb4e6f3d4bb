"""Every key of a stack file, by the settings' own schema: a wrong type and each limit is told at that very key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from infra.settings.stack import Settings
from tests.infra.settings.trees import good, mistakes

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]
# A name for each mapping whose keys the stack file chooses.
NAMES = {
    "clusters": "main",
    "applications": "adhoc",
    "virtual_clusters": "team",
    "tags": "team",
    "queues": "default",
    "autoscale": "core",
}
NAMES |= {"ready": "driver", "spark": "spark.x"}
# An entry with nothing wrong, for lists of groups: else the entries are told, not that they are too many.
ENTRIES: Mapping[str, Any] = {
    "types": {"name": "m5.xlarge"},
    "private_subnet_ids": "subnet-01234567",
    "topic_arns": "arn:aws:sns:us-east-1:111111111111:page",
    "scale_out": {"metric": "ContainerPendingRatio", "threshold": 1, "cooldown_seconds": 300},
    "actions": {"name": "a", "script": "bootstrap/a.sh", "expected_seconds": 1},
}
WRONG = {"string": 7, "integer": "x", "number": "x", "boolean": "yes", "array": "x", "object": 7}
SCHEMA = Settings.model_json_schema()


def resolved(said: Schema) -> Schema:
    """What a key really is, where it may also be left out or is told elsewhere."""
    said = next((one for one in said.get("anyOf", ()) if one.get("type") != "null"), said)
    return SCHEMA["$defs"][said["$ref"].rpartition("/")[2]] if "$ref" in said else said


def settings(of: Schema = SCHEMA, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Every key with its schema, through lists (their first entry) and mappings (one name)."""
    for name, said in of.get("properties", {}).items():
        one, at = resolved(said), (*path, name)
        if at == ("aws",):  # Pulumi's own, tested in mistakes/forms.py
            continue
        yield at, one
        yield from inside(one, at)


def inside(one: Schema, at: Path) -> Iterator[tuple[Path, Schema]]:
    if "properties" in one:
        yield from settings(one, at)
    elif "items" in one:
        item = resolved(one["items"])
        yield (*at, 0), item
        yield from inside(item, (*at, 0))
    elif one.get("type") == "object":
        of = [one.get("additionalProperties"), *one.get("patternProperties", {}).values()]
        for value in (resolved(each) for each in of if isinstance(each, Mapping)):
            name = (*at, NAMES[str(at[-1])])
            yield name, value
            yield from inside(value, name)


def wrong_type(one: Schema) -> Any:
    """A value of another type than the key's."""
    choices = one.get("enum", [one["const"]] if "const" in one else [])
    if choices:
        return 7.5 if isinstance(choices[0], str) else "x"
    return WRONG[one["type"]]


def out_of_range(at: Path, one: Schema) -> Iterator[Any]:
    """Values of the right type, each beyond one limit."""
    if "enum" in one:
        yield "nonsense" if isinstance(one["enum"][0], str) else -1
    if "pattern" in one:
        yield "\n"
    for limit, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
        if limit in one:
            yield one[limit] + step
    if one.get("minLength"):
        yield ""
    if "maxLength" in one:
        yield "x" * (one["maxLength"] + 1)
    if one.get("minItems"):
        yield []
    if "maxItems" in one:
        yield [ENTRIES.get(str(at[-1]), "x")] * (one["maxItems"] + 1)


def keys_told(path: Path, value: Any) -> list[str]:
    """The keys that dev's file is refused for, with this value there."""
    tree = good()
    place: Any = tree
    for part, following in pairwise(path):
        empty: Any = [{}] if isinstance(following, int) else {}
        if isinstance(part, int):
            if not isinstance(place[part], dict | list):
                place[part] = empty
        elif not place.get(part):
            place[part] = empty
        if following == "size":
            place[part].pop("types", None)  # the two exclude each other, which would be told instead
        place = place[part]
    place[path[-1]] = value
    return [line.partition(": ")[0] for line in mistakes(tree)]


def dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"emr:{text[1:]}"


CASES = [(at, wrong_type(one)) for at, one in settings()]
LIMITS = [(at, value) for at, one in settings() for value in out_of_range(at, one)]


@pytest.mark.parametrize(("path", "value"), [*CASES, *LIMITS], ids=lambda one: repr(one)[:60])
def test_a_wrong_value_is_told_at_its_key(path: Path, value: Any) -> None:
    assert dotted(path) in keys_told(path, value)


def test_it_is_about_every_setting() -> None:
    assert len(CASES) > 150
    assert len(LIMITS) > 150
    assert ("clusters", "main", "core", "types", 0, "units") in dict(CASES)

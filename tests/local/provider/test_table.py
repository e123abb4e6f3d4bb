"""The table is whole: every argument and output of every type is served, or said not to be, and by the
oracles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest

import local.provider
from local.provider.check import check
from local.provider.known import Known
from local.provider.make_schema import FILE, render, schema
from local.provider.table import Call, Resource, Template, When
from local.provider.types import RESOURCES
from local.provider.types.refused import REFUSED
from tests.local.provider.conftest import KNOWN

DATA = Path(local.provider.__file__).parent / "data"
FACTS = json.loads((DATA / "facts.json").read_text())


def _calls(row: Resource) -> Iterator[Call]:
    steps = [row.create, *row.delete, *(step for change in row.changes for step in change.do)]
    yield from (step for step in steps if isinstance(step, Call))
    yield from (part.call for part in row.reads)
    if row.tagging:
        yield from (call for call in (row.tagging.add, row.tagging.remove, row.tagging.clear) if call)


def _names(template: Template) -> set[str]:
    """The properties that a template names."""
    if isinstance(template, When):
        return {template.prop} | _names(template.then)
    if isinstance(template, str):
        return set(re.findall(r"\$([A-Za-z][A-Za-z0-9]*)", template))
    if isinstance(template, Mapping):
        return {name for one in template.values() for name in _names(one)}
    return {name for one in template for name in _names(one)} if isinstance(template, list) else set()


@pytest.mark.parametrize("token", RESOURCES)
def test_every_argument_is_mapped_or_said_to_be_unsupported(token: str) -> None:
    known, row = KNOWN[token], RESOURCES[token]
    sent = {prop for call in _calls(row) for prop in {*known.sent_by_name(call), *_names(dict(call.args))}}
    handled = sent | row.keep | row.by_hook | {prop for change in row.changes for prop in change.props}
    handled |= {"region"} | ({"tags"} if row.tagging else set())
    missing = set(known.schema.inputs) - handled - set(row.unsupported)
    assert not missing
    assert not handled & set(row.unsupported) - {"region"}


@pytest.mark.parametrize("token", RESOURCES)
def test_every_output_is_read_or_said_to_be_absent(token: str) -> None:
    known, row = KNOWN[token], RESOURCES[token]
    served = known.readable() | set(row.outputs) | row.by_hook | ({"tagsAll"} if row.tagging else set())
    assert not set(known.schema.outputs) - served - set(row.absent)


@pytest.mark.parametrize("token", RESOURCES)
def test_rows_name_what_exists(token: str) -> None:
    known, row = KNOWN[token], RESOURCES[token]
    props = {*known.schema.inputs, *known.schema.outputs}
    for group in (
        row.keep,
        row.json,
        row.by_hook,
        row.forgotten,
        row.volatile,
        row.outputs,
        row.defaults,
        row.absent,
    ):
        assert set(group) <= props
    for path in (*row.unsupported, *row.same):
        assert _kind_at(known, path) is not None, path
    for call in _calls(row):
        assert set(call.args) <= set(known.input_shape(call).members), call.op


def _kind_at(known: Known, path: str) -> Any:
    kind: Any = {**known.schema.inputs, **known.schema.outputs}
    for step in path.split("."):
        while isinstance(kind, list):
            kind = kind[1]
        kind = kind.get(step)
    return kind


@pytest.mark.parametrize("token", RESOURCES)
def test_every_supported_argument_has_a_source_for_its_flags(token: str) -> None:
    known, row = KNOWN[token], RESOURCES[token]
    unknown = {prop for prop in known.schema.inputs if not known.schema.flags(prop).known}
    assert unknown - set(row.unsupported) <= {"region"}


def test_each_documented_row_names_its_source() -> None:
    documented = json.loads((DATA / "documented.json").read_text())
    rows = [row for key, entry in documented.items() if key != "source" for row in entry.values()]
    assert all(re.fullmatch(r"internal/service/\w+/\w+\.go", row["source"]) for row in rows)


def test_what_speaks_against_the_facts_says_why() -> None:
    """A documented row of what 3.39.0 was asked for is there because the provider has moved on since."""
    documented = json.loads((DATA / "documented.json").read_text())
    for kind, entry in documented.items():
        for name, row in entry.items() if kind != "source" else ():
            assert ("moved_on" in row) is (name in FACTS.get(kind, {})), f"{kind}.{name}"


def test_the_schema_is_what_pulumi_aws_says() -> None:
    assert FILE.read_text() == render(schema(RESOURCES)), "run `python -m local.provider.make_schema`"


SAMPLES: dict[str, tuple[Any, Any]] = {
    "string": ("one", "two"),
    "integer": (1, 2),
    "number": (1, 2),
    "boolean": (True, False),
}


@pytest.mark.parametrize(
    ("token", "prop"),
    [
        pytest.param(token, prop, id=f"{token.split(':')[-1]}-{prop}")
        for token, row in RESOURCES.items()
        for prop in row.unsupported
        if "." not in prop
    ],
)
def test_an_unsupported_argument_is_refused_by_name(token: str, prop: str) -> None:
    said = {prop: SAMPLES.get(str(KNOWN[token].schema.kind(prop)), ([], None))[0]}
    _, failures = check(KNOWN[token], name="x", old={}, new=said, seed=b"", default_tags={})
    reason = next(failure.reason for failure in failures if failure.prop == prop)
    assert prop in reason
    assert token in reason


def test_every_type_of_s3_and_dynamodb_is_served_or_refused_with_a_reason() -> None:
    source = (Path(pulumi_aws.__file__)).read_text()
    found = re.search(r'resource_modules="""(.*?)"""', source, re.DOTALL)
    assert found is not None
    whole = ("aws:s3/", "aws:dynamodb/")
    every = {token for one in json.loads(found[1]) for token in one["classes"] if token.startswith(whole)}
    served = {token for token in RESOURCES if token.startswith(whole)}
    assert every == served | set(REFUSED)
    assert not served & set(REFUSED)


def test_the_contract_s_types_are_all_here() -> None:
    tokens = {token.split(":")[-1] for token in RESOURCES}
    assert {
        "Vpc",
        "FlowLog",
        "Alias",
        "BucketObjectv2",
        "InstanceProfile",
        "LogGroup",
        "ManagedScalingPolicy",
    } <= tokens

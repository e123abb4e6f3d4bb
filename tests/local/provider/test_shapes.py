"""What a program says survives the way into an API's parameters and back, for every block of every type."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.provider.clients import Clients
from local.provider.known import Known
from local.provider.shapes import Kind, Mapper, UnmappedError, follow, follow_shape
from local.provider.table import Call
from local.provider.types import RESOURCES

CLIENTS = Clients("http://127.0.0.1:1")
# Lists whose items the API has one of.
NUMBERS = {"metricTransformation.defaultValue"}  # texts that AWS reads as numbers
BLOCKS_OF_ONE = {"launchSpecifications.onDemandSpecifications", "launchSpecifications.spotSpecifications"}
TEXT = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def _calls(known: Known) -> list[tuple[str, Call, str]]:
    """(argument, call, member) of every argument that a call sends as it is."""
    row = known.row
    every = [row.create, *row.delete, *(step for change in row.changes for step in change.do)]
    calls = [call for call in every if isinstance(call, Call)]
    by_name = [(prop, call, member) for call in calls for prop, member in known.sent_by_name(call).items()]
    return by_name + [pair for call in calls for pair in _templates(call, call.args, "")]


def _templates(call: Call, template: Any, path: str) -> list[tuple[str, Call, str]]:
    if isinstance(template, str) and template.startswith("$") and template[1:].isidentifier():
        return [(template[1:], call, path)]
    if isinstance(template, dict) or hasattr(template, "items"):
        return [
            found
            for member, one in template.items()
            for found in _templates(call, one, f"{path}.{member}".removeprefix("."))
        ]
    return []


CASES = [
    pytest.param(known, prop, call, member, id=f"{token.split(':')[-1]}-{call.op}-{prop}")
    for token, row in RESOURCES.items()
    for known in [Known(row, CLIENTS)]
    for prop, call, member in _calls(known)
    if prop in known.schema.inputs
]


def _values(known: Known, kind: Kind, path: str, shape: Shape | None) -> st.SearchStrategy[Any]:
    """Values of a kind, without what the type does not support."""
    if isinstance(kind, dict):
        fields = {
            name: _values(known, inner, f"{path}.{name}", None)
            for name, inner in kind.items()
            if f"{path}.{name}" not in known.row.unsupported
        }
        return st.fixed_dictionaries({}, optional=fields)
    if isinstance(kind, list) and kind[0] == "list":
        one = (shape is not None and shape.type_name == "structure") or path in BLOCKS_OF_ONE
        return st.lists(_values(known, kind[1], path, None), min_size=1, max_size=1 if one else 2)
    if isinstance(kind, list):
        return st.dictionaries(TEXT, TEXT, min_size=1, max_size=2)
    if path.endswith(".date"):
        return st.dates().map(lambda date: f"{date}T00:00:00Z")
    if path in NUMBERS:
        return st.integers(0, 99).map(str)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": TEXT,
        "integer": st.integers(0, 99),
        "number": st.integers(0, 99),
        "boolean": st.booleans(),
    }
    return scalars[kind]


@pytest.mark.parametrize(("known", "prop", "call", "member"), CASES)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_round_trip(known: Known, prop: str, call: Call, member: str, data: st.DataObject) -> None:
    kind = known.schema.kind(prop)
    shape = follow_shape(known.input_shape(call), member)
    assert shape is not None
    assert kind != "string" or shape.type_name not in ("integer", "long", "timestamp"), (
        "text has no round trip"
    )
    value = data.draw(_values(known, kind, prop, shape))
    sent = known.mapper.to_wire(value, shape, prop)
    report = ParamValidator().validate(sent, shape).generate_report()
    assert "Unknown parameter" not in report
    assert "Invalid type" not in report
    assert known.mapper.from_wire(sent, shape, kind, prop) == value


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.0.b", 1),
        ("a.1.b", 2),
        ("a.2.b", None),
        ("a.b", 1),
        ("c", None),
        ("a.0.x.y", None),
        ("", {"a": ...}),
    ],
)
def test_follow(path: str, found: Any) -> None:
    answer = {"a": [{"b": 1}, {"b": 2}]}
    assert follow(answer, path) == (answer if found == {"a": ...} else found)


def _input(service: str, op: str, member: str) -> Shape:
    shape = CLIENTS.model(service).operation_model(op).input_shape
    assert shape is not None
    inner = follow_shape(shape, member)
    assert inner is not None
    return inner


def test_two_blocks_where_the_api_has_one_are_refused() -> None:
    limits = _input("emr", "PutManagedScalingPolicy", "ManagedScalingPolicy.ComputeLimits")
    with pytest.raises(UnmappedError, match="computeLimits"):
        Mapper({}).to_wire([{"unitType": "Instances"}, {"unitType": "VCPU"}], limits, "computeLimits")


def test_a_field_without_counterpart_is_refused_by_name() -> None:
    policy = _input("emr", "PutAutoTerminationPolicy", "AutoTerminationPolicy")
    with pytest.raises(UnmappedError, match=r"autoTerminationPolicy\.wrong"):
        Mapper({}).to_wire({"wrong": 1}, policy, "autoTerminationPolicy")


def test_tags_are_a_map_here_and_a_list_there() -> None:
    shape = _input("kms", "TagResource", "Tags")
    mapper = Mapper({})
    sent = mapper.to_wire({"a": "b"}, shape, "tags")
    assert sent == [{"TagKey": "a", "TagValue": "b"}]
    assert mapper.from_wire(sent, shape, ["map", "string"], "tags") == {"a": "b"}

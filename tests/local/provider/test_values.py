"""Values keep their meaning over the wire: kinds, unknowns, secrets, assets."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from local.provider import values
from local.provider.values import UNKNOWN, Asset

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
    | st.text()
    | st.just(UNKNOWN)
)
NAMES = st.text(st.characters(categories=["Ll"]), min_size=1)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list) else value


@given(st.dictionaries(NAMES, VALUES), st.sets(NAMES))
def test_what_is_written_reads_the_same(props: dict[str, Any], secret: set[str]) -> None:
    bag = values.read(values.write(props, secret))
    assert bag.props == _without_none(props)
    assert bag.secrets == {name for name in secret if props.get(name) is not None}


def test_a_secret_never_stands_in_the_open() -> None:
    struct = values.write({"password": "hunter2", "name": "x"}, {"password"})
    assert (
        struct.fields["password"].struct_value.fields[rpc._special_sig_key].string_value
        == rpc._special_secret_sig
    )
    assert struct.fields["name"].string_value == "x"


def test_a_secret_inside_a_block_makes_the_whole_property_one() -> None:
    inner = values.write({"x": "hunter2"}, {"x"}).fields["x"]
    struct = struct_pb2.Struct(
        fields={"tags": struct_pb2.Value(struct_value=struct_pb2.Struct(fields={"a": inner}))}
    )
    bag = values.read(struct)
    assert bag.props == {"tags": {"a": "hunter2"}}
    assert bag.secrets == {"tags"}


def test_the_marks_are_the_sdk_s_own() -> None:
    struct = values.write({"a": UNKNOWN, "b": Asset(path="/tmp/x", hash="h")}, {"a"})
    text = json_format.MessageToJson(struct)
    assert rpc.UNKNOWN in text
    assert rpc._special_asset_sig in text


def test_an_asset_comes_back() -> None:
    asset = Asset(text="", hash="h")
    assert values.read(values.write({"source": Asset(path="/a", hash="h")})).props == {
        "source": Asset("/a", None, "", "h")
    }
    assert values.read(values.write({"source": asset})).props["source"].hash == "h"

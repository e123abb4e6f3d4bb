"""What the real provider is shown, and the wire: without the provider."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from local.provider.values import UNKNOWN
from local.provider.witness.binary import address
from local.provider.witness.protocol import decode, encode
from local.provider.witness.values import (
    Attribute,
    Block,
    Nested,
    at,
    build,
    place,
    propose,
    samples,
    settle,
    unknowns,
)

VOLUME = Nested(
    Block({"size": Attribute("number", required=True), "id": Attribute("string", computed=True)}, {}),
    "set",
    0,
    0,
)
BLOCK = Block(
    {
        "arn": Attribute("string", computed=True),
        "name": Attribute("string", required=True),
        "policy": Attribute("string", optional=True, computed=True),
        "rules": Attribute(["set", ["object", {"port": "number"}]], optional=True),
    },
    {"volume": VOLUME, "timeouts": Nested(Block({}, {}), "single", 0, 0)},
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_comes_back_from_the_wire_as_it_went(value: Any) -> None:
    assert decode(encode(value).msgpack) == value


def test_unknown_is_the_extension_of_terraform() -> None:
    assert encode(UNKNOWN).msgpack == b"\xd4\x00\x00"
    assert encode(None).msgpack == b"\xc0"
    assert (
        decode(msgpack.packb(msgpack.ExtType(12, b"\x80"))) is UNKNOWN
    )  # with what is known of it, later on


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="no value of Terraform's"):
        encode(object())


def test_a_whole_object_has_everything_and_samples_of_what_must_be() -> None:
    assert build(BLOCK, {}) == {
        "arn": None,
        "name": "one",
        "policy": None,
        "rules": None,
        "timeouts": None,
        "volume": [],
    }
    built = build(BLOCK, {"rules": [{}], "volume": [{}]})
    assert built["rules"] == [{"port": None}]
    assert built["volume"] == [{"size": 1, "id": None}]


def test_one_argument_is_placed_and_found_among_others() -> None:
    said = place({"name": "x", "volume": [{"size": 3}, {"size": 4}]}, "volume.size", 5)
    assert said == {"name": "x", "volume": [{"size": 5}, {"size": 4}]}
    assert at(said, "volume.size") == 5
    assert at({}, "volume.size") is None
    assert place({}, "volume.size", 1) == {"volume": [{"size": 1}]}


def test_a_proposal_keeps_what_the_provider_decided_of_what_goes_on() -> None:
    prior = {
        "arn": "a",
        "name": "x",
        "policy": "p",
        "rules": None,
        "timeouts": None,
        "volume": [{"size": 1, "id": "v-1"}, {"size": 2, "id": "v-2"}],
    }
    config = build(BLOCK, {"name": "y", "volume": [{"size": 2}, {"size": 3}]})
    proposed = propose(BLOCK, prior, config)
    assert (proposed["arn"], proposed["name"], proposed["policy"]) == ("a", "y", "p")
    assert proposed["volume"] == [{"size": 2, "id": "v-2"}, {"size": 3, "id": None}]
    assert propose(BLOCK, None, config) == config


def test_a_settled_state_has_nothing_unknown() -> None:
    planned = {**build(BLOCK, {"volume": [{}]}), "arn": UNKNOWN, "rules": [{"port": UNKNOWN}]}
    planned["volume"][0]["id"] = UNKNOWN
    assert unknowns(planned) == {"arn", "rules.port", "volume.id"}
    settled = settle(BLOCK, planned)
    assert unknowns(settled) == set()
    assert settled["rules"] == [{"port": 9}]
    assert settle(BLOCK, {**planned, "volume": UNKNOWN})["volume"] == []


@pytest.mark.parametrize("kind", ["string", "bool", ["list", "number"], ["map", "string"]])
def test_samples_differ(kind: Any) -> None:
    one, other, *_ = samples(kind)
    assert one != other


def test_a_plugin_s_first_line_says_where_it_listens() -> None:
    assert address("1|5|unix|/tmp/plugin12|grpc|\n") == "unix:/tmp/plugin12"
    with pytest.raises(UserError, match=r"does not speak protocol 5 here: it said 'This binary is a plugin"):
        address("This binary is a plugin\n")

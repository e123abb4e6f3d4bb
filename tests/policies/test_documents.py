"""IAM documents as text, as objects, malformed, and partly unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.actions import matches, narrowable
from policies.documents import Condition, DocumentError, parse, read
from policies.unknown import NotYetKnownError, Unknown, plain
from policies.view import Node, WrongTypeError

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["a", "b"]}


@pytest.mark.parametrize("document", [{"Statement": STATEMENT}, {"Statement": [STATEMENT]}])
def test_text_and_object_and_single_statement_are_the_same(document: dict[str, Any]) -> None:
    expected = parse({"Statement": [STATEMENT]}, "policy")
    assert parse(json.dumps(document), "policy") == parse(document, "policy") == expected
    assert expected.statements[0].actions == ("s3:GetObject",)
    assert expected.statements[0].resources == ("a", "b")


def test_the_same_text_is_parsed_once() -> None:
    text = json.dumps({"Statement": [STATEMENT], "Id": "once"})
    assert parse(text, "policy") is parse(text, "policy")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "policy is not JSON"),
        ("[]", "not a policy document"),
        (12, "policy is 12, not a policy document"),
        ({}, "policy has no Statement"),
        ({"Statement": ["x"]}, "policy.Statement[0] is 'x', not an object"),
        ({"Statement": {"Effect": "Grant"}}, "Effect is 'Grant', not Allow or Deny"),
        ({"Statement": {"Action": "*"}}, "Effect is null"),
        ({"Statement": {**STATEMENT, "Actions": "*"}}, "unknown element 'Actions'"),
        ({"Statement": {**STATEMENT, "Action": {"a": 1}}}, "Action is"),
        ({"Statement": {**STATEMENT, "Principal": 5}}, "Principal is 5"),
        ({"Statement": {**STATEMENT, "Condition": []}}, "Condition is []"),
        ({"Statement": {**STATEMENT, "Condition": {"Bool": "x"}}}, "Condition.Bool is 'x'"),
    ],
)
def test_what_is_no_document_says_where_and_what(value: Any, says: str) -> None:
    with pytest.raises(DocumentError) as raised:
        parse(value, "policy")
    assert says in str(raised.value)


def test_conditions_and_principals() -> None:
    statement = parse(
        {
            "Statement": {
                **STATEMENT,
                "Principal": {"AWS": ["a", "b"], "Service": "s"},
                "Condition": {"Bool": {"AWS:SecureTransport": False}, "NumericLessThan": {"x": [1, 2]}},
            }
        },
        "policy",
    ).statements[0]
    assert statement.principals == (("AWS", "a"), ("AWS", "b"), ("Service", "s"))
    assert statement.conditions == (
        Condition("Bool", "aws:securetransport", ("false",)),
        Condition("NumericLessThan", "x", ("1", "2")),
    )


def test_unknown_parts_stand_beside_known_ones() -> None:
    value = {
        "Statement": [{**STATEMENT, "Effect": Unknown("e"), "Action": ["s3:*", Unknown("a")]}, Unknown("s")]
    }
    first, second = parse(value, "policy").statements
    assert first.allows
    assert first.actions == ("s3:*",)
    assert first.unknowns == ("e", "a")
    assert second.unknowns == ("s",)
    with pytest.raises(NotYetKnownError):
        parse({"Statement": Unknown("policy.Statement")}, "policy")
    with pytest.raises(NotYetKnownError):
        read(Node(Unknown("policy"), "policy"))
    assert read(Node(None, "policy")) is None


@pytest.mark.parametrize(
    ("pattern", "action", "covered"),
    [
        ("*", "iam:PassRole", True),
        ("IAM:passrole", "iam:PassRole", True),
        ("iam:Pass????", "iam:PassRole", True),
        ("iam:Pass?", "iam:PassRole", False),
        ("i.m:PassRole", "iam:PassRole", False),
    ],
)
def test_patterns(pattern: str, action: str, covered: bool) -> None:
    assert matches(pattern, action) is covered


def test_which_actions_can_be_narrowed() -> None:
    assert narrowable("s3:ListAllMyBuckets") == ()
    assert narrowable("s3:getobject") == ("s3:GetObject",)
    assert narrowable("nosuch:Thing") == ("nosuch:Thing",)
    assert narrowable("*") == ("*",)
    assert "ec2:RunInstances" in narrowable("ec2:Run*")


def test_an_unknown_cannot_be_taken_for_a_value() -> None:
    unknown = Unknown("a.b")
    for use in (bool, str, len, list, int):
        with pytest.raises(NotYetKnownError, match=r"a\.b"):
            use(unknown)
    with pytest.raises(NotYetKnownError):
        assert unknown == 1
    with pytest.raises(TypeError):
        hash(unknown)
    assert plain({"a": [1, (2, None)]}) == {"a": [1, [2, None]]}


def test_reads_name_the_path_and_the_value() -> None:
    node = Node({"a": {"b": [1]}, "one": [{"x": "y"}]}, "")
    assert node.get("one").get("x").text() == "y"
    assert node.get("a").get("c").present is False
    for read_wrongly in (node.get("a").text, node.get("a").items, node.get("a").flag, node.get("a").number):
        with pytest.raises(WrongTypeError, match=r"^a is"):
            read_wrongly()
    with pytest.raises(WrongTypeError, match=r"a\.b\[0\] is 1, not an object"):
        node.get("a").get("b").items()[0].get("x")

"""The policy language: wildcards, operators, variables, principals, and how policies weigh against each other."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.iam import conditions, language, patterns
from local.cloud.iam.judge import BOUNDARY, IDENTITY, RESOURCE, SESSION, Policies, judge
from local.cloud.iam.language import Document, PolicyError, Question
from local.cloud.iam.principals import ANONYMOUS, Caller

USER = Caller(kind="user", account="111111111111", arn="arn:aws:iam::111111111111:user/ann")
SESSION_OF = Caller(
    kind="session", account="111111111111", arn="arn:aws:sts::111111111111:assumed-role/job/s",
    role_arn="arn:aws:iam::111111111111:role/job",
)  # fmt: skip
OTHER = Caller(kind="user", account="222222222222", arn="arn:aws:iam::222222222222:user/eve")
SERVICE = Caller(kind="service", account="", arn="ec2.amazonaws.com", service="ec2.amazonaws.com")
OBJECT = "arn:aws:s3:::b/k"
WORDS = st.text("ab*?:/\n", max_size=6)


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> Document:
    return language.parse(json.dumps({"Version": version, "Statement": list(statements)}))


def rule(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    actions = {} if "NotAction" in parts else {"Action": "*"}
    resources = {} if "NotResource" in parts else {"Resource": "*"}
    return {"Effect": effect, **actions, **resources, **parts}


def asked(
    caller: Caller = USER, action: str = "s3:GetObject", resource: str = OBJECT, **context: str
) -> Question:
    told = {key.replace("__", ":").lower(): (value,) for key, value in context.items()}
    return Question(caller=caller, action=action, resource=resource, context=told)


def holds(operator: str, actual: list[str] | None, *wanted: str) -> bool:
    found = conditions.parse(operator)
    assert found is not None
    return found.holds(actual, wanted)


@given(WORDS, WORDS)
def test_a_pattern_is_its_regular_expression(pattern: str, text: str) -> None:
    expected = "".join({"*": "[\\s\\S]*", "?": "[\\s\\S]"}.get(c, re.escape(c)) for c in pattern)
    assert patterns.matches(pattern, text) == bool(re.fullmatch(expected, text))


@given(st.text(max_size=20))
def test_a_literal_matches_itself_alone(text: str) -> None:
    assert patterns.matches(patterns.literal(text), text)
    assert not patterns.matches(patterns.literal(text), text + "x")


@pytest.mark.parametrize(
    ("pattern", "arn", "found"),
    [
        ("*", OBJECT, True),
        ("arn:aws:s3:::b/*", OBJECT, True),
        ("arn:aws:s3:::b", OBJECT, False),
        ("arn:aws:s3:*", OBJECT, True),  # at its end a * goes beyond the part
        ("arn:*:k", "arn:aws:x:y:1:k", False),  # inside, it does not
        ("arn:aws:logs:*:1:log-group:/a*", "arn:aws:logs:r:1:log-group:/a/b:log-stream:c", True),
        ("arn:aws:iam::1:role/?ob", "arn:aws:iam::1:role/job", True),
        ("arn:aws:iam::1:Role/job", "arn:aws:iam::1:role/job", False),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, arn: str, found: bool) -> None:
    assert patterns.matches_arn(pattern, arn) == found


@pytest.mark.parametrize(
    ("operator", "actual", "wanted", "found"),
    [
        ("StringEquals", "a", "a", True), ("StringEquals", "a", "A", False), ("StringEquals", "ab", "a*", False),
        ("StringEqualsIgnoreCase", "a", "A", True), ("StringLike", "ab", "a*", True), ("StringLike", "ab", "A*", False),
        ("NumericEquals", "1.0", "1", True), ("NumericLessThan", "1.2", "1.2", False),
        ("NumericLessThanEquals", "1.2", "1.2", True), ("NumericGreaterThan", "10", "9", True),
        ("NumericGreaterThanEquals", "x", "9", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-02", True),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateEquals", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
        ("DateLessThanEquals", "never", "2026-01-02", False), ("DateGreaterThan", "2026-01-03", "2026-01-02", True),
        ("Bool", "true", "True", True), ("BinaryEquals", "YQ==", "YQ==", True), ("BinaryEquals", "YQ==", "Yg==", False),
        ("IpAddress", "10.1.2.3", "10.0.0.0/8", True), ("IpAddress", "10.1.2.3", "10.1.2.4", False),
        ("IpAddress", "::1", "10.0.0.0/8", False), ("IpAddress", "x", "10.0.0.0/8", False),
        ("ArnEquals", OBJECT, "arn:aws:s3:::*", True), ("ArnLike", OBJECT, "arn:*:s3:::c*", False),
    ],
)  # fmt: skip
def test_operators(operator: str, actual: str, wanted: str, found: bool) -> None:
    assert holds(operator, [actual], wanted) == found


@pytest.mark.parametrize("name", sorted(n for n in conditions.NAMES if "Not" in n))
@given(
    actual=st.sampled_from(["a", "1", "10.0.0.1", OBJECT]),
    wanted=st.sampled_from(["a", "1", "10.0.0.0/8", OBJECT]),
)
def test_a_negated_operator_says_the_opposite_and_holds_of_nothing(
    name: str, actual: str, wanted: str
) -> None:
    plain = name.replace("Not", "", 1)
    assert holds(name, [actual], wanted) != holds(plain, [actual], wanted)
    assert holds(name, None, wanted)
    assert not holds(plain, None, wanted)
    assert holds(f"{plain}IfExists", None, wanted)


def test_a_negated_operator_must_match_none_of_its_values() -> None:
    assert not holds("StringNotEquals", ["a"], "a", "b")
    assert holds("StringNotEquals", ["c"], "a", "b")


@given(st.lists(st.sampled_from("abc"), max_size=4), st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_quantifiers_are_those_of_sets(actual: list[str], wanted: list[str]) -> None:
    assert holds("ForAllValues:StringEquals", actual, *wanted) == (set(actual) <= set(wanted))
    assert holds("ForAnyValue:StringEquals", actual, *wanted) == bool(set(actual) & set(wanted))
    assert holds("ForAllValues:StringNotEquals", actual, *wanted) == (not set(actual) & set(wanted))
    assert holds("ForAnyValue:StringNotEquals", actual, *wanted) == bool(set(actual) - set(wanted))


def test_null_asks_whether_a_key_is_there() -> None:
    assert holds("Null", None, "true")
    assert not holds("Null", ["x"], "true")
    assert holds("Null", ["x"], "false")
    assert conditions.parse("NullIfExists") is None
    assert conditions.parse("ForSomeValues:StringEquals") is None


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"Action": "s3:Get*"}, True), ({"Action": ["S3:getobject"]}, True), ({"Action": "s3:Put*"}, False),
        ({"NotAction": "iam:*"}, True), ({"NotAction": "s3:*"}, False),
        ({"Resource": "arn:aws:s3:::b/*"}, True), ({"NotResource": "arn:aws:s3:::b/*"}, False),
        ({"NotResource": "arn:aws:s3:::c/*"}, True),
        ({"Condition": {"StringEquals": {"aws:x": "1"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:X": ["0", "1"]}}}, True),
        ({"Condition": {"StringEquals": {"aws:x": "1", "aws:y": "1"}}}, False),
        ({"Condition": {"Bool": {"aws:x": True}}}, False),
        ({"Condition": {"StringSomehow": {"aws:x": "1"}}}, False),
    ],
)  # fmt: skip
def test_a_statement_applies_where_all_its_parts_do(parts: dict[str, Any], found: bool) -> None:
    policies = Policies(identity=[document(rule(**parts))])
    assert (judge(asked(aws__x="1"), policies) is None) == found


@pytest.mark.parametrize(
    ("resource", "version", "found"),
    [
        ("arn:aws:s3:::b/${aws:username}", "2012-10-17", True),
        ("arn:aws:s3:::b/${aws:username}", "2008-10-17", False),
        ("arn:aws:s3:::b/${aws:nothing}", "2012-10-17", False),
        ("arn:aws:s3:::b/${aws:nothing, 'k'}", "2012-10-17", True),
        ("arn:aws:s3:::b/${*}", "2012-10-17", False),
    ],
)
def test_variables(resource: str, version: str, found: bool) -> None:
    policies = Policies(identity=[document(rule(Resource=resource), version=version)])
    assert (judge(asked(aws__username="k"), policies) is None) == found


@given(st.text("k*?", min_size=1, max_size=3))
def test_a_variable_s_value_is_no_pattern(value: str) -> None:
    policies = Policies(identity=[document(rule(Resource="arn:aws:s3:::b/${aws:username}"))])
    assert (judge(asked(aws__username=value), policies) is None) == (value == "k")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"Statement": [1]}', '{"Statement": {"Effect": "Maybe", "Action": "*"}}',
     '{"Statement": {"Effect": "Allow", "Resource": "*"}}',
     '{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*"}}',
     '{"Statement": {"Effect": "Allow", "Action": "*", "Conditions": {}}}',
     '{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": 1}}}',
     '{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "me"}}'],
)  # fmt: skip
def test_what_is_no_policy_is_an_error(text: str) -> None:
    with pytest.raises(PolicyError):
        language.parse(text)


NAMES = st.sampled_from(["Statement", "Effect", "Action", "Condition", "Principal", "x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner)))
def test_any_json_is_a_policy_or_an_error(value: Any) -> None:
    with suppress(PolicyError):
        language.parse(json.dumps(value))


ALLOW, DENY, NOTHING = document(rule()), document(rule("Deny")), document(rule(Action="x:Y"))
SIDES = st.sampled_from([None, ALLOW, DENY, NOTHING])


@given(SIDES, SIDES, SIDES, SIDES)
def test_no_deny_is_ever_outweighed_and_nothing_comes_from_nothing(
    identity: Document | None, boundary: Document | None, session: Document | None, resource: Document | None
) -> None:
    everyone = None if resource is None else _for(resource, "*")
    policies = Policies(
        identity=[identity] if identity else [], boundary=boundary, session=session, resource=everyone
    )
    refusal = judge(asked(SESSION_OF), policies)
    sides = (identity, boundary, session, resource)
    if DENY in sides:
        assert refusal is not None
        assert refusal.explicit
    elif ALLOW not in (identity, resource):
        assert refusal is not None
    elif resource is not ALLOW:
        assert (refusal is None) == (NOTHING not in (boundary, session) and identity is ALLOW)


def _for(found: Document, principal: Any) -> Document:
    effect = found.statements[0].effect
    return document(rule(effect, Action=list(found.statements[0].actions), Principal=principal))


@pytest.mark.parametrize(
    ("caller", "principal", "refused_by"),
    [
        (USER, {"AWS": USER.arn}, None),
        (USER, {"AWS": "111111111111"}, IDENTITY),  # the account's: IAM decides
        (USER, {"AWS": "arn:aws:iam::111111111111:root"}, IDENTITY),
        (USER, {"AWS": OTHER.arn}, IDENTITY),
        (USER, {"Service": "ec2.amazonaws.com"}, IDENTITY),
        (SESSION_OF, {"AWS": SESSION_OF.arn}, None),
        (SESSION_OF, {"AWS": SESSION_OF.role_arn}, BOUNDARY),
        (OTHER, {"AWS": OTHER.arn}, IDENTITY),  # of another account: both sides must allow
        (SERVICE, {"Service": "ec2.amazonaws.com"}, None),
        (SERVICE, {"Service": "emr.amazonaws.com"}, RESOURCE),
        (SERVICE, {"AWS": "111111111111"}, RESOURCE),
        (ANONYMOUS, "*", None),
        (ANONYMOUS, {"AWS": "111111111111"}, RESOURCE),
    ],
)
def test_a_resource_s_policy_by_whom_it_names(caller: Caller, principal: Any, refused_by: str | None) -> None:
    policies = Policies(resource=document(rule(Principal=principal)), boundary=NOTHING, owner="111111111111")
    refusal = judge(asked(caller), policies)
    assert (refusal.policy if refusal else None) == refused_by


def test_not_principal_denies_all_others() -> None:
    policies = Policies(identity=[ALLOW], resource=document(rule("Deny", NotPrincipal={"AWS": USER.arn})))
    assert judge(asked(USER), policies) is None
    assert judge(asked(SESSION_OF), policies) is not None


def test_a_key_s_policy_must_allow_whatever_iam_says() -> None:
    policies = Policies(identity=[ALLOW], resource=NOTHING, resource_decides=True)
    refusal = judge(asked(), policies)
    assert refusal is not None
    assert refusal.policy == RESOURCE
    delegated = document(rule(Principal={"AWS": "111111111111"}))
    assert judge(asked(), Policies(identity=[ALLOW], resource=delegated, resource_decides=True)) is None
    refusal = judge(asked(), Policies(resource=delegated, resource_decides=True))
    assert refusal is not None
    assert refusal.policy == IDENTITY


def test_an_endpoint_s_policy_lets_only_pass_what_it_allows() -> None:
    everyone = document(rule(Principal="*", Resource="arn:aws:s3:::b/*"))
    assert judge(asked(), Policies(identity=[ALLOW], endpoint=everyone)) is None
    assert (
        judge(asked(resource="arn:aws:s3:::c/k"), Policies(identity=[ALLOW], endpoint=everyone)) is not None
    )


def test_a_session_policy_limits_and_adds_nothing() -> None:
    refusal = judge(asked(SESSION_OF), Policies(identity=[ALLOW], session=NOTHING))
    assert refusal is not None
    assert refusal.policy == SESSION
    assert judge(asked(SESSION_OF), Policies(session=ALLOW)) is not None

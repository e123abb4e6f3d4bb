"""The cores under the rules on IAM: patterns that overlap, what is allowed without a limit, idle conditions."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import cases
from policies.actions import spelt, stray
from policies.allowed import allowed
from policies.cases import Case, Given, judge
from policies.documents import parse
from policies.resources import fits, granted_by, is_all_of_a_type, overlap
from policies.rules import ALL, iam_escalation
from policies.rules.iam import DATA

TEXTS = st.text(alphabet="ab", max_size=5)
PATTERNS = st.text(alphabet="ab*?", max_size=6)
BUCKET, OBJECT = "arn:${Partition}:s3:::${BucketName}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"


def as_regex(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, char) for char in text))


@given(TEXTS, PATTERNS, PATTERNS)
def test_patterns_that_match_one_text_overlap(text: str, one: str, other: str) -> None:
    if as_regex(one).fullmatch(text) and as_regex(other).fullmatch(text):
        assert overlap(one, other)


@given(PATTERNS, PATTERNS)
def test_patterns_overlap_only_where_some_text_matches_both(one: str, other: str) -> None:
    """Any text that both match is at most as long as the two together; over two letters all can be tried."""
    longest = min(len(one) + len(other), 7)
    texts = {""}
    for _ in range(longest):
        texts |= {text + char for text in texts for char in "ab"}
    both = any(as_regex(one).fullmatch(text) and as_regex(other).fullmatch(text) for text in texts)
    if not overlap(one, other):
        assert not both
    elif len(one) + len(other) <= 7:
        assert both


@pytest.mark.parametrize(
    ("arn", "template", "expected"),
    [
        ("arn:aws:s3:::acme", BUCKET, True),
        ("arn:aws:s3:::acme/*", BUCKET, False),
        ("arn:aws:s3:::acme", OBJECT, False),
        ("arn:aws:s3:::acme*", OBJECT, True),
        ("arn:aws-cn:s3:::acme/a", OBJECT, True),
        ("arn:aws:sqs:us-east-1:1:q", OBJECT, False),
        ("arn:aws:s3", OBJECT, True),
    ],
)
def test_arns_fit_templates(arn: str, template: str, expected: bool) -> None:
    assert fits(arn, template) is expected


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::123456789012:role/*", True),
        ("arn:aws:lambda:us-east-1:123456789012:function:*", True),
        ("arn:aws:elasticmapreduce:*:*:cluster/j-*", False),
        ("arn:aws:emr-serverless:*:*:/applications/*", True),
        ("arn:aws:s3:::runs/*", False),
        ("arn:aws:iam::123456789012:role/", False),
    ],
)
def test_all_of_a_type(arn: str, expected: bool) -> None:
    assert is_all_of_a_type(arn) is expected


def test_the_tables_agree_with_each_other() -> None:
    for path in (*DATA["paths"].values(), DATA["exfiltration"], DATA["credentials"]):
        for action in path:
            assert stray(action) is None, action
    for path in iam_escalation.EMR_PATHS:
        for action in path.actions:
            assert spelt(action) == (action,)
    assert granted_by("s3:GetObject")[0][0] == "s3:GetObject"


def found(*statements: dict[str, Any]) -> Any:
    return allowed([parse({"Statement": list(statements)}, "policy")])


ANY_ROLE = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}


def test_allowed_without_a_limit() -> None:
    assert found(ANY_ROLE).by("iam:passrole")
    assert found({**ANY_ROLE, "Resource": "arn:aws:iam::123456789012:role/*"}).by("iam:PassRole")
    assert not found({**ANY_ROLE, "Resource": "arn:aws:iam::123456789012:role/emr-*"}).by("iam:PassRole")
    assert found({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}).by("iam:PassRole")
    assert found({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a"}).by("iam:PassRole")
    # AWS takes no resource for this one: whatever is named, nothing limits it.
    assert found({"Effect": "Allow", "Action": "elasticmapreduce:*", "Resource": "arn:x"}).by(
        "elasticmapreduce:RunJobFlow"
    )


def test_a_refusal_counts_where_nothing_limits_it() -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    assert not found(ANY_ROLE, deny).by("iam:PassRole")
    assert found(ANY_ROLE, {**deny, "Condition": {"Bool": {"a": "true"}}}).by("iam:PassRole")
    assert found(ANY_ROLE, {**deny, "Resource": "arn:aws:iam::1:role/a"}).by("iam:PassRole")


def test_a_role_that_may_be_passed_to_one_service_is_passed_to_that_one() -> None:
    condition = {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com"]}}
    limited = found({**ANY_ROLE, "Condition": condition})
    assert limited.by("iam:PassRole", "ec2")
    assert not limited.by("iam:PassRole", "glue")
    assert not limited.by("iam:PassRole")


IAM = [rule for rule in ALL if rule.id.startswith(("iam-", "zone-")) and rule.id != "iam-grants-are-needed"]


@pytest.mark.parametrize("rule", IAM, ids=lambda rule: rule.id)
def test_a_thousand_statements_take_no_time_to_speak_of(rule: Any) -> None:
    statements = [
        {
            "Effect": "Allow",
            "Action": [f"s3:Get{'Object' if n % 2 else '*'}", "iam:PassRole", "glue:GetTable"],
            "Resource": [f"arn:aws:s3:::bucket-{n}/*", f"arn:aws:iam::123456789012:role/r{n}*"],
            "Condition": {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::1:role/{n}"}},
        }
        for n in range(1000)
    ]
    text = json.dumps({"Statement": statements})
    policy = Given("aws:iam/policy:Policy", "huge", {"policy": text})
    role = Given("aws:iam/role:Role", "huge-role", {"assumeRolePolicy": text})
    started = time.process_time()
    judgement = judge(rule, Case("bad", "huge", (policy, role)))
    assert time.process_time() - started < 5
    assert not any("itself failed" in message for _, message in judgement.findings)


DOCUMENTS: tuple[Any, ...] = (
    "",
    "{",
    "[]",
    "null",
    7,
    {},
    {"Statement": None},
    {"Statement": "x"},
    {"Statement": [None, 7]},
    {"Statement": [{"Effect": "Allow", "Action": [None], "Resource": "*"}]},
    {"Statement": [{"Effect": "Allow", "Action": {"a": 1}}]},
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": {"a": 1}}, "Action": ":", "Resource": ":::::"}]},
    {
        "Statement": [
            {"Effect": "Allow", "Action": ["", ":", "*:*", "s3:"], "Resource": ["", "arn:", "arn:::::"]}
        ]
    },
    {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"": {"": ""}}}]},
    {"Statement": [{"Effect": "Allow", "NotAction": [], "NotResource": [], "NotPrincipal": "*"}]},
    {"Statement": [{"Effect": "Allow", "Principal": {"Federated": ["", "x"]}, "Action": "sts:AssumeRole"}]},
)


@pytest.mark.parametrize("rule", IAM, ids=lambda rule: rule.id)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_document_that_is_none_is_a_finding_at_most(rule: Any, as_text: bool) -> None:
    for document in DOCUMENTS:
        value = json.dumps(document) if as_text and not isinstance(document, str) else document
        resources = (
            Given("aws:iam/policy:Policy", "one", {"policy": value}),
            Given(
                "aws:iam/role:Role", "two", {"assumeRolePolicy": value, "inlinePolicies": [{"policy": value}]}
            ),
        )
        for _, message in judge(rule, Case("bad", "broken", resources)).findings:
            assert "itself failed" not in message, (document, message)


def test_the_fixtures_of_iam_are_found_as_text_and_as_object() -> None:
    """A document says the same however the program gave it."""
    for rule in IAM:
        for case in cases.load(rule):
            told = [judge(rule, _as(case, form)).findings for form in (json.dumps, lambda value: value)]
            assert told[0] == told[1], (rule.id, case.name)


def _as(case: Case, form: Any) -> Case:
    def given_as(one: Given) -> Given:
        props = dict(one.props)
        for key in ("policy", "assumeRolePolicy"):
            value = props.get(key)
            try:
                props[key] = form(json.loads(value)) if isinstance(value, str) else value
            except json.JSONDecodeError:
                continue
        return Given(one.type, one.name, props, one.flows, one.provider, one.parent, one.ignored)

    return Case(case.kind, case.name, tuple(map(given_as, case.resources)), case.says, case.config)

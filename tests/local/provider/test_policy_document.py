"""The document of getPolicyDocument: the real provider's, to the character."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.provider.errors import ProviderError
from local.provider.policy_document import policy_document

# After the provider's own acceptance test: internal/service/iam/policy_document_data_source_test.go.
EXAMPLE: dict[str, Any] = {
    "policyId": "policy_id",
    "statements": [
        {
            "sid": "1",
            "actions": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"],
            "resources": ["arn:aws:s3:::*"],
        },
        {
            "actions": ["s3:ListBucket"],
            "resources": ["arn:aws:s3:::foo"],
            "notPrincipals": [{"type": "AWS", "identifiers": ["arn:blahblah:example"]}],
            "conditions": [
                {
                    "test": "StringLike",
                    "variable": "s3:prefix",
                    "values": ["home/", "", "home/&{aws:username}/"],
                }
            ],
        },
        {
            "actions": ["s3:*"],
            "resources": ["arn:aws:s3:::foo/home/&{aws:username}/*", "arn:aws:s3:::foo/home/&{aws:username}"],
            "principals": [
                {"type": "AWS", "identifiers": ["arn:blahblah:example", "arn:blahblahblah:example"]}
            ],
        },
        {"effect": "Deny", "notActions": ["s3:*"], "notResources": ["arn:aws:s3:::*"]},
        {
            "effect": "Allow",
            "actions": ["kinesis:*"],
            "principals": [
                {"type": "AWS", "identifiers": ["arn:blahblah:example", "arn:blahblahblah:example"]},
                {"type": "Service", "identifiers": ["firehose.amazonaws.com"]},
            ],
        },
        {"effect": "Allow", "actions": ["firehose:*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
    ],
}
WRITTEN = """{
  "Version": "2012-10-17",
  "Id": "policy_id",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::foo",
      "NotPrincipal": {
        "AWS": "arn:blahblah:example"
      },
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "home/",
            "",
            "home/${aws:username}/"
          ]
        }
      }
    },
    {
      "Effect": "Allow",
      "Action": "s3:*",
      "Resource": [
        "arn:aws:s3:::foo/home/${aws:username}/*",
        "arn:aws:s3:::foo/home/${aws:username}"
      ],
      "Principal": {
        "AWS": [
          "arn:blahblahblah:example",
          "arn:blahblah:example"
        ]
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "s3:*",
      "NotResource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "kinesis:*",
      "Principal": {
        "AWS": [
          "arn:blahblahblah:example",
          "arn:blahblah:example"
        ],
        "Service": "firehose.amazonaws.com"
      }
    },
    {
      "Effect": "Allow",
      "Action": "firehose:*",
      "Principal": "*"
    }
  ]
}"""


def _statements(args: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(policy_document(args)["json"])["Statement"]
    return found


def test_the_document_is_the_real_providers() -> None:
    assert policy_document(EXAMPLE)["json"] == WRITTEN


def test_the_short_form_says_the_same() -> None:
    found = policy_document(EXAMPLE)
    assert json.loads(found["minifiedJson"]) == json.loads(found["json"])
    assert found["minifiedJson"].startswith(
        '{"Version":"2012-10-17","Id":"policy_id","Statement":[{"Sid":"1",'
    )


def test_what_html_could_trip_over_is_escaped_as_go_does() -> None:
    found = policy_document({"statements": [{"actions": ["a:b"], "resources": ["<&>"]}]})
    assert r'"\u003c\u0026\u003e"' in found["minifiedJson"]


def test_a_later_document_takes_the_place_of_a_statement_with_its_sid() -> None:
    one = policy_document(
        {"statements": [{"sid": "a", "actions": ["s3:Get*"]}, {"sid": "b", "actions": ["s3:Put*"]}]}
    )
    found = _statements(
        {
            "sourcePolicyDocuments": [one["json"]],
            "statements": [{"sid": "b", "actions": ["s3:List*"]}, {"actions": ["sqs:*"]}],
            "overridePolicyDocuments": ['{"Statement": [{"Sid": "a", "Effect": "Deny", "Action": "*"}]}'],
        }
    )
    assert [(one.get("Sid"), one["Effect"], one["Action"]) for one in found] == [
        ("a", "Deny", "*"), ("b", "Allow", "s3:List*"), (None, "Allow", "sqs:*"),
    ]  # fmt: skip


def test_a_document_that_is_read_keeps_its_principals_and_conditions() -> None:
    text = json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["1", "2"]}, "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:SecureTransport": True}, "StringEquals": {"b": ["x"], "a": "y"}},
        }],
    })  # fmt: skip
    assert _statements({"sourcePolicyDocuments": [text]}) == [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["2", "1"]},
        "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"a": "y", "b": "x"}},
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"statements": [{"sid": "a"}, {"sid": "a"}]}, "duplicate Sid (a). Remove the Sid"),
        ({"sourcePolicyDocuments": ['{"Statement":[{"Sid":"a"},{"Sid":"a"}]}']}, "(statement 1)"),
        ({"sourcePolicyDocuments": ["no"]}, "merging source document 0"),
        ({"overridePolicyDocuments": ["{}", "[]"]}, "merging override document 1"),
        ({"statements": [{"effect": "Maybe"}]}, 'expected effect to be one of ["Allow" "Deny"], got Maybe'),
        ({"statements": [{"sid": "a-b"}]}, "must only include alphanumeric characters"),
        ({"version": "2020-01-01"}, "expected version to be one of"),
        (
            {"version": "2008-10-17", "statements": [{"resources": ["&{a}"]}]},
            "found &{ sequence in (&{a}), which is not supported in document version 2008-10-17",
        ),
    ],
)
def test_what_the_real_provider_refuses_is_refused(args: dict[str, Any], words: str) -> None:
    with pytest.raises(ProviderError) as refused:
        policy_document(args)
    assert words in str(refused.value)


@given(st.lists(st.text(alphabet="abc:*", min_size=1), min_size=1, max_size=5), st.randoms())
def test_sets_have_no_order_and_no_twins(actions: list[str], chance: Any) -> None:
    mixed = [*actions, *actions[:2]]
    chance.shuffle(mixed)
    assert policy_document({"statements": [{"actions": mixed}]}) == policy_document(
        {"statements": [{"actions": actions}]}
    )


@given(st.lists(st.text(alphabet="abc", min_size=1), min_size=1, max_size=4))
def test_a_document_read_again_is_the_same(resources: list[str]) -> None:
    once = policy_document({"statements": [{"actions": ["s3:Get*", "s3:Put*"], "resources": resources}]})
    assert policy_document({"sourcePolicyDocuments": [once["json"]]}) == once

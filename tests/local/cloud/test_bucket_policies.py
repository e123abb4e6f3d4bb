"""Bucket policies are judged with their conditions."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud.bucket_policies import applying

DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
ANYONE: Any = {"AWS": "*"}


@pytest.mark.parametrize(
    ("principal", "condition", "applies"),
    [
        (ANYONE, {}, True),
        ("*", {}, True),
        (ANYONE, {"Bool": {"aws:SecureTransport": "false"}}, False),
        (ANYONE, {"Bool": {"aws:SecureTransport": False}}, False),
        (ANYONE, {"Bool": {"AWS:securetransport": ["false", "true"]}}, True),
        (ANYONE, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False),
        (ANYONE, {"NumericLessThan": {"s3:TlsVersion": 1.4}}, True),
        (
            ANYONE,
            {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:PrincipalTag/x": "y"}},
            False,
        ),
        (ANYONE, {"NullOrSo": {"aws:SecureTransport": "true"}}, False),
        ({"Service": "logging.s3.amazonaws.com"}, {}, False),
        ({"AWS": "arn:aws:iam::1:role/a"}, {}, False),
    ],
)
def test_a_statement_says_something_only_when_its_conditions_hold(
    principal: Any, condition: dict[str, Any], applies: bool
) -> None:
    statement = {**DENY, "Principal": principal, **({"Condition": condition} if condition else {})}
    assert applying({"Statement": [statement]}) == ([{**DENY, "Principal": principal}] if applies else [])


def test_one_statement_may_stand_without_a_list() -> None:
    assert len(applying({"Statement": {**DENY, "Principal": "*"}})) == 1

"""Bucket policies with their conditions, where moto reads them without.

moto asks a bucket's policy before each object call and takes a statement whose condition does not hold for a refusal:
a policy that denies requests without TLS would deny everything. Here such a statement says nothing, as on AWS.
Loopback stands for the TLS connection that the same client would have on AWS. Where IAM is enforced, the gateway has
judged the whole policy before, with the caller (local/cloud/iam).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.cloud.iam import conditions, patterns
from local.cloud.iam.language import listed, texts

# What is true of every request here; a condition on anything else cannot be judged, and its statement says nothing.
CONTEXT = {"aws:securetransport": "true", "s3:tlsversion": "1.3"}
LOG_DELIVERY = "logging.s3.amazonaws.com"


def install() -> None:
    """Have moto's buckets read their policies so."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(bucket: Any, action: str, resource: str) -> PermissionResult:
        statements = applying(json.loads(bucket.policy)) if bucket.policy else []
        if not statements:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({"Statement": statements})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission
    FakeBucket._log_permissions_enabled_policy = staticmethod(lets_logs_in)


def lets_logs_in(target_bucket: Any, target_prefix: str | None) -> bool:
    """Whether the bucket's policy lets S3's log delivery write under the prefix.

    moto 5.2.5 falls over a statement about everyone, and knows no lists and no wildcards.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    if not target_bucket.policy:
        return False
    key = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    return any(
        statement["Effect"] == "Allow"
        and (principal == "*" or LOG_DELIVERY in listed(principal.get("Service", [])))
        and any(
            patterns.matches(action, "s3:PutObject", ignore_case=True)
            for action in listed(statement.get("Action", []))
        )
        and any(patterns.matches_arn(resource, key) for resource in listed(statement.get("Resource", [])))
        for statement in listed(json.loads(target_bucket.policy)["Statement"])
        for principal in [statement.get("Principal", {})]
    )


def applying(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements about everyone whose conditions hold, without these; who the caller is, moto does not say."""
    return [
        {key: value for key, value in statement.items() if key != "Condition"}
        for statement in listed(policy["Statement"])
        if statement.get("Principal") in ("*", {"AWS": "*"}) and _holds(statement.get("Condition", {}))
    ]


def _holds(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(
        _true(operator, key.lower(), texts(values))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _true(operator: str, key: str, values: tuple[str, ...]) -> bool:
    found = conditions.parse(operator)
    return found is not None and key in CONTEXT and found.holds((CONTEXT[key],), values)

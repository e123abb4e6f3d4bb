"""Keys and log groups."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example, policy

EXAMPLES: dict[str, Example] = {
    "log-group": Example(
        type="aws:cloudwatch/logGroup:LogGroup",
        props={"retentionInDays": 7, **TAGS},
        change={"retentionInDays": 30, "kmsKeyId": "${other-key.arn}", **NEW_TAGS},
        replace={"name": "another"},
    ),
    "key": Example(
        type="aws:kms/key:Key",
        props={"description": "one", "enableKeyRotation": True, "deletionWindowInDays": 7, **TAGS},
        change={"description": "two", "enableKeyRotation": False, "isEnabled": False, **NEW_TAGS},
        replace={"keyUsage": "SIGN_VERIFY"},
    ),
    "other-key": Example(
        type="aws:kms/key:Key",
        props={
            "policy": policy("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
            "enableKeyRotation": True,
            "rotationPeriodInDays": 90,
        },
        change={
            "policy": policy("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}, Sid="Own"),
            "rotationPeriodInDays": 180,
        },
    ),
    "alias": Example(
        type="aws:kms/alias:Alias",
        props={"targetKeyId": "${key}"},
        change={"targetKeyId": "${other-key}"},
        replace={"name": "alias/another"},
    ),
}

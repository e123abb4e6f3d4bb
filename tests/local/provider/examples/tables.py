"""Tables of DynamoDB."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_KEYS = [{"name": "run", "type": "S"}, {"name": "at", "type": "N"}]

EXAMPLES: dict[str, Example] = {
    "table": Example(
        type="aws:dynamodb/table:Table",
        props={
            "attributes": _KEYS[:1],
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "run",
            "ttl": {"attributeName": "expires", "enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": "${key.arn}"},
            "pointInTimeRecovery": {"enabled": True},
            **TAGS,
        },
        change={
            "pointInTimeRecovery": {"enabled": False},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": "${other-key.arn}"},
            "streamEnabled": True,
            "streamViewType": "NEW_IMAGE",
            "ttl": None,
            **NEW_TAGS,
        },
        replace={"attributes": _KEYS, "rangeKey": "at"},
    ),
    "provisioned-table": Example(
        type="aws:dynamodb/table:Table",
        props={"attributes": _KEYS[:1], "hashKey": "run", "readCapacity": 1, "writeCapacity": 1},
        change={"readCapacity": 2, "writeCapacity": 3},
        replace={"name": "another-table"},
    ),
    "table-that-goes-on-demand": Example(
        type="aws:dynamodb/table:Table",
        props={"attributes": _KEYS[:1], "hashKey": "run", "readCapacity": 1, "writeCapacity": 1},
        change={"billingMode": "PAY_PER_REQUEST", "readCapacity": None, "writeCapacity": None},
    ),
}

"""Tables of DynamoDB."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_KEYS = [{"name": "run", "type": "S"}, {"name": "at", "type": "N"}]
_BY_TEAM = {"name": "by-team", "hashKey": "team", "projectionType": "ALL"}
_BY_TIME = {"name": "by-time", "hashKey": "at", "projectionType": "KEYS_ONLY"}


def _item(**attributes: Any) -> str:
    return json.dumps({"run": {"S": "one"}, **attributes})


EXAMPLES: dict[str, Example] = {
    "table": Example(
        type="aws:dynamodb/table:Table",
        props={
            "attributes": _KEYS[:1],
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "run",
            "ttl": {"attributeName": "expires", "enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": "${key.arn}"},
            "pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7},
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
        props={
            "attributes": [*_KEYS, {"name": "team", "type": "S"}],
            "hashKey": "run",
            "readCapacity": 1,
            "writeCapacity": 1,
            "globalSecondaryIndexes": [
                {**_BY_TEAM, "readCapacity": 1, "writeCapacity": 2},
                {**_BY_TIME, "readCapacity": 1, "writeCapacity": 1},
            ],
        },
        change={
            "billingMode": "PAY_PER_REQUEST",
            "readCapacity": 0,
            "writeCapacity": 0,
            "attributes": [*_KEYS[:1], {"name": "team", "type": "S"}],
            "onDemandThroughput": {"maxReadRequestUnits": 100, "maxWriteRequestUnits": 50},
            "globalSecondaryIndexes": [{**_BY_TEAM, "onDemandThroughput": {"maxReadRequestUnits": 10}}],
        },
    ),
    "table-that-is-bought": Example(
        type="aws:dynamodb/table:Table",
        props={
            "attributes": [*_KEYS, {"name": "team", "type": "S"}],
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "run",
            "rangeKey": "at",
            "globalSecondaryIndexes": [_BY_TEAM],
            "localSecondaryIndexes": [{"name": "team", "rangeKey": "team", "projectionType": "KEYS_ONLY"}],
        },
        change={
            "billingMode": "PROVISIONED",
            "readCapacity": 3,
            "writeCapacity": 2,
            "globalSecondaryIndexes": [
                {**_BY_TEAM, "readCapacity": 5, "writeCapacity": 1},
                {
                    "name": "both",
                    "keySchemas": [
                        {"attributeName": "team", "keyType": "HASH"},
                        {"attributeName": "at", "keyType": "RANGE"},
                    ],
                    "projectionType": "ALL",
                    "readCapacity": 1,
                    "writeCapacity": 1,
                },
            ],
        },
        replace={
            "localSecondaryIndexes": [
                {
                    "name": "team",
                    "rangeKey": "team",
                    "projectionType": "INCLUDE",
                    "nonKeyAttributes": ["state"],
                }
            ]
        },
    ),
    "table-with-indexes": Example(
        type="aws:dynamodb/table:Table",
        props={
            "attributes": [*_KEYS, {"name": "team", "type": "S"}],
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "run",
            "globalSecondaryIndexes": [_BY_TEAM, _BY_TIME],
        },
        change={
            "attributes": [*_KEYS, {"name": "team", "type": "S"}, {"name": "owner", "type": "S"}],
            "tableClass": "STANDARD_INFREQUENT_ACCESS",
            "warmThroughput": {"readUnitsPerSecond": 13000, "writeUnitsPerSecond": 5000},
            "globalSecondaryIndexes": [
                {**_BY_TEAM, "projectionType": "INCLUDE", "nonKeyAttributes": ["state", "cost"]},
                {**_BY_TIME, "warmThroughput": {"readUnitsPerSecond": 14000, "writeUnitsPerSecond": 4000}},
                {"name": "by-owner", "hashKey": "owner", "rangeKey": "at", "projectionType": "KEYS_ONLY"},
            ],
        },
    ),
    "items": Example(
        type="aws:dynamodb/table:Table",
        props={"attributes": _KEYS[:1], "billingMode": "PAY_PER_REQUEST", "hashKey": "run"},
    ),
    "item": Example(
        type="aws:dynamodb/tableItem:TableItem",
        props={
            "tableName": "${items}",
            "hashKey": "run",
            "item": _item(state={"S": "new"}, tries={"N": "1"}),
        },
        change={"item": _item(state={"S": "done"}, took={"L": [{"N": "2"}, {"N": "1"}]})},
        replace={"tableName": "${other-items}"},
    ),
    "other-items": Example(
        type="aws:dynamodb/table:Table",
        props={"attributes": _KEYS[:1], "billingMode": "PAY_PER_REQUEST", "hashKey": "run"},
    ),
}

"""DynamoDB: what is in a table and who may use it from elsewhere, each as a resource of its own."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from local.provider.errors import ProviderError
from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource

Item = dict[str, Any]  # attribute → its value as the API has it: {"S": "text"}


def _parse(text: str) -> Item:
    """An item from its text, in which bytes are base64. That it is a JSON object, the limits see to."""
    try:
        found: Item = json.loads(text, object_hook=_bytes)
    except binascii.Error as error:
        raise ProviderError(f"item has bytes that are no base64: {error}") from error
    return found


def _bytes(part: dict[str, Any]) -> dict[str, Any]:
    if set(part) == {"B"} and isinstance(part["B"], str):
        return {"B": base64.b64decode(part["B"])}
    if set(part) == {"BS"} and isinstance(part["BS"], list):
        return {"BS": [base64.b64decode(one) for one in part["BS"]]}
    return part


def _text(item: Item) -> str:
    return json.dumps(
        item, default=lambda one: base64.b64encode(one).decode(), separators=(",", ":"), sort_keys=True
    )


def _key_of(item: Item, props: Mapping[str, Any]) -> Item:
    names = [props[name] for name in ("hashKey", "rangeKey") if props.get(name)]
    missing = [name for name in names if name not in item]
    if missing:
        raise ProviderError(f"item lacks its key {missing[0]!r}")
    return {name: item[name] for name in names}


def _value(key: Item, name: str) -> str:
    """A key's value as text."""
    kind, value = next(iter(key[name].items()))
    return base64.b64encode(value).decode() if kind == "B" else str(value)


def _id(table: str, key: Item) -> str:
    """The real provider's id: the table, and each key with its value as bytes, text or number."""
    parts = [table]
    for name, value in key.items():
        raw = value.get("B")
        parts += [name, base64.b64encode(raw).decode() if raw else "", value.get("S", ""), value.get("N", "")]
    return "|".join(parts)


def _create(run: Run) -> dict[str, str]:
    """An item that is there already is somebody else's."""
    item = _parse(run.props["item"])
    key = _key_of(item, run.props)
    run.call(
        "PutItem",
        TableName=run.props["tableName"],
        Item=item,
        ConditionExpression="attribute_not_exists(#hk)",
        ExpressionAttributeNames={"#hk": run.props["hashKey"]},
    )
    return {"id": _id(run.props["tableName"], key)}


def _update(run: Run) -> None:
    """Attribute by attribute; another key is another item, and the old one goes."""
    old, new = _parse(run.old["item"]), _parse(run.props["item"])
    before, key = _key_of(old, run.props), _key_of(new, run.props)
    wanted = {name: {"Action": "PUT", "Value": one} for name, one in new.items() if name not in key}
    gone = {name: {"Action": "DELETE"} for name in old if name not in new}
    run.call("UpdateItem", TableName=run.props["tableName"], Key=key, AttributeUpdates={**wanted, **gone})
    if before != key:
        run.call("DeleteItem", TableName=run.props["tableName"], Key=before)


def _delete(run: Run) -> None:
    key = _key_of(_parse(run.old["item"]), run.old)
    run.call("DeleteItem", TableName=run.old["tableName"], Key=key)


def _not_there(run: Run) -> bool:
    """Read the item by its key, which an import says by its values alone: `table|value` or `table|value|value`."""
    table = run.answers["DescribeTable"]["Table"]
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    keys = {names[one["KeyType"]]: one["AttributeName"] for one in table["KeySchema"]}
    if run.props.get("item"):
        key = _key_of(_parse(run.props["item"]), keys)
    else:
        kinds = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        said = str(run.props["hashKeyValue"]).split("|")
        key = {name: _bytes({kinds[name]: value}) for name, value in zip(keys.values(), said, strict=False)}
        run.id = _id(table["TableName"], key)
    item = run.call("GetItem", TableName=table["TableName"], Key=key, ConsistentRead=True).get("Item")
    if item is None:
        return True
    values = {f"{prop}Value": _value(key, name) for prop, name in keys.items()}
    run.found |= {"tableName": table["TableName"], "item": _text(item), **keys, **values}
    return False


def _same_item(one: Any, other: Any) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def _check(props: Mapping[str, Any]) -> tuple[str, str] | None:
    if isinstance(props.get("item"), str):
        try:
            _parse(props["item"])
        except ProviderError as error:
            return "item", str(error)
    return None


ITEM = Resource(
    type="aws:dynamodb/tableItem:TableItem",
    terraform="aws_dynamodb_table_item",
    service="dynamodb",
    create=_create,
    id="=id",
    import_id="$tableName|$hashKeyValue",
    reads=(Part(call=Call(op="DescribeTable", args={"TableName": "$tableName"}), at="Table"),),
    gone=_not_there,
    changes=(Change(props=("item",), do=(_update,)),),
    delete=(_delete,),
    by_hook=frozenset({"hashKey", "hashKeyValue", "item", "rangeKey", "rangeKeyValue", "tableName"}),
    volatile=frozenset({"hashKeyValue", "rangeKeyValue"}),
    same={"item": _same_item},
    check=_check,
)

ROWS = (ITEM,)

"""Items of a table: keys of every kind, what is somebody else's, and imports by the keys' values."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from tests.local.provider.conftest import Made, World, urn

TABLE, ITEM = "aws:dynamodb/table:Table", "aws:dynamodb/tableItem:TableItem"
RAW = base64.b64encode(b"\x00\xff").decode()


def _table(world: World, hash_kind: str, range_kind: str = "") -> Made:
    name = f"{world.prefix}-items"
    attributes = [{"name": "run", "type": hash_kind}] + (
        [{"name": "at", "type": range_kind}] * bool(range_kind)
    )
    keys = {"hashKey": "run"}
    if range_kind:
        keys["rangeKey"] = "at"
    props = {"attributes": attributes, "billingMode": "PAY_PER_REQUEST", **keys}
    world.made[name] = made = world.peer.create(TABLE, props, name)
    return made


def _item(world: World, table: Made, name: str = "item", **attributes: Any) -> Made:
    keys: dict[str, Any] = {
        key: table.outputs[key] for key in ("hashKey", "rangeKey") if key in table.outputs
    }
    props = {"tableName": table.id, **keys, "item": json.dumps(attributes)}
    return world.peer.create(ITEM, props, f"{world.prefix}-{name}")


@pytest.mark.parametrize(
    ("kinds", "attributes", "said"),
    [
        (("S",), {"run": {"S": "a"}}, "a"),
        (("N", "S"), {"run": {"N": "7"}, "at": {"S": "x"}}, "7|x"),
        (("B", "N"), {"run": {"B": RAW}, "at": {"N": "3"}, "more": {"BS": [RAW]}}, f"{RAW}|3"),
    ],
)
def test_an_item_is_made_read_and_imported_by_its_keys(
    world: World, kinds: tuple[str, ...], attributes: dict[str, Any], said: str
) -> None:
    table = _table(world, *kinds)
    made = _item(world, table, **attributes)
    assert values.read(world.peer.read(made).properties).props == made.outputs
    imported = world.peer.stub.Read(pb.ReadRequest(id=f"{table.id}|{said}", urn=urn(ITEM, "found")))
    found = values.read(imported.properties).props
    assert imported.id == made.id
    assert json.loads(found["item"]) == attributes
    assert found["hashKeyValue"] == made.outputs["hashKeyValue"] == said.split("|")[0]
    world.peer.delete(made)
    assert world.peer.read(made).id == ""


def test_an_item_that_is_there_already_is_somebody_else_s(world: World) -> None:
    table = _table(world, "S")
    made = _item(world, table, run={"S": "a"})
    with pytest.raises(grpc.RpcError) as error:
        _item(world, table, "another", run={"S": "a"})
    assert "ConditionalCheckFailedException" in str(error.value.details())
    world.peer.delete(made)


def test_another_key_is_another_item_and_the_old_one_goes(world: World, aws: Any) -> None:
    table = _table(world, "S")
    made = _item(world, table, run={"S": "a"}, state={"S": "new"})
    props = {"tableName": table.id, "hashKey": "run", "item": json.dumps({"run": {"S": "b"}})}
    changed = world.peer.update(made, world.peer.inputs(ITEM, props, made.name, made.inputs))
    assert changed.outputs["hashKeyValue"] == "b"
    assert aws("dynamodb").scan(TableName=table.id)["Items"] == [{"run": {"S": "b"}}]
    world.peer.delete(changed)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("{", "item of aws:dynamodb/tableItem:TableItem must be a JSON object"),
        ("[]", "item of aws:dynamodb/tableItem:TableItem must be a JSON object"),
        ('{"run": {"B": "a"}}', "item has bytes that are no base64"),
    ],
)
def test_what_is_no_item_is_refused(world: World, item: str, words: str) -> None:
    (failure,) = world.peer.check(ITEM, {"tableName": "t", "hashKey": "run", "item": item}).failures
    assert failure.reason.startswith(words)

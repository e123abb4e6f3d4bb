"""Tables: how their indexes and what is bought for them change in place, and what replaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi.runtime.proto import provider_pb2 as pb

from local.provider import values
from tests.local.provider.conftest import Made, World

TABLE = "aws:dynamodb/table:Table"
ATTRIBUTES = [{"name": name, "type": "S"} for name in ("run", "team", "owner")]
TEAM: Mapping[str, Any] = {"name": "by-team", "hashKey": "team", "rangeKey": "run", "projectionType": "ALL"}
OWNER: Mapping[str, Any] = {"name": "by-owner", "hashKey": "owner", "projectionType": "KEYS_ONLY"}
BASE: Mapping[str, Any] = {
    "attributes": ATTRIBUTES,
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "run",
    "globalSecondaryIndexes": [TEAM, OWNER],
}


def _make(world: World, **more: Any) -> Made:
    name = f"{world.prefix}-table"
    made = world.peer.create(TABLE, {**BASE, **more}, name)
    world.made[name] = made
    return made


def _inputs(world: World, made: Made, **more: Any) -> Any:
    props = {key: value for key, value in {**BASE, **more}.items() if value is not None}
    return world.peer.inputs(TABLE, props, made.name, made.inputs)


def _change(world: World, made: Made, **more: Any) -> Made:
    """Change it in place, and see that nothing is left to do."""
    inputs = _inputs(world, made, **more)
    assert not world.peer.diff(made, inputs).replaces
    changed = world.peer.update(made, inputs)
    left = world.peer.diff(changed, inputs)
    assert left.changes == pb.DiffResponse.DIFF_NONE, dict(left.detailedDiff)
    assert values.read(world.peer.read(changed).properties).props == changed.outputs
    return changed


def _refused(world: World, **more: Any) -> str:
    (failure,) = world.peer.check(TABLE, {**BASE, **more}).failures
    return f"{failure.property}: {failure.reason}"


def test_indexes_come_go_and_are_made_anew_one_a_call(world: World, aws: Any) -> None:
    made = _make(world)
    wider = {**TEAM, "projectionType": "INCLUDE", "nonKeyAttributes": ["state"]}
    _change(world, made, attributes=ATTRIBUTES[:2], globalSecondaryIndexes=[wider])
    table = aws("dynamodb").describe_table(TableName=made.id)["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]}
    assert sorted(one["AttributeName"] for one in table["AttributeDefinitions"]) == ["run", "team"]


def test_two_indexes_in_a_call_are_refused_as_by_aws(world: World, aws: Any) -> None:
    made = _make(world)
    gone = [{"Delete": {"IndexName": name}} for name in ("by-team", "by-owner")]
    with pytest.raises(ClientError, match="Only 1 online index can be created or deleted simultaneously"):
        aws("dynamodb").update_table(TableName=made.id, GlobalSecondaryIndexUpdates=gone)


def test_keys_said_the_other_way_are_no_change(world: World) -> None:
    made = _make(world)
    schema = [{"attributeName": "team", "keyType": "HASH"}, {"attributeName": "run", "keyType": "RANGE"}]
    said = {"name": "by-team", "projectionType": "ALL", "keySchemas": schema}
    inputs = _inputs(world, made, globalSecondaryIndexes=[OWNER, said])
    assert world.peer.diff(made, inputs).changes == pb.DiffResponse.DIFF_NONE
    other = _inputs(world, made, globalSecondaryIndexes=[OWNER, {**said, "keySchemas": schema[:1]}])
    assert world.peer.diff(made, other).changes == pb.DiffResponse.DIFF_SOME


def test_indexes_that_the_program_does_not_speak_of_are_left_alone(world: World, aws: Any) -> None:
    made = _make(world)
    assert world.peer.diff(made, _inputs(world, made, globalSecondaryIndexes=None)).changes == (
        pb.DiffResponse.DIFF_NONE
    )
    _change(world, made, globalSecondaryIndexes=[], attributes=ATTRIBUTES[:1])
    assert not aws("dynamodb").describe_table(TableName=made.id)["Table"].get("GlobalSecondaryIndexes")


def test_what_is_bought_is_changed_with_the_mode_and_back(world: World, aws: Any) -> None:
    made = _make(
        world,
        onDemandThroughput={"maxReadRequestUnits": 20},
        globalSecondaryIndexes=[{**TEAM, "onDemandThroughput": {"maxReadRequestUnits": 10}}, OWNER],
    )
    units = {"readCapacity": 2, "writeCapacity": 3}
    bought = _change(
        world,
        made,
        billingMode="PROVISIONED",
        **units,
        globalSecondaryIndexes=[{**TEAM, **units}, {**OWNER, **units}],
    )
    table = aws("dynamodb").describe_table(TableName=made.id)["Table"]
    for one in (table, *table["GlobalSecondaryIndexes"]):
        assert one["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
        assert "OnDemandThroughput" not in one
    free = _change(world, bought)
    assert (free.outputs["readCapacity"], free.outputs["writeCapacity"]) == (0, 0)


def test_a_limit_that_is_no_more_said_is_taken_away(world: World) -> None:
    limit = {"maxReadRequestUnits": 20, "maxWriteRequestUnits": 10}
    made = _make(
        world, onDemandThroughput=limit, globalSecondaryIndexes=[{**TEAM, "onDemandThroughput": limit}, OWNER]
    )
    changed = _change(world, made)
    assert "onDemandThroughput" not in changed.outputs


def test_a_bought_index_needs_its_capacity(world: World) -> None:
    units = {"billingMode": "PROVISIONED", "readCapacity": 1, "writeCapacity": 1}
    with pytest.raises(Exception, match="index 'by-team': readCapacity and writeCapacity must be set"):
        _make(world, **units)


def test_capacity_that_is_no_more_said_stays(world: World, aws: Any) -> None:
    units = {"readCapacity": 2, "writeCapacity": 3}
    both = [{**TEAM, **units}, {**OWNER, **units}]
    made = _make(world, billingMode="PROVISIONED", **units, globalSecondaryIndexes=both)
    more = [{**TEAM, "readCapacity": 5, "writeCapacity": 3}, OWNER]
    changed = _change(world, made, billingMode="PROVISIONED", globalSecondaryIndexes=more)
    assert (changed.outputs["readCapacity"], changed.outputs["writeCapacity"]) == (2, 3)
    table = aws("dynamodb").describe_table(TableName=made.id)["Table"]
    found = {one["IndexName"]: one["ProvisionedThroughput"] for one in table["GlobalSecondaryIndexes"]}
    assert {name: one["ReadCapacityUnits"] for name, one in found.items()} == {"by-team": 5, "by-owner": 2}


def test_another_view_is_another_stream(world: World) -> None:
    made = _make(world, streamEnabled=True, streamViewType="NEW_IMAGE")
    changed = _change(world, made, streamEnabled=True, streamViewType="KEYS_ONLY")
    assert changed.outputs["streamArn"] != made.outputs["streamArn"]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"warmThroughput": {"readUnitsPerSecond": 14000}}, {"readUnitsPerSecond": 13000}, "warmThroughput"),
        ({"localSecondaryIndexes": [{"rangeKey": "team"}]}, [{"rangeKey": "owner"}], "localSecondaryIndexes"),
        ({"localSecondaryIndexes": [{"rangeKey": "team"}]}, [], "localSecondaryIndexes"),
    ],
)
def test_less_warmth_and_other_local_indexes_replace(
    world: World, before: dict[str, Any], after: Any, path: str
) -> None:
    def whole(value: Any) -> Any:
        full = {"name": "local", "projectionType": "ALL"}
        return [{**full, **one} for one in value] if isinstance(value, list) else value

    made = _make(world, rangeKey="owner", **{name: whole(value) for name, value in before.items()})
    inputs = _inputs(world, made, rangeKey="owner", **{path: whole(after)})
    assert any(one.startswith(path) for one in world.peer.diff(made, inputs).replaces)


def test_more_warmth_is_given_in_place(world: World) -> None:
    made = _make(world, warmThroughput={"readUnitsPerSecond": 13000, "writeUnitsPerSecond": 4000})
    _change(world, made, warmThroughput={"readUnitsPerSecond": 14000, "writeUnitsPerSecond": 4000})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"hashKey": None}, "hashKey: a table needs 'hashKey'"),
        (
            {"localSecondaryIndexes": [{"name": "x", "rangeKey": "team", "projectionType": "ALL"}]},
            "localSecondaryIndexes: a table without 'rangeKey' takes no local index",
        ),
        ({"attributes": ATTRIBUTES[:2]}, "attributes: all indexes must match a defined attribute. Unmatched"),
        (
            {"globalSecondaryIndexes": [TEAM]},
            "attributes: all attributes must be indexed. Unused attributes: ['owner']",
        ),
        (
            {"globalSecondaryIndexes": [{"name": "x", "projectionType": "ALL"}]},
            "globalSecondaryIndexes: index 'x' takes one of 'hashKey' and 'keySchemas'",
        ),
    ],
)
def test_attributes_and_keys_that_do_not_fit_are_refused_before_anything_is_made(
    world: World, more: dict[str, Any], words: str
) -> None:
    assert _refused(world, **more).startswith(words)

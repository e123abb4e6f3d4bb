"""DynamoDB: a table's secondary indexes, and what is bought for a table or an index.

As the real provider does it (internal/service/dynamodb/table.go, updateDiffGSI): an index of other keys, another
projection or less warm throughput is made anew in place, one index a call, since AWS takes no more at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.errors import ProviderError
from local.provider.run import Run

ON_DEMAND, PROVISIONED = "PAY_PER_REQUEST", "PROVISIONED"
Index = Mapping[str, Any]
_GLOBAL = "globalSecondaryIndexes"
UNITS = {"readCapacity": "ReadCapacityUnits", "writeCapacity": "WriteCapacityUnits"}
_MOST = {"maxReadRequestUnits": "MaxReadRequestUnits", "maxWriteRequestUnits": "MaxWriteRequestUnits"}
_WARM = {"readUnitsPerSecond": "ReadUnitsPerSecond", "writeUnitsPerSecond": "WriteUnitsPerSecond"}


def mode_of(run: Run) -> str:
    """How the table that the program wants is paid."""
    return str(run.props.get("billingMode") or PROVISIONED)


def most(block: Index | None) -> dict[str, int]:
    """`onDemandThroughput` as the API has it; without a block what takes a limit away."""
    return _sent(block, _MOST) if block else dict.fromkeys(_MOST.values(), -1)


def warm(block: Index) -> dict[str, int]:
    """`warmThroughput` as the API has it."""
    return _sent(block, _WARM)


def found_most(told: Index) -> dict[str, int] | None:
    """`onDemandThroughput` from a description of a table or of an index."""
    return _found(told.get("OnDemandThroughput"), _MOST)


def found_warm(told: Index) -> dict[str, int] | None:
    """`warmThroughput` from a description of a table or of an index."""
    return _found(told.get("WarmThroughput"), _WARM)


def cooler(old: Index | None, new: Index | None) -> bool:
    """Whether less warm throughput is wanted than there is: AWS only ever adds to it."""
    old, new = old or {}, new or {}
    return any(new.get(name) and old.get(name) and int(new[name]) < int(old[name]) for name in _WARM)


def created(run: Run) -> dict[str, Any]:
    """What CreateTable is told of the indexes."""
    local = [_local(run, one) for one in run.props.get("localSecondaryIndexes") or []]
    every = [_global(run, one, {}) for one in run.props.get(_GLOBAL) or []]
    return {
        **({"LocalSecondaryIndexes": local} if local else {}),
        **({"GlobalSecondaryIndexes": every} if every else {}),
    }


def find(run: Run, table: Mapping[str, Any]) -> None:
    """Read both kinds from DescribeTable's answer."""
    local = [_found_local(one) for one in table.get("LocalSecondaryIndexes", [])]
    every = [_found_global(one, run.found["billingMode"]) for one in table.get("GlobalSecondaryIndexes", [])]
    if local:
        run.found["localSecondaryIndexes"] = local
    if every:
        run.found[_GLOBAL] = every


def drop(run: Run) -> None:
    """Delete the global indexes that are no longer wanted, or wanted otherwise than an update can make them."""
    old, new = _by_name(run.old), _by_name(run.props)
    for name in old:
        if name not in new or _other(old[name], new[name]):
            _update(run, {"Delete": {"IndexName": name}})


def add(run: Run) -> None:
    """Make the global indexes that are wanted and not there."""
    old, new = _by_name(run.old), _by_name(run.props)
    for name, one in new.items():
        if name not in old or _other(old[name], one):
            attributes = [
                {"AttributeName": it["name"], "AttributeType": it["type"]}
                for it in run.props.get("attributes") or run.old.get("attributes") or []
            ]
            _update(run, {"Create": _global(run, one, old.get(name, {}))}, AttributeDefinitions=attributes)


def paid_otherwise(run: Run) -> dict[str, Any]:
    """What UpdateTable is told of the global indexes that stay: what is bought for them."""
    old, updates = _by_name(run.old), []
    for name, one in _by_name(run.props).items():
        had = old.get(name)
        if had is None or _other(had, one):
            continue
        wanted = _paid(run, one, had)
        if wanted and wanted != _paid_before(run, had):
            updates.append({"Update": {"IndexName": name, **wanted}})
    return {"GlobalSecondaryIndexUpdates": updates} if updates else {}


def warm_up(run: Run) -> None:
    """Give the global indexes that stay the warm throughput that the program says."""
    old = _by_name(run.old)
    for name, one in _by_name(run.props).items():
        had, block = old.get(name), one.get("warmThroughput")
        if had is not None and block and not _other(had, one) and _differs(had, one, "warmThroughput"):
            _update(run, {"Update": {"IndexName": name, "WarmThroughput": warm(block)}})


def same(old: Any, new: Any) -> bool:
    """Whether the program's indexes, or one of them, are those of the state: keys may be said in two ways, and what
    the program does not say of throughput AWS decides."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(any(same(had, one) for had in old) for one in new)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    bought = ("readCapacity", "writeCapacity", "onDemandThroughput", "warmThroughput")
    limits = bool(old.get("onDemandThroughput")) == bool(new.get("onDemandThroughput"))
    return limits and not _other(old, new) and not any(_differs(old, new, name) for name in bought)


def wrong(index: Index) -> str | None:
    """What is wrong with how a global index names its keys."""
    if bool(index.get("hashKey")) == bool(index.get("keySchemas")):
        return f"index {index.get('name')!r} takes one of 'hashKey' and 'keySchemas'"
    if index.get("rangeKey") and index.get("keySchemas"):
        return f"index {index.get('name')!r}: 'rangeKey' conflicts with 'keySchemas'"
    return None


def keys(index: Index) -> list[dict[str, str]]:
    """An index's keys as the API has them, however they were said."""
    if index.get("keySchemas"):
        return [
            {"AttributeName": it["attributeName"], "KeyType": it["keyType"]} for it in index["keySchemas"]
        ]
    pairs = (("HASH", index.get("hashKey")), ("RANGE", index.get("rangeKey")))
    return [{"AttributeName": name, "KeyType": kind} for kind, name in pairs if name]


def _by_name(props: Mapping[str, Any]) -> dict[str, Index]:
    return {str(one["name"]): one for one in props.get(_GLOBAL) or []}


def _projection(index: Index) -> dict[str, Any]:
    more = index.get("nonKeyAttributes")
    return {
        "ProjectionType": index.get("projectionType"),
        **({"NonKeyAttributes": sorted(more)} if more else {}),
    }


def _other(old: Index, new: Index) -> bool:
    """Whether an index must be made anew to become the other."""
    return (
        old.get("name") != new.get("name")
        or keys(old) != keys(new)
        or _projection(old) != _projection(new)
        or cooler(old.get("warmThroughput"), new.get("warmThroughput"))
    )


def _differs(old: Index, new: Index, name: str) -> bool:
    """Whether what the program says of one argument, or of a block's fields, is not what there is."""
    had, said = old.get(name), new.get(name)
    if isinstance(said, Mapping):
        had = had if isinstance(had, Mapping) else {}
        return any(one is not None and one != had.get(field) for field, one in said.items())
    return said is not None and said != (had or 0)


def _local(run: Run, index: Index) -> dict[str, Any]:
    both = {"hashKey": run.props["hashKey"], "rangeKey": index["rangeKey"]}
    return {"IndexName": index["name"], "KeySchema": keys(both), "Projection": _projection(index)}


def _global(run: Run, index: Index, old: Index) -> dict[str, Any]:
    block = index.get("warmThroughput")
    return {
        "IndexName": index["name"],
        "KeySchema": keys(index),
        "Projection": _projection(index),
        **_paid(run, index, old),
        **({"WarmThroughput": warm(block)} if block else {}),
    }


def _paid(run: Run, index: Index, old: Index) -> dict[str, Any]:
    """What is bought for an index in the table's mode."""
    if mode_of(run) == ON_DEMAND:
        block = index.get("onDemandThroughput")
        return {"OnDemandThroughput": most(block)} if block or old.get("onDemandThroughput") else {}
    units = {name: int(index.get(prop) or old.get(prop) or 0) for prop, name in UNITS.items()}
    if not all(units.values()):
        raise ProviderError(
            f"index {index['name']!r}: readCapacity and writeCapacity must be set where billingMode is {PROVISIONED}"
        )
    return {"ProvisionedThroughput": units}


def _paid_before(run: Run, index: Index) -> dict[str, Any]:
    if mode_of(run) == ON_DEMAND:
        block = index.get("onDemandThroughput")
        return {"OnDemandThroughput": most(block)} if block else {}
    return {"ProvisionedThroughput": {name: int(index.get(prop) or 0) for prop, name in UNITS.items()}}


def _update(run: Run, update: Mapping[str, Any], **more: Any) -> None:
    """One change of one index, and the wait for its end."""
    run.call("UpdateTable", TableName=run.id, GlobalSecondaryIndexUpdates=[update], **more)
    name = next(iter(update.values()))["IndexName"]

    def done() -> bool:
        table = run.call("DescribeTable", TableName=run.id)["Table"]
        there = {one["IndexName"]: one["IndexStatus"] for one in table.get("GlobalSecondaryIndexes", [])}
        return name not in there if "Delete" in update else there.get(name) == "ACTIVE"

    run.wait(f"index {name} of table {run.id}", done)


def _found_local(told: Index) -> dict[str, Any]:
    ranges = [it["AttributeName"] for it in told["KeySchema"] if it["KeyType"] == "RANGE"]
    return {"name": told["IndexName"], "rangeKey": ranges[0], **_found_projection(told)}


def _found_global(told: Index, mode: str) -> dict[str, Any]:
    schema = told["KeySchema"]
    named = {
        "keySchemas": [{"attributeName": it["AttributeName"], "keyType": it["KeyType"]} for it in schema]
    }
    for prop, kind in (("hashKey", "HASH"), ("rangeKey", "RANGE")):
        of_kind = [it["AttributeName"] for it in schema if it["KeyType"] == kind]
        if len(of_kind) == 1:
            named[prop] = of_kind[0]
    units = told.get("ProvisionedThroughput", {}) if mode == PROVISIONED else {}
    blocks = {"onDemandThroughput": found_most(told), "warmThroughput": found_warm(told)}
    return {
        "name": told["IndexName"],
        **named,
        **_found_projection(told),
        **{prop: int(units.get(name, 0)) for prop, name in UNITS.items()},
        **{name: block for name, block in blocks.items() if block},
    }


def _found_projection(told: Index) -> dict[str, Any]:
    projection = told["Projection"]
    more = projection.get("NonKeyAttributes")
    return {
        "projectionType": projection["ProjectionType"],
        **({"nonKeyAttributes": list(more)} if more else {}),
    }


def _sent(block: Index, names: Mapping[str, str]) -> dict[str, int]:
    return {member: int(block[name]) for name, member in names.items() if block.get(name) is not None}


def _found(told: Index | None, names: Mapping[str, str]) -> dict[str, int] | None:
    return {name: int(told[member]) for name, member in names.items() if member in told} if told else None

"""DynamoDB: tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Hook, Name, Part, Resource, Tagging
from local.provider.types import dynamodb_indexes as indexes
from local.provider.types.common import unsupported
from local.provider.types.dynamodb_indexes import ON_DEMAND, PROVISIONED
from local.provider.values import has_unknown

_TABLE = {"TableName": "$id"}
_STANDARD = "STANDARD"
_PAID = ("billingMode", "readCapacity", "writeCapacity", "onDemandThroughput")


def _throughput(run: Run) -> dict[str, Any]:
    """Billing, with what is provisioned when something is."""
    mode = indexes.mode_of(run)
    if mode == ON_DEMAND:
        block = run.props.get("onDemandThroughput")
        limited = block or run.old.get("onDemandThroughput")
        return {"BillingMode": mode, **({"OnDemandThroughput": indexes.most(block)} if limited else {})}
    units = {name: int(run.props.get(prop) or run.old.get(prop) or 0) for prop, name in indexes.UNITS.items()}
    return {"BillingMode": mode, "ProvisionedThroughput": units}


def _pay(run: Run) -> None:
    """What is bought of the table and of its indexes, which AWS wants at once where the mode changes."""
    said = [prop for prop in _PAID if run.props.get(prop) is not None or not run.known.left_alone(prop)]
    changed = any(not run.known.same(prop, run.old.get(prop), run.props.get(prop)) for prop in said)
    wanted = (_throughput(run) if changed else {}) | indexes.paid_otherwise(run)
    if wanted:
        run.call("UpdateTable", TableName=run.id, **wanted)


def _warm(run: Run) -> dict[str, Any]:
    block = run.props.get("warmThroughput")
    return {"WarmThroughput": indexes.warm(block)} if block else {}


def _create(run: Run) -> dict[str, Any]:
    params = run.params(_CREATE)
    keys = (("HASH", run.props["hashKey"]), ("RANGE", run.props.get("rangeKey")))
    params["KeySchema"] = [{"AttributeName": name, "KeyType": kind} for kind, name in keys if name]
    params |= _throughput(run) | _encryption(run) | _stream(run) | _warm(run) | indexes.created(run)
    return run.call("CreateTable", **params)


def _encryption(run: Run) -> dict[str, Any]:
    wanted = run.props.get("serverSideEncryption") or {}
    if not wanted:
        return {}
    key = {"KMSMasterKeyId": wanted["kmsKeyArn"]} if wanted.get("kmsKeyArn") else {}
    own = {"SSEType": "KMS", **key} if wanted.get("enabled") else {}
    return {"SSESpecification": {"Enabled": bool(wanted.get("enabled")), **own}}


def _stream(run: Run) -> dict[str, Any]:
    if not run.props.get("streamEnabled"):
        return {}
    view = run.props.get("streamViewType")
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


def _update(part: Hook) -> Hook:
    def hook(run: Run) -> None:
        run.call("UpdateTable", TableName=run.id, **part(run))

    return hook


def _update_stream(run: Run) -> None:
    """A stream of another view is another stream: the old one ends first."""
    wanted = _stream(run)
    if run.old.get("streamEnabled"):
        run.call("UpdateTable", TableName=run.id, StreamSpecification={"StreamEnabled": False})
    if wanted:
        run.call("UpdateTable", TableName=run.id, **wanted)


def _protect(run: Run) -> None:
    wanted = bool(run.props.get("deletionProtectionEnabled"))
    run.call("UpdateTable", TableName=run.id, DeletionProtectionEnabled=wanted)


def _recover(run: Run) -> None:
    said = run.props.get("pointInTimeRecovery") or {}
    wanted: dict[str, Any] = {"PointInTimeRecoveryEnabled": bool(said.get("enabled"))}
    if said.get("enabled") and said.get("recoveryPeriodInDays"):
        wanted["RecoveryPeriodInDays"] = int(said["recoveryPeriodInDays"])
    run.call("UpdateContinuousBackups", TableName=run.id, PointInTimeRecoverySpecification=wanted)


def _expire(run: Run) -> None:
    """Time to live: to switch it off the attribute must be said, too."""
    new, old = run.props.get("ttl") or {}, run.old.get("ttl") or {}
    name, enabled = new.get("attributeName") or old.get("attributeName"), bool(new.get("enabled"))
    if name and enabled != bool(old.get("enabled")):
        wanted = {"AttributeName": name, "Enabled": enabled}
        run.call("UpdateTimeToLive", TableName=run.id, TimeToLiveSpecification=wanted)


def _settle(run: Run) -> None:
    def active() -> bool:
        table = run.call("DescribeTable", TableName=run.id)["Table"]
        return str(table["TableStatus"]) == "ACTIVE"

    run.wait(f"table {run.id}", active)


def _finish(run: Run) -> None:
    table = run.answers["DescribeTable"]["Table"]
    for key in table["KeySchema"]:
        run.found["hashKey" if key["KeyType"] == "HASH" else "rangeKey"] = key["AttributeName"]
    run.found["billingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED)
    units = table.get("ProvisionedThroughput", {}) if run.found["billingMode"] == PROVISIONED else {}
    run.found["readCapacity"] = units.get("ReadCapacityUnits", 0)
    run.found["writeCapacity"] = units.get("WriteCapacityUnits", 0)
    sse = table.get("SSEDescription", {})
    if sse.get("Status") == "ENABLED":
        run.found["serverSideEncryption"] = {"enabled": True, "kmsKeyArn": sse.get("KMSMasterKeyArn")}
    stream = table.get("StreamSpecification", {})
    run.found["streamEnabled"] = bool(stream.get("StreamEnabled"))
    if stream.get("StreamEnabled"):
        run.found["streamViewType"] = stream["StreamViewType"]
    run.found["tableClass"] = table.get("TableClassSummary", {}).get("TableClass", _STANDARD)
    blocks = {"onDemandThroughput": indexes.found_most(table), "warmThroughput": indexes.found_warm(table)}
    run.found |= {name: block for name, block in blocks.items() if block}
    indexes.find(run, table)
    _finish_extras(run)


def _finish_extras(run: Run) -> None:
    """What other calls than DescribeTable say."""
    backups = run.answers["DescribeContinuousBackups"]["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    enabled = recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    if enabled or run.props.get("pointInTimeRecovery"):
        period = {"recoveryPeriodInDays": recovery["RecoveryPeriodInDays"]} if enabled else {}
        run.found["pointInTimeRecovery"] = {"enabled": enabled, **period}
    ttl = run.answers["DescribeTimeToLive"]["TimeToLiveDescription"]
    if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        run.found["ttl"] = {"enabled": True, "attributeName": ttl["AttributeName"]}


def _check(props: Mapping[str, Any]) -> tuple[str, str] | None:
    """As the real provider: every key is a defined attribute, and every attribute defined is some index's key."""
    every = props.get("globalSecondaryIndexes") or []
    said = [props.get(name) for name in ("attributes", "hashKey", "rangeKey", "localSecondaryIndexes")]
    if has_unknown(every) or has_unknown(said):
        return None
    if not props.get("hashKey"):
        return "hashKey", "a table needs 'hashKey': it can be left out only where AWS restores one"
    if props.get("localSecondaryIndexes") and not props.get("rangeKey"):
        return "localSecondaryIndexes", "a table without 'rangeKey' takes no local index"
    for one in every:
        if why := indexes.wrong(one):
            return "globalSecondaryIndexes", why
    used = {str(props[name]) for name in ("hashKey", "rangeKey") if props.get(name)}
    used |= {one["rangeKey"] for one in props.get("localSecondaryIndexes") or []}
    used |= {key["AttributeName"] for one in every for key in indexes.keys(one)}
    defined = {one["name"] for one in props.get("attributes") or []}
    if missing := sorted(used - defined):
        return "attributes", f"all indexes must match a defined attribute. Unmatched indexes: {missing}"
    # Without a word of the global indexes they are others' to declare, and so are the attributes beyond ours.
    if "globalSecondaryIndexes" in props and (unused := sorted(defined - used)):
        return "attributes", f"all attributes must be indexed. Unused attributes: {unused}"
    return None


def _replaces(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """Warm throughput grows in place and never shrinks."""
    less = indexes.cooler(old.get("warmThroughput"), new.get("warmThroughput"))
    names = ("readUnitsPerSecond", "writeUnitsPerSecond")
    return frozenset(f"warmThroughput.{name}" for name in names) if less else frozenset()


_CREATE = Call(
    op="CreateTable",
    args={
        "TableName": "$name",
        "AttributeDefinitions": "$attributes",
        "DeletionProtectionEnabled": "$deletionProtectionEnabled",
        "TableClass": "$tableClass",
        "Tags": "$tagsAll",
    },
)
_BY_HOOK = (
    "hashKey rangeKey billingMode readCapacity writeCapacity serverSideEncryption streamEnabled streamViewType "
    "pointInTimeRecovery ttl tableClass onDemandThroughput warmThroughput globalSecondaryIndexes "
    "localSecondaryIndexes"
)

TABLE = Resource(
    type="aws:dynamodb/table:Table",
    terraform="aws_dynamodb_table",
    service="dynamodb",
    create=_create,
    id="=TableDescription.TableName",
    import_id="$name",
    settle=_settle,
    reads=(
        Part(
            call=Call(op="DescribeTable", args=_TABLE),
            at="Table",
            take={"streamArn": "Table.LatestStreamArn", "streamLabel": "Table.LatestStreamLabel"},
        ),
        Part(call=Call(op="DescribeContinuousBackups", args=_TABLE)),
        Part(call=Call(op="DescribeTimeToLive", args=_TABLE)),
        Part(call=Call(op="ListTagsOfResource", args={"ResourceArn": "$arn"})),
    ),
    finish=_finish,
    changes=(
        Change(props=("globalSecondaryIndexes",), do=(indexes.drop,)),
        Change(
            props=("tableClass",),
            do=(Call(op="UpdateTable", args={**_TABLE, "TableClass": "$tableClass"}),),
        ),
        Change(props=(*_PAID, "globalSecondaryIndexes"), do=(_pay,)),
        Change(props=("globalSecondaryIndexes",), do=(indexes.warm_up, indexes.add)),
        Change(props=("serverSideEncryption",), do=(_update(_encryption),)),
        Change(props=("streamEnabled", "streamViewType"), do=(_update_stream,)),
        Change(props=("deletionProtectionEnabled",), do=(_protect,)),
        Change(props=("warmThroughput",), do=(_update(_warm),)),
        Change(props=("pointInTimeRecovery",), do=(_recover,), on_create=True),
        Change(props=("ttl",), do=(_expire,), on_create=True),
    ),
    delete=(Call(op="DeleteTable", args=_TABLE),),
    tagging=Tagging(
        add=Call(op="TagResource", args={"ResourceArn": "$arn", "Tags": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={"ResourceArn": "$arn", "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(),
    names={
        "name": "TableName",
        "arn": "TableArn",
        "attributes": "AttributeDefinitions",
        "attributes.name": "AttributeName",
        "attributes.type": "AttributeType",
    },
    defaults={"billingMode": PROVISIONED, "tableClass": _STANDARD},
    same={"globalSecondaryIndexes": indexes.same},
    check=_check,
    replaces_if=_replaces,
    by_hook=frozenset({"attributes", "name", *_BY_HOOK.split()}),
    outputs={"arn": "arn:$partition:dynamodb:$region:$account:table/$id"},
    unsupported={
        **unsupported("there is one region here to keep a table in", "globalTableWitness", "replicas"),
        "importTable": "the local AWS reads one of the three formats",
        **unsupported(
            "the local AWS restores a table as it is now, whatever the moment, and without its settings",
            "restoreBackupArn",
            "restoreDateTime",
            "restoreSourceName",
            "restoreSourceTableArn",
            "restoreToLatestTime",
        ),
    },
)

ROWS = (TABLE,)

"""DynamoDB: tables."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Hook, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED, unsupported

_TABLE = {"TableName": "$id"}
_ON_DEMAND, _PROVISIONED = "PAY_PER_REQUEST", "PROVISIONED"


def _throughput(run: Run) -> dict[str, Any]:
    """Billing, with what is provisioned when something is."""
    mode = run.props.get("billingMode") or _PROVISIONED
    if mode == _ON_DEMAND:
        return {"BillingMode": mode}
    read, write = (int(run.props.get(prop) or 0) for prop in ("readCapacity", "writeCapacity"))
    units = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
    return {"BillingMode": mode, "ProvisionedThroughput": units}


def _create(run: Run) -> dict[str, Any]:
    params = run.params(_CREATE)
    keys = (("HASH", run.props["hashKey"]), ("RANGE", run.props.get("rangeKey")))
    params["KeySchema"] = [{"AttributeName": name, "KeyType": kind} for kind, name in keys if name]
    params |= _throughput(run) | _encryption(run) | _stream(run)
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
    run.call(
        "UpdateTable", TableName=run.id, **(_stream(run) or {"StreamSpecification": {"StreamEnabled": False}})
    )


def _protect(run: Run) -> None:
    wanted = bool(run.props.get("deletionProtectionEnabled"))
    run.call("UpdateTable", TableName=run.id, DeletionProtectionEnabled=wanted)


def _recover(run: Run) -> None:
    wanted = {"PointInTimeRecoveryEnabled": bool((run.props.get("pointInTimeRecovery") or {}).get("enabled"))}
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
    run.found["billingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", _PROVISIONED)
    units = table.get("ProvisionedThroughput", {}) if run.found["billingMode"] == _PROVISIONED else {}
    run.found["readCapacity"] = units.get("ReadCapacityUnits", 0)
    run.found["writeCapacity"] = units.get("WriteCapacityUnits", 0)
    sse = table.get("SSEDescription", {})
    if sse.get("Status") == "ENABLED":
        run.found["serverSideEncryption"] = {"enabled": True, "kmsKeyArn": sse.get("KMSMasterKeyArn")}
    stream = table.get("StreamSpecification", {})
    run.found["streamEnabled"] = bool(stream.get("StreamEnabled"))
    if stream.get("StreamEnabled"):
        run.found["streamViewType"] = stream["StreamViewType"]
    _finish_extras(run)


def _finish_extras(run: Run) -> None:
    """What other calls than DescribeTable say."""
    backups = run.answers["DescribeContinuousBackups"]["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    enabled = recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    if enabled or run.props.get("pointInTimeRecovery"):
        run.found["pointInTimeRecovery"] = {"enabled": enabled}
    ttl = run.answers["DescribeTimeToLive"]["TimeToLiveDescription"]
    if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        run.found["ttl"] = {"enabled": True, "attributeName": ttl["AttributeName"]}


_CREATE = Call(
    op="CreateTable",
    args={
        "TableName": "$name",
        "AttributeDefinitions": "$attributes",
        "DeletionProtectionEnabled": "$deletionProtectionEnabled",
        "Tags": "$tagsAll",
    },
)
_BY_HOOK = (
    "hashKey rangeKey billingMode readCapacity writeCapacity serverSideEncryption streamEnabled streamViewType "
    "pointInTimeRecovery ttl"
)

TABLE = Resource(
    type="aws:dynamodb/table:Table",
    terraform="aws_dynamodb_table",
    service="dynamodb",
    create=_create,
    id="=TableDescription.TableName",
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
        Change(props=("billingMode", "readCapacity", "writeCapacity"), do=(_update(_throughput),)),
        Change(props=("serverSideEncryption",), do=(_update(_encryption),)),
        Change(props=("streamEnabled",), do=(_update_stream,)),
        Change(props=("deletionProtectionEnabled",), do=(_protect,)),
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
    defaults={"billingMode": _PROVISIONED},
    by_hook=frozenset({"attributes", "name", *_BY_HOOK.split()}),
    outputs={"arn": "arn:$partition:dynamodb:$region:$account:table/$id"},
    unsupported={
        **unsupported("indexes are not served yet", "globalSecondaryIndexes", "localSecondaryIndexes"),
        **unsupported(NOT_MODELLED, "globalTableWitness", "importTable", "onDemandThroughput", "replicas"),
        **unsupported(NOT_MODELLED, "restoreBackupArn", "restoreDateTime", "restoreSourceName"),
        **unsupported(
            NOT_MODELLED, "restoreSourceTableArn", "restoreToLatestTime", "tableClass", "warmThroughput"
        ),
    },
)

ROWS = (TABLE,)

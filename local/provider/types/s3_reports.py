"""S3: what is measured, moved and reported of a bucket; a bucket has several of each, by name."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Hook, Name, Part, Resource

_ONE = {"Bucket": "$bucket", "Id": "$name"}
# S3 takes 64 characters: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-configurations.html
_NAME = Name(length=64)


def _filter(run: Run) -> dict[str, Any] | None:
    """S3 wants an And as soon as a filter has more than one thing, and the thing itself when it has one."""
    said = run.props.get("filter") or {}
    things: list[tuple[str, Any]] = [("Prefix", said["prefix"])] if said.get("prefix") else []
    if said.get("accessPoint"):
        things.append(("AccessPointArn", said["accessPoint"]))
    tags = [{"Key": key, "Value": value} for key, value in sorted((said.get("tags") or {}).items())]
    if len(things) + len(tags) > 1:
        return {"And": {**dict(things), **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return dict(things) or None


def _put_filtered(document: str, **more: str) -> Hook:
    """Puts a configuration of this name whose filter is not said as S3 wants it."""
    call = Call(op=f"PutBucket{document}", args={**_ONE, document: {"Id": "$name", **more}})

    def put(run: Run) -> None:
        params, wanted = run.params(call), _filter(run)
        if document == _ANALYTICS:
            params[document].setdefault("StorageClassAnalysis", {})  # which S3 wants, if empty
        if wanted is not None:
            params[document]["Filter"] = wanted
        run.call(call.op, **params)

    return put


def _find_filter(document: str) -> Hook:
    """Reads the filter of a configuration of this name as it was said."""

    def find(run: Run) -> None:
        told = run.answers[f"GetBucket{document}"][document].get("Filter") or {}
        parts = told.get("And") or told
        tags = parts.get("Tags") or ([parts["Tag"]] if parts.get("Tag") else [])
        found: dict[str, Any] = {}
        if parts.get("Prefix"):
            found["prefix"] = parts["Prefix"]
        if parts.get("AccessPointArn"):
            found["accessPoint"] = parts["AccessPointArn"]
        if tags:
            found["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
        if found:
            run.found["filter"] = found

    return find


_METRICS = "MetricsConfiguration"
_put_metric = _put_filtered(_METRICS)

METRIC = Resource(
    type="aws:s3/bucketMetric:BucketMetric",
    terraform="aws_s3_bucket_metric",
    service="s3",
    create=_put_metric,
    id="$bucket:$name",
    reads=(Part(call=Call(op=f"GetBucket{_METRICS}", args=_ONE)),),
    finish=_find_filter(_METRICS),
    changes=(Change(props=("filter",), do=(_put_metric,)),),
    delete=(Call(op=f"DeleteBucket{_METRICS}", args=_ONE),),
    name=_NAME,
    keep=frozenset({"bucket", "name"}),
    by_hook=frozenset({"filter"}),
)


_TIERING = "IntelligentTieringConfiguration"
_put_tiering = _put_filtered(_TIERING, Status="$status", Tierings="$tierings")

TIERING = Resource(
    type="aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
    terraform="aws_s3_bucket_intelligent_tiering_configuration",
    service="s3",
    create=_put_tiering,
    id="$bucket:$name",
    reads=(
        Part(
            call=Call(op=f"GetBucket{_TIERING}", args=_ONE),
            at=_TIERING,
            skip=frozenset({"filter"}),
        ),
    ),
    finish=_find_filter(_TIERING),
    changes=(Change(props=("filter", "status", "tierings"), do=(_put_tiering,)),),
    delete=(Call(op=f"DeleteBucket{_TIERING}", args=_ONE),),
    defaults={"status": "Enabled"},
    name=_NAME,
    keep=frozenset({"bucket", "name"}),
    by_hook=frozenset({"filter"}),
)

_PUT_INVENTORY = Call(
    op="PutBucketInventoryConfiguration",
    args={
        **_ONE,
        "InventoryConfiguration": {
            "Id": "$name",
            "IsEnabled": "$enabled",
            "IncludedObjectVersions": "$includedObjectVersions",
            "OptionalFields": "$optionalFields",
            "Filter": "$filter",
            "Schedule": "$schedule",
            "Destination": "$destination",
        },
    },
)

INVENTORY = Resource(
    type="aws:s3/inventory:Inventory",
    terraform="aws_s3_bucket_inventory",
    service="s3",
    create=_PUT_INVENTORY,
    id="$bucket:$name",
    reads=(
        Part(
            call=Call(op="GetBucketInventoryConfiguration", args=_ONE),
            at="InventoryConfiguration",
        ),
    ),
    changes=(
        Change(
            props=(
                "destination",
                "enabled",
                "filter",
                "includedObjectVersions",
                "optionalFields",
                "schedule",
            ),
            do=(_PUT_INVENTORY,),
        ),
    ),
    delete=(Call(op="DeleteBucketInventoryConfiguration", args=_ONE),),
    names={
        "enabled": "IsEnabled",
        "destination.bucket": "S3BucketDestination",
        "destination.bucket.bucketArn": "Bucket",
        "destination.bucket.encryption.sseKms": "SSEKMS",
    },
    defaults={"enabled": True},
    name=_NAME,
    keep=frozenset({"bucket", "name"}),
    unsupported={"destination.bucket.encryption.sseS3": "leave encryption out, or name a key: sseKms"},
)


_ANALYTICS = "AnalyticsConfiguration"
_put_filter = _put_filtered(_ANALYTICS, StorageClassAnalysis="$storageClassAnalysis")


def _put_analytics(run: Run) -> None:
    """What is exported has a format and a version, and an analysis without an export is there, too."""
    said = run.props.get("storageClassAnalysis")
    export = (said or {}).get("dataExport")
    if export:
        target = {"format": "CSV", **export["destination"]["s3BucketDestination"]}
        full = {"outputSchemaVersion": "V_1", **export, "destination": {"s3BucketDestination": target}}
        run.props["storageClassAnalysis"] = {"dataExport": full}
    _put_filter(run)
    run.props["storageClassAnalysis"] = said


ANALYTICS = Resource(
    type="aws:s3/analyticsConfiguration:AnalyticsConfiguration",
    terraform="aws_s3_bucket_analytics_configuration",
    service="s3",
    create=_put_analytics,
    id="$bucket:$name",
    reads=(
        Part(
            call=Call(op=f"GetBucket{_ANALYTICS}", args=_ONE),
            at=_ANALYTICS,
            skip=frozenset({"filter"}),
        ),
    ),
    finish=_find_filter(_ANALYTICS),
    changes=(Change(props=("filter", "storageClassAnalysis"), do=(_put_analytics,)),),
    delete=(Call(op=f"DeleteBucket{_ANALYTICS}", args=_ONE),),
    name=_NAME,
    names={"storageClassAnalysis.dataExport.destination.s3BucketDestination.bucketArn": "Bucket"},
    keep=frozenset({"bucket", "name"}),
    by_hook=frozenset({"filter"}),
)

ROWS = (ANALYTICS, INVENTORY, METRIC, TIERING)

"""S3: settings of a bucket beyond those that every bucket has; each as a resource of its own."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Hook, Part, Resource
from local.provider.types.common import OTHER_ACCOUNTS, unsupported

_BUCKET = {"Bucket": "$bucket"}
_ONE = {"Bucket": "$bucket", "Id": "$name"}

_PUT_PAYER = Call(
    op="PutBucketRequestPayment",
    args={**_BUCKET, "RequestPaymentConfiguration": {"Payer": "$payer"}},
)


REQUEST_PAYMENT = Resource(
    type="aws:s3/bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration",
    terraform="aws_s3_bucket_request_payment_configuration",
    service="s3",
    create=_PUT_PAYER,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketRequestPayment", args={"Bucket": "$id"})),),
    changes=(Change(props=("payer",), do=(_PUT_PAYER,)),),
    delete=(
        Call(
            op="PutBucketRequestPayment",
            args={"Bucket": "$id", "RequestPaymentConfiguration": {"Payer": "BucketOwner"}},
        ),
    ),
    keep=frozenset({"bucket"}),
    unsupported=OTHER_ACCOUNTS,
)

_PUT_ACCELERATION = Call(
    op="PutBucketAccelerateConfiguration",
    args={**_BUCKET, "AccelerateConfiguration": {"Status": "$status"}},
)


ACCELERATION = Resource(
    type="aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
    terraform="aws_s3_bucket_accelerate_configuration",
    service="s3",
    create=_PUT_ACCELERATION,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketAccelerateConfiguration", args={"Bucket": "$id"})),),
    gone=lambda run: not run.found.get("status"),
    changes=(Change(props=("status",), do=(_PUT_ACCELERATION,)),),
    # What was once set cannot go away; without its resource it is suspended.
    delete=(
        Call(
            op="PutBucketAccelerateConfiguration",
            args={"Bucket": "$id", "AccelerateConfiguration": {"Status": "Suspended"}},
        ),
    ),
    keep=frozenset({"bucket"}),
    unsupported=OTHER_ACCOUNTS,
)

_PUT_WEBSITE = Call(
    op="PutBucketWebsite",
    args={
        **_BUCKET,
        "WebsiteConfiguration": {
            "IndexDocument": "$indexDocument",
            "ErrorDocument": "$errorDocument",
        },
    },
)

WEBSITE = Resource(
    type="aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
    terraform="aws_s3_bucket_website_configuration",
    service="s3",
    create=_PUT_WEBSITE,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketWebsite", args={"Bucket": "$id"})),),
    changes=(Change(props=("indexDocument", "errorDocument"), do=(_PUT_WEBSITE,)),),
    delete=(Call(op="DeleteBucketWebsite", args={"Bucket": "$id"}),),
    keep=frozenset({"bucket"}),
    outputs={
        "websiteDomain": "s3-website-$region.amazonaws.com",
        "websiteEndpoint": "$id.s3-website-$region.amazonaws.com",
    },
    unsupported={
        **OTHER_ACCOUNTS,
        **unsupported(
            "nothing is served as a website here",
            "redirectAllRequestsTo",
            "routingRules",
            "routingRuleDetails",
        ),
    },
)

_PUT_LOCK = Call(
    op="PutObjectLockConfiguration",
    args={
        **_BUCKET,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "$objectLockEnabled", "Rule": "$rule"},
        "Token": "$token",
    },
)


OBJECT_LOCK = Resource(
    type="aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    terraform="aws_s3_bucket_object_lock_configuration",
    service="s3",
    create=_PUT_LOCK,
    id="$bucket",
    reads=(
        Part(
            call=Call(op="GetObjectLockConfiguration", args={"Bucket": "$id"}), at="ObjectLockConfiguration"
        ),
    ),
    changes=(Change(props=("rule", "token"), do=(_PUT_LOCK,)),),
    # The lock itself stays with the bucket for ever; its default retention goes.
    delete=(
        Call(
            op="PutObjectLockConfiguration",
            args={"Bucket": "$id", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
        ),
    ),
    defaults={"objectLockEnabled": "Enabled"},
    keep=frozenset({"bucket", "token"}),
    unsupported=OTHER_ACCOUNTS,
)


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
    keep=frozenset({"bucket", "name"}),
    unsupported={"destination.bucket.encryption.sseS3": "leave encryption out, or name a key: sseKms"},
)

ROWS = (REQUEST_PAYMENT, ACCELERATION, WEBSITE, OBJECT_LOCK, METRIC, TIERING, INVENTORY)

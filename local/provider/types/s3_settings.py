"""S3: settings of a bucket beyond those that every bucket has; each as a resource of its own."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import unsupported

_BUCKET = {"Bucket": "$bucket"}
_ONE = {"Bucket": "$bucket", "Id": "$name"}
_OTHER_ACCOUNTS = {"expectedBucketOwner": "buckets of other accounts are not reached from here"}

_PUT_PAYER = Call(
    op="PutBucketRequestPayment",
    args={**_BUCKET, "RequestPaymentConfiguration": {"Payer": "$payer"}},
)


def _owner_pays(run: Run) -> None:
    run.call("PutBucketRequestPayment", Bucket=run.id, RequestPaymentConfiguration={"Payer": "BucketOwner"})


REQUEST_PAYMENT = Resource(
    type="aws:s3/bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration",
    terraform="aws_s3_bucket_request_payment_configuration",
    service="s3",
    create=_PUT_PAYER,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketRequestPayment", args={"Bucket": "$id"})),),
    changes=(Change(props=("payer",), do=(_PUT_PAYER,)),),
    delete=(_owner_pays,),
    keep=frozenset({"bucket"}),
    unsupported=_OTHER_ACCOUNTS,
)

_PUT_ACCELERATION = Call(
    op="PutBucketAccelerateConfiguration",
    args={**_BUCKET, "AccelerateConfiguration": {"Status": "$status"}},
)


def _decelerate(run: Run) -> None:
    """What was once set cannot go away; without its resource it is suspended."""
    run.call(
        "PutBucketAccelerateConfiguration", Bucket=run.id, AccelerateConfiguration={"Status": "Suspended"}
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
    delete=(_decelerate,),
    keep=frozenset({"bucket"}),
    unsupported=_OTHER_ACCOUNTS,
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
        **_OTHER_ACCOUNTS,
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


def _no_default_lock(run: Run) -> None:
    """The lock itself stays with the bucket for ever; its default retention goes."""
    run.call(
        "PutObjectLockConfiguration", Bucket=run.id, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
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
    delete=(_no_default_lock,),
    defaults={"objectLockEnabled": "Enabled"},
    keep=frozenset({"bucket", "token"}),
    unsupported=_OTHER_ACCOUNTS,
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


def _found_filter(run: Run, document: str, operation: str) -> None:
    told = run.answers[operation][document].get("Filter") or {}
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


def _put_metric(run: Run) -> None:
    wanted = {"Id": run.props["name"], "Filter": _filter(run)}
    run.call(
        "PutBucketMetricsConfiguration", Bucket=run.props["bucket"], Id=run.props["name"],
        MetricsConfiguration={key: value for key, value in wanted.items() if value is not None},
    )  # fmt: skip


METRIC = Resource(
    type="aws:s3/bucketMetric:BucketMetric",
    terraform="aws_s3_bucket_metric",
    service="s3",
    create=_put_metric,
    id="$bucket:$name",
    reads=(Part(call=Call(op="GetBucketMetricsConfiguration", args=_ONE)),),
    finish=lambda run: _found_filter(run, "MetricsConfiguration", "GetBucketMetricsConfiguration"),
    changes=(Change(props=("filter",), do=(_put_metric,)),),
    delete=(Call(op="DeleteBucketMetricsConfiguration", args=_ONE),),
    keep=frozenset({"bucket", "name"}),
    by_hook=frozenset({"filter"}),
)


def _put_tiering(run: Run) -> None:
    wanted = {
        "Id": run.props["name"],
        "Filter": _filter(run),
        "Status": run.props.get("status"),
        "Tierings": [{"Days": one["days"], "AccessTier": one["accessTier"]} for one in run.props["tierings"]],
    }
    run.call(
        "PutBucketIntelligentTieringConfiguration", Bucket=run.props["bucket"], Id=run.props["name"],
        IntelligentTieringConfiguration={key: value for key, value in wanted.items() if value is not None},
    )  # fmt: skip


TIERING = Resource(
    type="aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
    terraform="aws_s3_bucket_intelligent_tiering_configuration",
    service="s3",
    create=_put_tiering,
    id="$bucket:$name",
    reads=(
        Part(
            call=Call(op="GetBucketIntelligentTieringConfiguration", args=_ONE),
            at="IntelligentTieringConfiguration",
            skip=frozenset({"filter"}),
        ),
    ),
    finish=lambda run: _found_filter(
        run, "IntelligentTieringConfiguration", "GetBucketIntelligentTieringConfiguration"
    ),
    changes=(Change(props=("filter", "status", "tierings"), do=(_put_tiering,)),),
    delete=(Call(op="DeleteBucketIntelligentTieringConfiguration", args=_ONE),),
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

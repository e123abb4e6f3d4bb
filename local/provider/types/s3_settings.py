"""S3: settings of a bucket beyond those that every bucket has; each as a resource of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import OTHER_ACCOUNTS

_BUCKET = {"Bucket": "$bucket"}

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
            "RedirectAllRequestsTo": "$redirectAllRequestsTo",
            "RoutingRules": "$routingRules",
        },
    },
)
_RULES = ("routingRules", "routingRuleDetails")


def _put_website(run: Run) -> None:
    """The whole at once; rules come as blocks or as a document, and of which nothing is said stay as they are."""
    params = run.params(_PUT_WEBSITE)
    details = run.props.get("routingRuleDetails")
    if run.props.get("routingRules") is None and details is None:
        details = run.old.get("routingRuleDetails")
    if details:
        params["WebsiteConfiguration"]["RoutingRules"] = json.loads(details)
    run.call("PutBucketWebsite", **params)


def _find_rules(run: Run) -> None:
    rules = run.answers["GetBucketWebsite"].get("RoutingRules")
    if rules:
        run.found["routingRuleDetails"] = json.dumps(rules, separators=(",", ":"), sort_keys=True)


def _check_website(props: Mapping[str, Any]) -> tuple[str, str] | None:
    said = [name for name in ("indexDocument", "errorDocument", *_RULES) if props.get(name) not in (None, [])]
    if props.get("redirectAllRequestsTo") and said:
        return "redirectAllRequestsTo", f"'redirectAllRequestsTo' conflicts with {said[0]!r}"
    if set(_RULES) <= set(said):
        return "routingRuleDetails", "'routingRuleDetails' conflicts with 'routingRules'"
    return None


WEBSITE = Resource(
    type="aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
    terraform="aws_s3_bucket_website_configuration",
    service="s3",
    create=_put_website,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketWebsite", args={"Bucket": "$id"})),),
    finish=_find_rules,
    changes=(
        Change(
            props=("indexDocument", "errorDocument", "redirectAllRequestsTo", *_RULES), do=(_put_website,)
        ),
    ),
    delete=(Call(op="DeleteBucketWebsite", args={"Bucket": "$id"}),),
    check=_check_website,
    keep=frozenset({"bucket"}),
    by_hook=frozenset({"routingRuleDetails"}),
    json=frozenset({"routingRuleDetails"}),
    volatile=frozenset(_RULES),
    outputs={
        "websiteDomain": "s3-website-$region.amazonaws.com",
        "websiteEndpoint": "$id.s3-website-$region.amazonaws.com",
    },
    unsupported=OTHER_ACCOUNTS,
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

ROWS = (REQUEST_PAYMENT, ACCELERATION, WEBSITE, OBJECT_LOCK)

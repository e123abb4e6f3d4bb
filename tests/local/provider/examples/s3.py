"""Buckets and what is in them."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example, policy


def _log_delivery(action: str) -> str:
    resource, service = "arn:aws:s3:::${log-bucket}/*", {"Service": "logging.s3.amazonaws.com"}
    return policy(action, resource, Principal=service)


def _told(action: str) -> str:
    return policy(action, "*", Principal={"Service": "s3.amazonaws.com"})


def _rules(prefix: str) -> str:
    return json.dumps(
        [{"Condition": {"KeyPrefixEquals": prefix}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}]
    )


def _lists_on(bucket: str) -> Example:
    """A new bucket takes access control lists only when its ownership controls say so."""
    return Example(
        type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        props={"bucket": f"${{{bucket}-bucket}}", "rule": {"objectOwnership": "ObjectWriter"}},
    )


def _versions(bucket: str) -> Example:
    return Example(
        type="aws:s3/bucketVersioning:BucketVersioning",
        props={"bucket": f"${{{bucket}-bucket}}", "versioningConfiguration": {"status": "Enabled"}},
        stays=True,
    )


def _grants(*permissions: str) -> dict[str, Any]:
    """The owner's own, of the id that moto gives every owner."""
    owner = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
    grantee = {"id": owner, "type": "CanonicalUser"}
    return {
        "owner": {"id": owner},
        "grants": [{"grantee": grantee, "permission": permission} for permission in permissions],
    }


EXAMPLES: dict[str, Example] = {
    "bucket": Example(
        type="aws:s3/bucket:Bucket",
        props={"forceDestroy": True, **TAGS},
        change=NEW_TAGS,
        replace={"bucket": "another-bucket-77"},
    ),
    "log-bucket": Example(type="aws:s3/bucket:Bucket", props={"forceDestroy": True}),
    "spare-bucket": Example(type="aws:s3/bucket:Bucket", props={"forceDestroy": True}),
    "other-bucket": Example(type="aws:s3/bucket:Bucket", props={"forceDestroy": True}),
    "other-bucket-policy": Example(
        type="aws:s3/bucketPolicy:BucketPolicy",
        props={
            "bucket": "${other-bucket}",
            "policy": _log_delivery("s3:PutObject").replace("log-b", "other-b"),
        },
    ),
    "sealed-object": Example(
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        props={"bucket": "${bucket}", "key": "sealed", "content": "one", "serverSideEncryption": "AES256"},
        change={"serverSideEncryption": "aws:kms", "kmsKeyId": "${key.arn}", "bucketKeyEnabled": True},
    ),
    "versioning": Example(
        type="aws:s3/bucketVersioning:BucketVersioning",
        props={"bucket": "${bucket}", "versioningConfiguration": {"status": "Enabled"}},
        change={"versioningConfiguration": {"status": "Suspended"}},
        replace={"bucket": "${other-bucket}"},
        stays=True,
    ),
    "encryption": Example(
        type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        props={
            "bucket": "${bucket}",
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "${key.arn}",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        change={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        replace={"bucket": "${other-bucket}"},
    ),
    "public-access": Example(
        type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        props={"bucket": "${bucket}", "blockPublicAcls": True},
        change={
            "blockPublicAcls": False,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        replace={"bucket": "${other-bucket}"},
    ),
    "bucket-policy": Example(
        type="aws:s3/bucketPolicy:BucketPolicy",
        props={"bucket": "${log-bucket}", "policy": _log_delivery("s3:PutObject")},
        change={"policy": _log_delivery("s3:Put*")},
        replace={"bucket": "${spare-bucket}"},
    ),
    "lifecycle": Example(
        type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        props={
            "bucket": "${bucket}",
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "a/"},
                    "expiration": {"days": 3},
                    "noncurrentVersionExpiration": {"noncurrentDays": 3},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                },
                {
                    "id": "cold",
                    "status": "Enabled",
                    "filter": {},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                },
            ],
        },
        change={
            "rules": [
                {"id": "old", "status": "Enabled", "filter": {"prefix": "b/"}, "expiration": {"days": 4}}
            ],
            "transitionDefaultMinimumObjectSize": "varies_by_storage_class",
        },
        replace={"bucket": "${other-bucket}"},
    ),
    "ownership": Example(
        type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        props={"bucket": "${bucket}", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        change={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replace={"bucket": "${other-bucket}"},
    ),
    "logging": Example(
        type="aws:s3/bucketLogging:BucketLogging",
        props={"bucket": "${bucket}", "targetBucket": "${log-bucket}", "targetPrefix": "${bucket-policy}/"},
        change={
            "targetBucket": "${other-bucket-policy}",
            "targetPrefix": "other/",
        },
        replace={"bucket": "${other-bucket}"},
    ),
    "object": Example(
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        props={"bucket": "${bucket}", "key": "a/b.txt", "content": "one", **TAGS},
        change={
            "content": "two",
            "cacheControl": "no-cache",
            "contentDisposition": "attachment",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "contentType": "text/csv",
            "metadata": {"made": "by hand"},
            "storageClass": "STANDARD_IA",
            **NEW_TAGS,
        },
        replace={"key": "a/c.txt"},
    ),
    "old-object": Example(
        type="aws:s3/bucketObject:BucketObject",
        props={"bucket": "${bucket}", "key": "a/old.txt", "content": "one", **TAGS},
        change={
            "bucketKeyEnabled": True,
            "content": "two",
            "cacheControl": "no-cache",
            "contentDisposition": "attachment",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "contentType": "text/csv",
            "kmsKeyId": "${key.arn}",
            "metadata": {"made": "by hand"},
            "serverSideEncryption": "aws:kms",
            "storageClass": "STANDARD_IA",
            **NEW_TAGS,
        },
        replace={"key": "a/older.txt"},
    ),
    "account-public-access": Example(
        type="aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        props={"blockPublicAcls": True, "blockPublicPolicy": True},
        change={
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    "told-queue": Example(type="aws:sqs/queue:Queue", props={"policy": _told("sqs:SendMessage")}),
    "told-topic": Example(type="aws:sns/topic:Topic", props={"policy": _told("sns:Publish")}),
    "notification": Example(
        type="aws:s3/bucketNotification:BucketNotification",
        props={
            "bucket": "${spare-bucket}",
            "queues": [
                {
                    "queueArn": "${told-queue.arn}",
                    "events": ["s3:ObjectCreated:*"],
                    "filterPrefix": "in/",
                    "id": "one",
                }
            ],
        },
        change={
            "eventbridge": True,
            "queues": [
                {"queueArn": "${told-queue.arn}", "events": ["s3:ObjectRemoved:*"], "filterSuffix": ".csv"}
            ],
            "topics": [{"topicArn": "${told-topic.arn}", "events": ["s3:ObjectCreated:Put"]}],
        },
        replace={"bucket": "${other-bucket}"},
    ),
    "cors": Example(
        type="aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        props={
            "bucket": "${bucket}",
            "corsRules": [
                {"allowedMethods": ["GET"], "allowedOrigins": ["https://example.com"], "id": "one"}
            ],
        },
        change={
            "corsRules": [
                {
                    "allowedHeaders": ["*"],
                    "allowedMethods": ["GET", "PUT"],
                    "allowedOrigins": ["https://example.com", "https://example.org"],
                    "exposeHeaders": ["ETag"],
                    "maxAgeSeconds": 3000,
                }
            ]
        },
        replace={"bucket": "${other-bucket}"},
    ),
    "request-payment": Example(
        type="aws:s3/bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration",
        props={"bucket": "${bucket}", "payer": "Requester"},
        change={"payer": "BucketOwner"},
        replace={"bucket": "${other-bucket}"},
        stays=True,
    ),
    "acceleration": Example(
        type="aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
        props={"bucket": "${bucket}", "status": "Enabled"},
        change={"status": "Suspended"},
        replace={"bucket": "${other-bucket}"},
        stays=True,
    ),
    "website": Example(
        type="aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        props={"bucket": "${bucket}", "indexDocument": {"suffix": "index.html"}},
        change={"indexDocument": {"suffix": "start.html"}, "errorDocument": {"key": "error.html"}},
        replace={"bucket": "${other-bucket}"},
    ),
    "locked-bucket": Example(
        type="aws:s3/bucket:Bucket",
        props={"objectLockEnabled": True},
        replace={"bucket": "another-locked-bucket-0123456789"},
    ),
    "other-locked-bucket": Example(type="aws:s3/bucket:Bucket", props={"objectLockEnabled": True}),
    "object-lock": Example(
        type="aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        props={
            "bucket": "${locked-bucket}",
            "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 7}},
        },
        change={"rule": {"defaultRetention": {"mode": "COMPLIANCE", "years": 1}}},
        replace={"bucket": "${other-locked-bucket}"},
        stays=True,
    ),
    "moved-website": Example(
        type="aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        props={"bucket": "${spare-bucket}", "redirectAllRequestsTo": {"hostName": "example.com"}},
        change={
            "redirectAllRequestsTo": None,
            "indexDocument": {"suffix": "index.html"},
            "routingRules": [
                {
                    "condition": {"keyPrefixEquals": "old/"},
                    "redirect": {"replaceKeyPrefixWith": "new/", "httpRedirectCode": "301"},
                }
            ],
        },
    ),
    "ruled-website": Example(
        type="aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        props={
            "bucket": "${log-bucket}",
            "indexDocument": {"suffix": "index.html"},
            "routingRuleDetails": _rules("old/"),
        },
        change={"routingRuleDetails": _rules("older/")},
    ),
    "listed-bucket": Example(type="aws:s3/bucket:Bucket"),
    "other-listed-bucket": Example(type="aws:s3/bucket:Bucket"),
    "canned-bucket": Example(type="aws:s3/bucket:Bucket"),
    "lists-on": _lists_on("listed"),
    "other-lists-on": _lists_on("other-listed"),
    "canned-lists-on": _lists_on("canned"),
    "canned-list": Example(
        type="aws:s3/bucketAcl:BucketAcl",
        props={"bucket": "${canned-lists-on}", "acl": "log-delivery-write"},
        stays=True,
    ),
    "access-list": Example(
        type="aws:s3/bucketAcl:BucketAcl",
        props={"bucket": "${lists-on}", "accessControlPolicy": _grants("FULL_CONTROL")},
        change={"accessControlPolicy": _grants("FULL_CONTROL", "READ_ACP")},
        replace={"bucket": "${other-lists-on}"},
        stays=True,
    ),
    "copied-bucket": Example(type="aws:s3/bucket:Bucket"),
    "other-copied-bucket": Example(type="aws:s3/bucket:Bucket"),
    "copied-versions": _versions("copied"),
    "other-copied-versions": _versions("other-copied"),
    "replication": Example(
        type="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        props={
            "bucket": "${copied-versions}",
            "role": "${role.arn}",
            "rules": [{"status": "Enabled", "filter": {}, "destination": {"bucket": "${other-bucket.arn}"}}],
        },
        change={
            "role": "${copying-role.arn}",
            "rules": [
                {
                    "id": "reports",
                    "status": "Enabled",
                    "priority": 1,
                    "filter": {"and": {"prefix": "reports/", "tags": {"a": "1"}}},
                    "deleteMarkerReplication": {"status": "Enabled"},
                    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": "${other-bucket.arn}",
                        "storageClass": "STANDARD_IA",
                        "encryptionConfiguration": {"replicaKmsKeyId": "${key.arn}"},
                        "metrics": {"status": "Enabled", "eventThreshold": {"minutes": 15}},
                        "replicationTime": {"status": "Enabled", "time": {"minutes": 15}},
                    },
                },
                {
                    "id": "tagged",
                    "status": "Disabled",
                    "priority": 2,
                    "filter": {"tag": {"key": "copy", "value": "yes"}},
                    "deleteMarkerReplication": {"status": "Disabled"},
                    "destination": {"bucket": "${other-bucket.arn}"},
                },
            ],
        },
        replace={"bucket": "${other-copied-versions}"},
    ),
    "analytics": Example(
        type="aws:s3/analyticsConfiguration:AnalyticsConfiguration",
        props={"bucket": "${bucket}", "name": "classes"},
        change={
            "filter": {"prefix": "in/", "tags": {"a": "1"}},
            "storageClassAnalysis": {
                "dataExport": {
                    "destination": {
                        "s3BucketDestination": {"bucketArn": "${other-bucket.arn}", "prefix": "classes/"}
                    }
                }
            },
        },
        replace={"name": "others"},
    ),
    "metric": Example(
        type="aws:s3/bucketMetric:BucketMetric",
        props={"bucket": "${bucket}", "name": "all"},
        change={"filter": {"prefix": "in/", "tags": {"a": "1", "b": "2"}}},
        replace={"name": "others"},
    ),
    "tiering": Example(
        type="aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
        props={
            "bucket": "${bucket}",
            "name": "archive",
            "tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 125}],
        },
        change={
            "filter": {"prefix": "in/"},
            "status": "Disabled",
            "tierings": [
                {"accessTier": "ARCHIVE_ACCESS", "days": 130},
                {"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 180},
            ],
        },
        replace={"name": "others"},
    ),
    "inventory": Example(
        type="aws:s3/inventory:Inventory",
        props={
            "bucket": "${bucket}",
            "name": "daily",
            "includedObjectVersions": "All",
            "schedule": {"frequency": "Daily"},
            "destination": {"bucket": {"bucketArn": "${other-bucket.arn}", "format": "ORC"}},
        },
        change={
            "enabled": False,
            "filter": {"prefix": "in/"},
            "includedObjectVersions": "Current",
            "optionalFields": ["Size", "ETag"],
            "schedule": {"frequency": "Weekly"},
            "destination": {
                "bucket": {
                    "bucketArn": "${other-bucket.arn}",
                    "format": "Parquet",
                    "prefix": "inventory/",
                    "encryption": {"sseKms": {"keyId": "${key.arn}"}},
                }
            },
        },
        replace={"name": "others"},
    ),
}

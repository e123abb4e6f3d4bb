"""Buckets and what is in them."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example, policy


def _log_delivery(action: str) -> str:
    resource, service = "arn:aws:s3:::${log-bucket}/*", {"Service": "logging.s3.amazonaws.com"}
    return policy(action, resource, Principal=service)


def _told(action: str) -> str:
    return policy(action, "*", Principal={"Service": "s3.amazonaws.com"})


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
}

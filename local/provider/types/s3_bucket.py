"""S3: buckets and objects."""

from __future__ import annotations

import base64
import mimetypes
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local.provider.errors import ProviderError, code_of
from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED, unsupported
from local.provider.types.kms import same_key
from local.provider.values import Asset

_BUCKET = {"Bucket": "$id"}
_OWN_TYPE = "it has a type of its own: aws.s3.Bucket…"


def _create_bucket(run: Run) -> None:
    params: dict[str, Any] = {"Bucket": run.props["bucket"]}
    if run.at.region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": run.at.region}
    if run.props.get("objectLockEnabled"):
        params["ObjectLockEnabledForBucket"] = True
    run.call("CreateBucket", **params)


def empty_bucket(run: Run, bucket: str, prefix: str = "", key: str | None = None) -> None:
    """Delete every version and delete marker, of one key or of all under a prefix.

    Each round lists from the start: a page's end is no sure mark in a list that shrinks meanwhile.
    """
    where = {"Bucket": bucket, **({"Prefix": prefix} if prefix else {})}
    while True:
        answer = run.call("ListObjectVersions", **where)
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
            if key in (None, one["Key"])
        ]
        if not found:
            return
        failed = run.call("DeleteObjects", Bucket=bucket, Delete={"Objects": found, "Quiet": True}).get(
            "Errors"
        )
        if failed:
            raise ProviderError(f"s3://{bucket}/{failed[0].get('Key')}: {failed[0].get('Code')}")


def _delete_bucket(run: Run) -> None:
    if run.old.get("forceDestroy"):
        empty_bucket(run, run.id)
    try:
        run.call("DeleteBucket", Bucket=run.id)
    except Exception as error:
        if code_of(error) == "BucketNotEmpty":
            why = (
                "was written to while it was emptied"
                if run.old.get("forceDestroy")
                else "forceDestroy is not set"
            )
            raise ProviderError(f"BucketNotEmpty: {run.id} holds objects and {why}") from error
        raise


BUCKET = Resource(
    type="aws:s3/bucket:Bucket",
    terraform="aws_s3_bucket",
    service="s3",
    create=_create_bucket,
    id="$bucket",
    reads=(
        Part(call=Call(op="HeadBucket", args=_BUCKET), skip=frozenset({"bucketRegion"})),
        Part(call=Call(op="GetBucketTagging", args=_BUCKET), take={"tagsAll": "TagSet"}, missing_ok=True),
    ),
    delete=(_delete_bucket,),
    tagging=Tagging(
        add=Call(op="PutBucketTagging", args={**_BUCKET, "Tagging": {"TagSet": "$tagsAll"}}),
        clear=Call(op="DeleteBucketTagging", args=_BUCKET),
        on_create=True,
    ),
    name=Name(prop="bucket", length=63, lower=True, prefix_prop="bucketPrefix"),
    defaults={"forceDestroy": False},
    keep=frozenset({"bucket", "bucketPrefix", "forceDestroy", "objectLockEnabled"}),
    outputs={
        "arn": "arn:$partition:s3:::$id",
        "bucket": "$id",
        "bucketDomainName": "$id.s3.amazonaws.com",
        "bucketRegion": "$region",
        "bucketRegionalDomainName": "$id.s3.$region.amazonaws.com",
    },
    unsupported={
        "accelerationStatus": _OWN_TYPE + "AccelerateConfiguration",
        "bucketNamespace": NOT_MODELLED,
        **unsupported(_OWN_TYPE + "Acl", "acl", "grants"),
        "corsRules": _OWN_TYPE + "CorsConfiguration",
        "lifecycleRules": _OWN_TYPE + "LifecycleConfiguration",
        "logging": _OWN_TYPE + "Logging",
        "objectLockConfiguration": _OWN_TYPE + "ObjectLockConfiguration",
        "policy": _OWN_TYPE + "Policy",
        "replicationConfiguration": _OWN_TYPE + "ReplicationConfig",
        "requestPayer": _OWN_TYPE + "RequestPaymentConfiguration",
        "serverSideEncryptionConfiguration": _OWN_TYPE + "ServerSideEncryptionConfiguration",
        "versioning": _OWN_TYPE + "Versioning",
        "website": _OWN_TYPE + "WebsiteConfiguration",
    },
    absent=unsupported("there are no websites here", "hostedZoneId", "websiteDomain", "websiteEndpoint"),
)


def _body(run: Run) -> bytes:
    props = run.props
    if props.get("contentBase64") is not None:
        return base64.b64decode(props["contentBase64"])
    if props.get("content") is not None:
        return str(props["content"]).encode()
    source = props.get("source")
    if not isinstance(source, Asset):
        return b""
    if source.text is not None:
        return source.text.encode()
    path = Path(source.path)
    if not source.path or not path.is_absolute():
        raise ProviderError(
            f"source {source.path or source.uri!r}: give an absolute path; programs run elsewhere"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProviderError(f"source {source.path}: {error.strerror}") from error


def _put(run: Run) -> dict[str, Any]:
    params = run.params(_PUT)
    if run.props.get("tagsAll"):
        params["Tagging"] = urlencode(run.props["tagsAll"])
    if run.props.get("kmsKeyId") and not run.props.get("serverSideEncryption"):
        params["ServerSideEncryption"] = "aws:kms"
    if not run.props.get("contentType"):
        params["ContentType"] = mimetypes.guess_type(run.props["key"])[0] or "application/octet-stream"
    run.call("PutObject", Body=_body(run), **params)
    return {}


def _delete_object(run: Run) -> None:
    bucket, key = run.old["bucket"], run.old["key"]
    if run.old.get("versionId"):
        empty_bucket(run, bucket, key, key)
    else:
        run.call("DeleteObject", Bucket=bucket, Key=key)


def _etag(run: Run) -> None:
    run.found["etag"] = str(run.found.get("etag", "")).strip('"')
    run.found.setdefault("storageClass", "STANDARD")  # S3 says only what differs from it


_OBJECT = {"Bucket": "$bucket", "Key": "$key"}
_PUT = Call(
    op="PutObject",
    by_name=True,
    args=_OBJECT,
    skip=frozenset({"etag"}),  # S3 makes it; the argument only says when to send the object again
)
_CONTENT = ("content", "contentBase64", "source", "sourceHash", "etag")
_HEADERS = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "metadata",
)

BUCKET_OBJECT = Resource(
    type="aws:s3/bucketObjectv2:BucketObjectv2",
    terraform="aws_s3_bucket_object",
    service="s3",
    create=_put,
    id="$key",
    import_id="$bucket/$key",
    reads=(
        Part(call=Call(op="HeadObject", args=_OBJECT), skip=frozenset({"expires"})),
        Part(call=Call(op="GetObjectTagging", args=_OBJECT), take={"tagsAll": "TagSet"}, missing_ok=True),
    ),
    finish=_etag,
    changes=(
        Change(
            props=(
                *_CONTENT,
                *_HEADERS,
                "bucketKeyEnabled",
                "kmsKeyId",
                "serverSideEncryption",
                "storageClass",
            ),
            do=(_put,),
        ),
    ),
    delete=(_delete_object,),
    tagging=Tagging(
        add=Call(op="PutObjectTagging", args={**_OBJECT, "Tagging": {"TagSet": "$tagsAll"}}),
        clear=Call(op="DeleteObjectTagging", args=_OBJECT),
    ),
    name=Name(prop="key", length=1024, random=0, prefix_prop="key"),
    names={"kmsKeyId": "SSEKMSKeyId", "etag": "ETag"},
    defaults={"forceDestroy": False},
    keep=frozenset({"bucket", "key", "content", "contentBase64", "source", "sourceHash", "forceDestroy"}),
    by_hook=frozenset({"etag"}),
    same={"kmsKeyId": same_key},
    volatile=frozenset({"versionId", "etag"}),
    outputs={"arn": "arn:$partition:s3:::$bucket/$key"},
    unsupported={
        "acl": "buckets of the platform enforce the owner; ACLs are off",
        "checksumAlgorithm": NOT_MODELLED,
        **unsupported(
            NOT_MODELLED, "objectLockLegalHoldStatus", "objectLockMode", "objectLockRetainUntilDate"
        ),
        "overrideProvider": NOT_MODELLED,
        "websiteRedirect": "there are no websites here",
    },
    absent=unsupported(
        NOT_MODELLED, "checksumCrc32", "checksumCrc32c", "checksumCrc64nvme", "checksumSha1", "checksumSha256"
    ),
)

# The older of the two types for an object: the same without what came later.
_LATER = frozenset({"checksumAlgorithm", "overrideProvider"})
OLD_BUCKET_OBJECT = replace(
    BUCKET_OBJECT,
    type="aws:s3/bucketObject:BucketObject",
    unsupported={name: why for name, why in BUCKET_OBJECT.unsupported.items() if name not in _LATER},
    absent={},
)

ROWS = (BUCKET, BUCKET_OBJECT, OLD_BUCKET_OBJECT)

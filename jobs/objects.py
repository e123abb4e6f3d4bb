"""The few things the jobs do with S3 objects, each with its races settled by conditional writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# 412: the condition failed. 409: another conditional write to the key was under way and won.
_LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
# A conditional replacement of an object that was deleted meanwhile is answered with 404.
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


def code(error: ClientError) -> str:
    """The error code that the service gave."""
    return str(error.response.get("Error", {}).get("Code", ""))


def create(s3: S3Client, bucket: str, key: str, body: bytes) -> bool:
    """Write the object unless it exists; False when it does. Of two at once, one gets True."""
    return _conditional(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*"))


def replace(s3: S3Client, bucket: str, key: str, body: bytes, etag: str) -> bool:
    """Write the object if it is still the one with `etag`; False when it is not."""
    return _conditional(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag))


def read(s3: S3Client, bucket: str, key: str) -> tuple[bytes, str] | None:
    """Content and ETag of the object, None when there is none."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) in _ABSENT:
            return None
        raise
    return found["Body"].read(), found["ETag"]


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Whether the object exists."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) in _ABSENT:
            return False
        raise
    return True


def keys(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Every key below `prefix`, in order."""
    return (key for key, _ in listing(s3, bucket, prefix))


def listing(s3: S3Client, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Every key below `prefix` with its ETag, in order."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((found["Key"], found["ETag"]) for found in page.get("Contents", []))


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _conditional(put: Callable[[], object]) -> bool:
    try:
        put()
    except ClientError as error:
        if code(error) in _LOST | _ABSENT:
            return False
        raise
    return True

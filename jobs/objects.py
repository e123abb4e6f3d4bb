"""The few things the jobs do with S3 objects, each with its races settled by conditional writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from facts.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# 412: the condition failed. 409: another conditional write to the key was under way and won.
_LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
# A conditional replacement of an object that was deleted meanwhile is answered with 404.
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_Kept = TypeVar("_Kept", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An object as a list shows it: bytes, and the time of its last write by the service's clock."""

    key: str
    etag: str
    size: int
    modified: datetime


def code(error: ClientError) -> str:
    """The error code that the service gave."""
    return str(error.response.get("Error", {}).get("Code", ""))


def create(s3: S3Client, bucket: str, key: str, body: bytes) -> bool:
    """Write the object unless it exists; False when it does. Of two at once, one gets True."""
    return _conditional(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*"))


def replace(s3: S3Client, bucket: str, key: str, body: bytes, etag: str) -> bool:
    """Write the object if it is still the one with `etag`; False when it is not."""
    return _conditional(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag))


def delete(s3: S3Client, bucket: str, key: str) -> None:
    """Delete the object; fine when there is none."""
    s3.delete_object(Bucket=bucket, Key=key)


def delete_if(s3: S3Client, bucket: str, key: str, etag: str) -> bool:
    """Delete the object if it is still the one with `etag`; False when another is there.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    """
    gone = _conditional(lambda: s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag))
    return gone or not exists(
        s3, bucket, key
    )  # deleted by another, or by ourselves and only the answer was lost


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
    return (found.key for found in listed(s3, bucket, prefix))


def listed(s3: S3Client, bucket: str, prefix: str) -> Iterator[Listed]:
    """Every object below `prefix`, in the order of their keys."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            at = found["LastModified"]
            yield Listed(key=found["Key"], etag=found["ETag"], size=found["Size"], modified=at)


def parsed(model: type[_Kept], body: bytes, uri: str) -> _Kept:
    """The object at `uri` as `model`. Raises UserError when it is none."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UserError(f"{uri} is not what this version reads: {where}: {first['msg']}") from None


def sha256(body: bytes) -> str:
    """The digest that manifests and descriptions name content by."""
    return hashlib.sha256(body).hexdigest()


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

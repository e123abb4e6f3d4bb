"""Names that S3 refuses and moto takes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

import re
from typing import Any

from local.cloud import mend

MOST_KEY_BYTES = 1024
_BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def allowed(bucket: str) -> bool:
    """Whether a bucket may have this name."""
    return (
        _BUCKET.fullmatch(bucket) is not None
        and _ADDRESS.fullmatch(bucket) is None
        and not bucket.startswith(_RESERVED_STARTS)
        and not bucket.endswith(_RESERVED_ENDS)
    )


def install() -> None:
    """Have moto's S3 refuse them."""
    from moto.s3.models import S3Backend

    mend.before(S3Backend, "create_bucket", _check_bucket)
    mend.before(S3Backend, "put_object", _check_key)


def _check_bucket(_backend: Any, bucket_name: str, *_args: Any, **_named: Any) -> None:
    from moto.s3.exceptions import InvalidBucketName

    if not allowed(bucket_name):
        raise InvalidBucketName()


def _check_key(_backend: Any, bucket_name: str, key_name: str, *_args: Any, **_named: Any) -> None:  # noqa: ARG001 a name that callers use
    from moto.s3.exceptions import S3ClientError

    if len(key_name.encode()) > MOST_KEY_BYTES:
        raise S3ClientError("KeyTooLongError", "Your key is too long")

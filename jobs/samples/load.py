"""Puts files into a bucket, each only when it differs from what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL = 8  # below botocore's ten connections a client
DIGEST = "sha256"  # under KMS an ETag is no digest of the content, so ours is kept beside the object


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What became of one file; `size` is bytes."""

    key: str
    size: int
    uploaded: bool  # False: the same content was there


def load(
    s3: S3Client,
    bucket: str,
    files: Iterable[tuple[str, bytes]],
    done: Callable[[Loaded], None] = lambda _: None,
) -> list[Loaded]:
    """Upload `files` (key, content) to `bucket` and say of each whether it was needed; `done` hears of it."""

    def put(key: str, content: bytes) -> Loaded:
        digest = hashlib.sha256(content).hexdigest()
        changed = _digest_there(s3, bucket, key) != digest
        if changed:
            s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={DIGEST: digest})
        loaded = Loaded(key=key, size=len(content), uploaded=changed)
        done(loaded)
        return loaded

    with ThreadPoolExecutor(PARALLEL) as pool:
        # Submitted one by one: while the first are on their way the next are still being made.
        pending = [pool.submit(put, key, content) for key, content in files]
        return [upload.result() for upload in pending]


def _digest_there(s3: S3Client, bucket: str, key: str) -> str | None:
    try:
        return s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(DIGEST)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise

"""Log files on S3, gzipped, read again and again while they grow: one that did not change is not sent twice."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jobs import objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GONE = frozenset({"NoSuchKey", "404", "NotFound"})
_SAME = frozenset({"304", "NotModified"})


class LogFiles:
    """Texts by where they are. Remembers the last text of each, and asks S3 for another one only."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self._known: dict[tuple[str, str], tuple[str, str]] = {}

    def text(self, bucket: str, key: str) -> str:
        """What the file says now; empty when it is not there (yet). What is cut off inside its zip is left out."""
        etag, text = self._known.get((bucket, key), ("", ""))
        try:
            found = (
                self._s3.get_object(Bucket=bucket, Key=key, IfNoneMatch=etag)
                if etag
                else self._s3.get_object(Bucket=bucket, Key=key)
            )
        except ClientError as error:
            if objects.code(error) in _SAME:
                return text
            if objects.code(error) in _GONE:
                return ""
            raise
        text = _unzipped(found["Body"].read()).decode(errors="replace")
        self._known[bucket, key] = (found["ETag"], text)
        return text

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """Every key below `prefix`."""
        return list(objects.keys(self._s3, bucket, prefix))


def _unzipped(body: bytes) -> bytes:
    """All members of a gzip file: a service that appends writes one after the other."""
    text = b""
    while body:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            text += member.decompress(body)
        except zlib.error:
            break
        body = member.unused_data
    return text

"""Where a stack's certificates are: two objects in its artifacts bucket, sealed with that bucket's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import objects


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object as it was read."""

    body: bytes
    etag: str
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class Store:
    """The zip at `key`, and the authority beside it."""

    s3: Any
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """The zip, which nodes read."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def authority_key(self) -> str:
        """The authority's object, which nodes cannot read: their role names the zip alone."""
        return f"{self.key.removesuffix('.zip')}-authority.json"

    def read(self, key: str) -> Stored | None:
        """The object, None when there is none; a bucket that is not there is an error."""
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if objects.code(error) == "NoSuchKey":
                return None
            raise
        return Stored(body=found["Body"].read(), etag=found["ETag"], modified=found["LastModified"])

    def put(self, key: str, body: bytes, instead_of: Stored | None) -> None:
        """Write the object in place of what was read, or where nothing was. Raises UserError when that changed."""
        done = (
            objects.create(self.s3, self.bucket, key, body)
            if instead_of is None
            else objects.replace(self.s3, self.bucket, key, body, instead_of.etag)
        )
        if not done:
            raise UserError(
                f"somebody else changed s3://{self.bucket}/{key} at the same moment; nothing of it was overwritten; "
                "look at it with 'emrctl certs show'",
                code=1,
            )

"""Packed environments in the artifacts bucket: each is made once for what it follows from, and shared by versions.

`s3://<artifacts>/<job>/environments/<digest>.json` names the archive, `…/environments/<upload>/environment.tar.gz`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from facts.errors import UserError
from jobs import objects, packed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRIES = 10  # to change a description that others change as well


class Environment(BaseModel):
    """What is known of an archive; written last, so that where it stands the archive is whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    digest: str  # of what it follows from: packed.Recipe
    archive: str  # path from the description
    sha256: str  # of the archive
    claim: str = ""  # as a manifest's


def have(s3: S3Client, bucket: str, job: str, digest: str, make: Callable[[], bytes]) -> Environment:
    """The environment called `digest`, claimed; made by `make` and put there when it, or its archive, is not.

    Claimed is what is written anew: `removal` does not take it then, before a version refers to it.
    """
    key = _key(job, digest)
    for _ in range(_TRIES):
        found = objects.read(s3, bucket, key)
        if found is None:
            made = _put(s3, bucket, job, digest, make())
            if objects.create(s3, bucket, key, made.model_dump_json(indent=1).encode()):
                return made
            continue
        known = objects.parsed(Environment, found[0], f"s3://{bucket}/{key}")
        archive = f"{job}/environments/{known.archive}"
        body = None if objects.exists(s3, bucket, archive) else make()
        sha256 = objects.sha256(body) if body else known.sha256
        known = known.model_copy(update={"claim": secrets.token_hex(8), "sha256": sha256})
        if objects.replace(s3, bucket, key, known.model_dump_json(indent=1).encode(), found[1]):
            if body:  # where it was: every version that shares it is whole again
                objects.create(s3, bucket, archive, body)
            return known
    raise UserError(
        f"environment {digest[:12]} of job '{job}' is changed by others all the time; try again", code=1
    )


def read(s3: S3Client, bucket: str, job: str, digest: str) -> Environment:
    """What is known of an environment. Raises UserError when it is not in the bucket."""
    if found := objects.read(s3, bucket, _key(job, digest)):
        return objects.parsed(Environment, found[0], f"s3://{bucket}/{_key(job, digest)}")
    raise UserError(
        f"s3://{bucket}/{_key(job, digest)} is not there, which a version of job '{job}' needs", code=1
    )


def _key(job: str, digest: str) -> str:
    return f"{job}/environments/{digest}.json"


def _put(s3: S3Client, bucket: str, job: str, digest: str, body: bytes) -> Environment:
    archive = f"{secrets.token_hex(4)}/{packed.NAME}.tar.gz"
    objects.create(s3, bucket, f"{job}/environments/{archive}", body)
    return Environment(digest=digest, archive=archive, sha256=objects.sha256(body))

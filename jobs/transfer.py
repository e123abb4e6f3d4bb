"""A version from one stack's artifacts bucket into another's: what arrives is what its manifest says."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from facts.errors import UserError
from jobs import artifacts, environments, objects, pointers
from jobs.artifacts import Manifest
from jobs.platform import Platform

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client


def bring(
    source: boto3.Session, source_platform: Platform, session: boto3.Session, platform: Platform, job: str, part: str
) -> str:  # fmt: skip
    """Have the version of `job` that begins with `part` in `platform`'s bucket as well. Returns its digest.

    `source` may read the one bucket and `session` read and write the other: they may be of two accounts.
    Raises UserError when the version is not there, and when a file is not what the manifest says.
    """
    pointers.require_job(job)
    there, here = source.client("s3"), session.client("s3")
    from_bucket, bucket = source_platform.buckets.artifacts, platform.buckets.artifacts
    digest = artifacts.find(there, from_bucket, job, part)
    if objects.exists(here, bucket, artifacts.manifest_key(job, digest)):
        return digest
    manifest = artifacts.load(there, from_bucket, job, digest).manifest
    archive = _environment(there, from_bucket, here, bucket, job, manifest) if manifest.environment else ""
    upload, files = secrets.token_hex(4), {}
    for path, sha256 in manifest.files.items():
        body = _read(there, from_bucket, f"{job}/{digest}/{path}", sha256)
        name = f"{upload}/{path.rpartition('/')[2]}"
        objects.create(here, bucket, f"{job}/{digest}/{name}", body)
        files[name] = sha256
    wheel, main, *jars = (
        f"{upload}/{path.rpartition('/')[2]}" for path in (manifest.wheel, manifest.main, *manifest.jars)
    )
    moved = {
        "wheel": wheel,
        "main": main,
        "jars": tuple(jars),
        "files": files,
        "archive": archive,
        "claim": "",
    }
    artifacts.put_manifest(here, bucket, manifest.model_copy(update=moved))
    return digest


def _environment(
    there: S3Client, from_bucket: str, here: S3Client, bucket: str, job: str, manifest: Manifest
) -> str:
    known = environments.read(there, from_bucket, job, manifest.environment)

    def body() -> bytes:
        return _read(there, from_bucket, f"{job}/environments/{known.archive}", known.sha256)

    return environments.have(here, bucket, job, known.digest, body).archive


def _read(s3: S3Client, bucket: str, key: str, sha256: str) -> bytes:
    found = objects.read(s3, bucket, key)
    if found is None or objects.sha256(found[0]) != sha256:
        what = "is not there" if found is None else "is not what its manifest says (SHA-256)"
        raise UserError(f"s3://{bucket}/{key} {what}; nothing was promoted", code=1)
    return found[0]

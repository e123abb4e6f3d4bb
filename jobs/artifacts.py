"""Versions of a job: content-addressed in the artifacts bucket, and channels that point at one of them.

`s3://<artifacts>/<job>/<digest>/{<wheel>,main.py,manifest.json}`; the manifest is written last, so that where
it stands the artifact is whole. `s3://<artifacts>/<job>/channels/<channel>.json` names a digest and those before.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from facts.errors import UserError
from jobs import objects, wheel
from jobs.clock import Clock
from jobs.platform import Platform
from jobs.spec import JobSpec

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

MAIN = "main.py"
HISTORY = 50  # digests that a channel remembers
_CHANNEL = re.compile(r"[a-z][a-z0-9-]{0,31}")
_RACES = 20  # lost in a row: others move the channel all the time, which is no accident any more


class Manifest(BaseModel):
    """What an artifact is made of. The spec is part of it: an older digest brings its resources back too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    digest: str  # SHA-256 of the spec and every source file
    wheel: str  # file name beside the manifest
    files: dict[str, str]  # SHA-256 of each file beside the manifest
    spec: JobSpec


class Pointer(BaseModel):
    """Where a channel points, and where it pointed before, newest first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    digest: str
    since: str  # UTC, ISO 8601
    before: tuple[str, ...] = ()


_Kept = TypeVar("_Kept", Manifest, Pointer)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What a deploy did: whether the artifact was new to the bucket, and whether the channel moved."""

    job: str
    channel: str
    digest: str
    uri: str
    uploaded: bool
    moved: bool


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One version of a job, ready to run; URIs are s3://."""

    manifest: Manifest
    main_uri: str
    wheel_uri: str


def deploy(
    session: boto3.Session,
    platform: Platform,
    spec: JobSpec,
    channel: str,
    *,
    root: Path = wheel.ROOT,
    clock: Clock | None = None,
) -> Deployed:
    """Upload the job as it is now, unless that version is there, and point `channel` at it."""
    _require_channel(channel)
    s3 = session.client("s3")
    bucket = platform.buckets.artifacts
    files = wheel.sources(spec, root)
    files_digest = digest(spec, files)
    folder = f"{spec.name}/{files_digest}"
    uploaded = False
    if not objects.exists(s3, bucket, f"{folder}/manifest.json"):
        uploaded = _upload(s3, bucket, folder, spec, files, files_digest)
    moved = _point(s3, bucket, spec.name, channel, files_digest, clock or Clock())
    uri = f"s3://{bucket}/{folder}/"
    return Deployed(
        job=spec.name, channel=channel, digest=files_digest, uri=uri, uploaded=uploaded, moved=moved
    )


def resolve(session: boto3.Session, platform: Platform, job: str, channel: str) -> Artifact:
    """The version that `channel` points at. Raises UserError when the job was never deployed there."""
    _require_channel(channel)
    s3 = session.client("s3")
    bucket = platform.buckets.artifacts
    pointed = objects.read(s3, bucket, _channel_key(job, channel))
    if pointed is None:
        raise UserError(
            f"job '{job}' has no version in channel '{channel}'; "
            f"run 'emrctl jobs deploy {job} --channel {channel}'"
        )
    pointer = _parsed(Pointer, pointed[0], f"s3://{bucket}/{_channel_key(job, channel)}")
    artifact = load(s3, bucket, job, pointer.digest)
    for uri in (artifact.main_uri, artifact.wheel_uri):
        if not objects.exists(s3, *objects.split(uri)):
            raise UserError(
                f"version {pointer.digest[:12]} of job '{job}' is not whole: {uri} is gone; "
                "bring it back from the bucket's versions, or deploy a change"
            )
    return artifact


def load(s3: S3Client, bucket: str, job: str, digest: str) -> Artifact:
    """The version called `digest`. Raises UserError when it is not in the bucket."""
    folder = f"{job}/{digest}"
    found = objects.read(s3, bucket, f"{folder}/manifest.json")
    if found is None:
        raise UserError(f"job '{job}' has no version {digest}; run 'emrctl jobs deploy {job}'")
    manifest = _parsed(Manifest, found[0], f"s3://{bucket}/{folder}/manifest.json")
    base = f"s3://{bucket}/{folder}"
    return Artifact(manifest=manifest, main_uri=f"{base}/{MAIN}", wheel_uri=f"{base}/{manifest.wheel}")


def _parsed(model: type[_Kept], body: bytes, uri: str) -> _Kept:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UserError(f"{uri} is not what this version reads: {where}: {first['msg']}") from None


def digest(spec: JobSpec, files: dict[str, bytes]) -> str:
    """The version of a job: of its spec, its sources, and what turns them into a wheel."""
    content = {
        "spec": spec.model_dump(mode="json"),
        "files": {name: _sha256(body) for name, body in files.items()},
        "main": _sha256(_main(spec)),
        "hatchling": version("hatchling"),
    }
    return _sha256(_json(content))


def _upload(
    s3: S3Client, bucket: str, folder: str, spec: JobSpec, files: dict[str, bytes], digest: str
) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        built = wheel.build(spec, files, Path(scratch))
        parts = {built.name: built.read_bytes(), MAIN: _main(spec)}
    manifest = Manifest(
        digest=digest,
        wheel=built.name,
        files={name: _sha256(body) for name, body in sorted(parts.items())},
        spec=spec,
    )
    # The address stands for the content, so who comes second finds what it would have written.
    for name, body in parts.items():
        objects.create(s3, bucket, f"{folder}/{name}", body)
    return objects.create(s3, bucket, f"{folder}/manifest.json", _json(manifest.model_dump(mode="json")))


def _point(s3: S3Client, bucket: str, job: str, channel: str, digest: str, clock: Clock) -> bool:
    key = _channel_key(job, channel)
    for _ in range(_RACES):
        found = objects.read(s3, bucket, key)
        before = Pointer.model_validate_json(found[0]) if found else None
        if before and before.digest == digest:
            return False
        history = (before.digest, *before.before)[:HISTORY] if before else ()
        pointer = Pointer(digest=digest, since=clock.now().isoformat(timespec="seconds"), before=history)
        body = _json(pointer.model_dump(mode="json"))
        if found is None:
            written = objects.create(s3, bucket, key, body)
        else:
            written = objects.replace(s3, bucket, key, body, found[1])
        if written:
            return True
    raise UserError(
        f"channel '{channel}' of job '{job}' was moved by others {_RACES} times meanwhile; try again"
    )


def _main(spec: JobSpec) -> bytes:
    """What spark-submit starts: a file, which finds the entry point in the wheel."""
    return f"import sys\n\nfrom {spec.entry_point} import main\n\nmain(sys.argv[1:])\n".encode()


def _channel_key(job: str, channel: str) -> str:
    return f"{job}/channels/{channel}.json"


def _require_channel(channel: str) -> None:
    if not _CHANNEL.fullmatch(channel):
        raise UserError(f"channel '{channel}' is no name: lower-case letters, digits and '-', at most 32")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1).encode()

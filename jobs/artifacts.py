"""Versions of a job: content-addressed in the artifacts bucket, and made from the sources as they are now.

`s3://<artifacts>/<job>/<digest>/{<upload>/<wheel>,<upload>/main.py,<upload>/<jar>…,manifest.json}`; the manifest is
written last, so that where it stands the artifact is whole. Each upload has a folder of its own: what is removed with a
version cannot be what another upload of it has just brought (ADR 0160).
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from facts.errors import UserError
from jobs import environments, jars, objects, packed, pointers, wheel
from jobs.clock import Clock
from jobs.platform import Platform
from jobs.spec import JobSpec

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

MAIN = "main.py"
_PART = re.compile(r"[0-9a-f]{4,64}")
_TRIES = 10  # to change a manifest that others change as well


class Manifest(BaseModel):
    """What an artifact is made of. The spec is part of it: an older digest brings its resources back too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    digest: str  # SHA-256 of the spec and every source file
    created_at: str = ""  # UTC, ISO 8601, by the clock of who made it; empty: from before it was kept
    wheel: str  # path from the manifest
    main: str = MAIN  # likewise
    jars: tuple[str, ...] = ()  # likewise, in the order of the class path
    files: dict[str, str]  # SHA-256 of each file, by its path from the manifest
    environment: str = ""  # digest of the packed environment, empty without one
    archive: str = ""  # its path from the folder of environments
    spec: JobSpec
    claim: str = ""  # of the last one who was about to point a channel here; see `claim`


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
    jar_uris: tuple[str, ...] = ()  # in the order of the class path
    archive_uri: str | None = None  # of the packed environment

    @property
    def uris(self) -> tuple[str, ...]:
        """All that it is made of."""
        own = (self.main_uri, self.wheel_uri, *self.jar_uris)
        return own if self.archive_uri is None else (*own, self.archive_uri)


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """What a version is made of, as it is on this machine. `digest` is the version's."""

    spec: JobSpec
    files: dict[str, bytes]
    jars: dict[str, bytes]
    environment: packed.Recipe | None

    @property
    def digest(self) -> str:
        """Of the spec, all that the wheel holds, what starts it, its jars, and its packed environment."""
        content = {
            "spec": self.spec.model_dump(mode="json"),
            "wheel": _hashes(wheel.entries(self.spec, self.files)),
            "main": objects.sha256(_main(self.spec)),
            "environment": self.environment.digest if self.environment else None,
        }
        return objects.sha256(_json(content | ({"jars": _hashes(self.jars)} if self.jars else {})))


def deploy(
    session: boto3.Session,
    platform: Platform,
    spec: JobSpec,
    channel: str,
    *,
    root: Path = wheel.ROOT,
    clock: Clock | None = None,
) -> Deployed:
    """Upload the job as it is now, unless that version is there whole, and point `channel` at it."""
    pointers.require_channel(channel)
    clock, s3, bucket = clock or Clock(), session.client("s3"), platform.buckets.artifacts
    sources = _Sources(
        spec=spec,
        files=wheel.sources(spec, root),
        jars=jars.read(spec, root),
        environment=packed.recipe(spec, root),
    )
    digest = sources.digest
    uploaded, moved = _bring(s3, bucket, sources, digest, clock), False
    found = None if uploaded else pointers.read(s3, bucket, spec.name, channel)
    if not found or found[0].digest != digest:
        if not uploaded:
            claim(s3, bucket, spec.name, digest)
        moved = pointers.point(s3, bucket, spec.name, channel, digest, "deploy", clock).moved
    uri = f"s3://{bucket}/{spec.name}/{digest}/"
    return Deployed(job=spec.name, channel=channel, digest=digest, uri=uri, uploaded=uploaded, moved=moved)


def resolve(session: boto3.Session, platform: Platform, job: str, channel: str) -> Artifact:
    """The version that `channel` points at. Raises UserError when the job was never deployed there."""
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    pointed = pointers.read(s3, bucket, job, channel)
    if pointed is None:
        raise UserError(
            f"job '{job}' has no version in channel '{channel}'; "
            f"run 'emrctl jobs deploy {job} --channel {channel}'"
        )
    return require_whole(s3, bucket, _manifest(s3, bucket, job, pointed[0].digest)[0])


def load(s3: S3Client, bucket: str, job: str, digest: str) -> Artifact:
    """The version called `digest`. Raises UserError when it is not in the bucket."""
    return _artifact(bucket, _manifest(s3, bucket, job, digest)[0])


def require_whole(s3: S3Client, bucket: str, manifest: Manifest) -> Artifact:
    """The version that `manifest` is of. Raises UserError when a file of it is gone."""
    artifact = _artifact(bucket, manifest)
    if gone := _gone(s3, artifact):
        raise UserError(
            f"version {manifest.digest[:12]} of job '{manifest.spec.name}' is not whole: {gone} is gone; "
            f"'emrctl jobs deploy {manifest.spec.name}' from the same sources brings it back"
        )
    return artifact


def find(s3: S3Client, bucket: str, job: str, part: str) -> str:
    """The digest of the version in the bucket that begins with `part`. Raises UserError for none and for several."""
    if not _PART.fullmatch(part):
        raise UserError(
            f"{part[:80]!r} is no version: give its digest, or at least its first 4 digits (0-9, a-f)"
        )
    keys = objects.keys(s3, bucket, f"{job}/{part}")
    found = [key.split("/")[1] for key in keys if key.endswith("/manifest.json")]
    if len(found) != 1:
        among = f"fits {len(found)} versions" if found else "fits no version"
        raise UserError(f"'{part}' {among} of job '{job}'; 'emrctl jobs versions {job}' shows what there is")
    return found[0]


def claim(s3: S3Client, bucket: str, job: str, digest: str) -> Manifest:
    """Make sure that the version is there and stays for as long as it takes to point a channel at it.

    The manifest is written anew: its ETag and age are others then, and `removal`, which removes it only if it is as
    old as it was when it was looked at, does not. Raises UserError when the version is not in the bucket.
    """
    for _ in range(_TRIES):
        manifest, etag = _manifest(s3, bucket, job, digest)
        claimed = manifest.model_copy(update={"claim": secrets.token_hex(8)})
        if objects.replace(s3, bucket, manifest_key(job, digest), _bytes(claimed), etag):
            return claimed
    raise UserError(_busy(job, digest), code=1)


def put_manifest(s3: S3Client, bucket: str, manifest: Manifest, etag: str | None = None) -> bool:
    """Make the version, whose files are there by now, a version, in place of the one with `etag` whose files are not.

    False when another was faster with the same one.
    """
    key, body = manifest_key(manifest.spec.name, manifest.digest), _bytes(manifest)
    return objects.replace(s3, bucket, key, body, etag) if etag else objects.create(s3, bucket, key, body)


def manifest_key(job: str, digest: str) -> str:
    """Where a version's manifest lies."""
    return f"{job}/{digest}/manifest.json"


def _bring(s3: S3Client, bucket: str, sources: _Sources, digest: str, clock: Clock) -> bool:
    """Have the version there, whole. False when it was, or another was faster with the same one."""
    job = sources.spec.name
    for _ in range(_TRIES):
        known = _known(s3, bucket, job, digest)
        if known and not _gone(s3, _artifact(bucket, known[0])):
            return False
        if _upload(s3, bucket, sources, digest, clock, known[1] if known else None):
            return True
    raise UserError(_busy(job, digest), code=1)


def _upload(
    s3: S3Client, bucket: str, sources: _Sources, digest: str, clock: Clock, instead_of: str | None
) -> bool:
    spec, wanted, environment = sources.spec, sources.environment, None
    if wanted:
        environment = environments.have(s3, bucket, spec.name, wanted.digest, lambda: packed.build(wanted))
    name = wheel.name(spec)
    parts = {name: wheel.build(spec, sources.files), MAIN: _main(spec), **sources.jars}
    upload = secrets.token_hex(4)
    manifest = Manifest(
        digest=digest,
        created_at=clock.now().isoformat(timespec="seconds"),
        wheel=f"{upload}/{name}",
        main=f"{upload}/{MAIN}",
        jars=tuple(f"{upload}/{jar}" for jar in sources.jars),
        files={f"{upload}/{name}": sha256 for name, sha256 in sorted(_hashes(parts).items())},
        environment=environment.digest if environment else "",
        archive=environment.archive if environment else "",
        spec=spec,
    )
    for name, body in parts.items():
        objects.create(s3, bucket, f"{spec.name}/{digest}/{upload}/{name}", body)
    return put_manifest(s3, bucket, manifest, instead_of)


def _gone(s3: S3Client, artifact: Artifact) -> str | None:
    """A file of the version that is not there, by its URI."""
    return next((uri for uri in artifact.uris if not objects.exists(s3, *objects.split(uri))), None)


def _manifest(s3: S3Client, bucket: str, job: str, digest: str) -> tuple[Manifest, str]:
    if known := _known(s3, bucket, job, digest):
        return known
    raise UserError(f"job '{job}' has no version {digest}; run 'emrctl jobs deploy {job}'")


def _known(s3: S3Client, bucket: str, job: str, digest: str) -> tuple[Manifest, str] | None:
    """The version's manifest and its ETag, None when there is none."""
    found = objects.read(s3, bucket, manifest_key(job, digest))
    if found is None:
        return None
    uri = f"s3://{bucket}/{manifest_key(job, digest)}"
    manifest = objects.parsed(Manifest, found[0], uri)
    if (manifest.spec.name, manifest.digest) != (job, digest):
        raise UserError(f"{uri} is the manifest of another version")
    return manifest, found[1]


def _artifact(bucket: str, manifest: Manifest) -> Artifact:
    base = f"s3://{bucket}/{manifest.spec.name}"
    version = f"{base}/{manifest.digest}"
    return Artifact(
        manifest=manifest,
        main_uri=f"{version}/{manifest.main}",
        wheel_uri=f"{version}/{manifest.wheel}",
        jar_uris=tuple(f"{version}/{jar}" for jar in manifest.jars),
        archive_uri=f"{base}/environments/{manifest.archive}" if manifest.archive else None,
    )


def _busy(job: str, digest: str) -> str:
    return f"version {digest[:12]} of job '{job}' is changed by others all the time; try again"


def _main(spec: JobSpec) -> bytes:
    """What spark-submit starts: a file, which finds the entry point in the wheel."""
    return f"import sys\n\nfrom {spec.entry_point} import main\n\nmain(sys.argv[1:])\n".encode()


def _hashes(parts: dict[str, bytes]) -> dict[str, str]:
    return {name: objects.sha256(body) for name, body in parts.items()}


def _bytes(manifest: Manifest) -> bytes:
    return _json(manifest.model_dump(mode="json"))


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1).encode()

"""Old versions are removed: never one that a channel, a run under way or a record refers to, whoever is at work.

Why that holds is in ADR 0161. In short: what is removed was not written or claimed for a week by S3's own clock, and
its manifest goes first and only if it is still as it was; who is about to refer to a version claims it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from facts.errors import UserError
from jobs import artifacts, objects, pointers
from jobs.clock import Clock
from jobs.coordination.table import Coordination
from jobs.environments import Environment
from jobs.objects import Listed
from jobs.platform import Platform
from jobs.runs import RunStore

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

KEEP = 10  # versions before its present one that a channel keeps
# Longer than any command takes from reading a channel to keeping its run, waiting for a free slot included.
GRACE = timedelta(days=7)
_OURS = re.compile(r"[a-z0-9-]+/([0-9a-f]{64}|environments)/.+")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What was removed, or would be: versions and environments by digest; `kept` versions stay; `size` in bytes.

    `spared` were to go and were claimed or changed meanwhile.
    """

    job: str
    versions: tuple[str, ...]
    environments: tuple[str, ...]
    spared: tuple[str, ...]
    kept: int
    objects: int
    size: int
    dry_run: bool


@dataclass
class _Found:
    """What there is below a job's name, as it was when it was looked at."""

    listed: Mapping[str, Listed]
    now: datetime
    manifests: dict[str, artifacts.Manifest] = field(default_factory=dict)  # by key; likewise the other two
    environments: dict[str, Environment] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)

    def old(self, key: str) -> bool:
        """Whether nobody wrote it for so long, and it was not written since it was listed."""
        seen = self.listed[key]
        return seen.modified < self.now - GRACE and self.etags.get(key, seen.etag) == seen.etag


def gc(
    session: boto3.Session, platform: Platform, job: str, *,
    keep: int = KEEP, dry_run: bool = False, clock: Clock | None = None,
) -> Removal:  # fmt: skip
    """Remove the versions of `job` that nothing refers to, and what only they needed; `dry_run` removes nothing.

    `keep`: so many versions before its present one a channel refers to. A version younger than a week stays.
    Killed half-way it has removed some versions whole or their manifests, and the next one removes the rest.
    Raises UserError for a job that has nothing there, and when a record or manifest cannot be read: what it refers to
    is not known then.
    """
    if keep < 1:
        raise UserError(f"keep is {keep}; at least 1, or nothing is left to roll back to")
    pointers.require_job(job)
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    shared = Coordination(session, platform.coordination_table, clock)
    found = _look(s3, bucket, job, shared.now())
    if not found.listed:
        raise UserError(f"job '{job}' has nothing in the bucket {bucket}: it was never deployed there")
    referred = _of_channels(s3, bucket, job, found, keep)
    # The table before the records: a run that is closed between the two is in the second.
    referred |= {attempt.digest for attempt in shared.open_attempts(job)}
    doomed = [key for key, each in found.manifests.items() if found.old(key) and each.digest not in referred]
    if doomed:
        ran = {record.digest for record in RunStore(s3, platform.buckets.runs).list_runs(job)}
        doomed = [key for key in doomed if found.manifests[key].digest not in ran]
    gone = _without(s3, bucket, doomed, found.etags, dry_run=dry_run)
    left = [each for key, each in found.manifests.items() if key not in gone]
    needed = {each.environment for each in left}
    unused = [key for key, each in found.environments.items() if found.old(key) and each.digest not in needed]
    gone_too = _without(s3, bucket, unused, found.etags, dry_run=dry_run)
    parts = _orphans(found, gone | gone_too)
    if not dry_run:
        for key in parts:
            objects.delete(s3, bucket, key)
    size = sum(found.listed[key].size for key in (*parts, *gone, *gone_too))
    return Removal(
        job=job,
        versions=tuple(found.manifests[key].digest for key in doomed if key in gone),
        environments=tuple(found.environments[key].digest for key in unused if key in gone_too),
        spared=tuple(found.manifests[key].digest for key in doomed if key not in gone),
        kept=len(left),
        objects=len(parts) + len(gone) + len(gone_too),
        size=size,
        dry_run=dry_run,
    )


def _look(s3: S3Client, bucket: str, job: str, now: datetime) -> _Found:
    found = _Found(listed={each.key: each for each in objects.listed(s3, bucket, f"{job}/")}, now=now)
    for key in found.listed:
        folder, _, name = key.removeprefix(f"{job}/").rpartition("/")
        is_manifest = name == "manifest.json" and "/" not in folder
        is_environment = folder == "environments" and name.endswith(".json")
        if not (is_manifest or is_environment) or not (body := objects.read(s3, bucket, key)):
            continue
        found.etags[key] = body[1]
        try:
            if is_manifest:
                found.manifests[key] = artifacts.Manifest.model_validate_json(body[0])
            else:
                found.environments[key] = Environment.model_validate_json(body[0])
        except ValueError:
            raise UserError(
                f"s3://{bucket}/{key} cannot be read, so what it needs is not known; nothing was removed"
            ) from None
    return found


def _of_channels(s3: S3Client, bucket: str, job: str, found: _Found, keep: int) -> set[str]:
    """What the channels refer to: their present version and `keep` before; all before, where one was moved lately.

    For who read a channel before it was moved may be about to keep a run of what it pointed at.
    """
    referred: set[str] = set()
    for channel in pointers.names(s3, bucket, job):
        pointer = pointers.read(s3, bucket, job, channel)
        if not pointer:
            continue
        key = pointers.key(job, channel)
        found.etags[key] = pointer[1]
        before = list(dict.fromkeys(move.digest for move in pointer[0].before))
        settled = key in found.listed and found.old(key)
        referred |= {pointer[0].digest, *(before[:keep] if settled else before)}
    return referred


def _without(
    s3: S3Client, bucket: str, doomed: Iterable[str], etags: Mapping[str, str], *, dry_run: bool
) -> set[str]:
    """Those of `doomed` that are gone: whoever claimed one meanwhile has made another object of it."""
    return {key for key in doomed if dry_run or objects.delete_if(s3, bucket, key, etags[key])}


def _orphans(found: _Found, gone: set[str]) -> list[str]:
    """Old objects that no manifest or environment which is left names: of what is gone, and of uploads cut off."""
    named = {key for key in (*found.manifests, *found.environments)}
    for key, manifest in found.manifests.items():
        if key not in gone:
            named |= {f"{key.removesuffix('manifest.json')}{name}" for name in manifest.files}
    for key, environment in found.environments.items():
        if key not in gone:
            named.add(f"{key.rpartition('/')[0]}/{environment.archive}")
    return [key for key in found.listed if _OURS.fullmatch(key) and key not in named and found.old(key)]


def describe(found: Removal) -> str:
    """What goes or went, a line for each and one for all."""
    would = "would go" if found.dry_run else "removed"
    lines = [f"version {digest[:12]} {would}" for digest in found.versions]
    lines += [f"environment {digest[:12]} {would}" for digest in found.environments]
    lines += [f"version {digest[:12]} stays: it was claimed meanwhile" for digest in found.spared]
    size = f"{found.size / 1_000_000:,.1f} MB"
    return "\n".join(
        [*lines, f"{found.job}: {found.kept} versions stay; {found.objects} objects, {size}, {would}"]
    )

"""What is done with channels: promote a version, roll back, see which versions there are and who points at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facts.errors import UserError
from jobs import artifacts, objects, pointers
from jobs.clock import Clock
from jobs.coordination.table import Coordination
from jobs.platform import Platform
from jobs.pointers import Moved
from jobs.runs import Attempt, Record, RunStore

if TYPE_CHECKING:
    import boto3

__all__ = ["Moved", "Version", "describe", "pointed", "promote", "rollback", "versions"]


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version in the bucket, and what refers to it: `jobs gc` keeps it for any of these.

    `channels` point at it, `left` did so once; runs by their id, newest first. `size` is of its files, in bytes.
    """

    digest: str
    created_at: str  # UTC, ISO 8601
    channels: tuple[str, ...]
    left: tuple[str, ...]
    under_way: tuple[str, ...]  # runs
    ran: tuple[str, ...]  # runs that have a record
    wheel: str
    size: int


def promote(
    session: boto3.Session, platform: Platform, job: str, part: str, channel: str, *, clock: Clock | None = None
) -> Moved:  # fmt: skip
    """Point `channel` at the version that begins with `part`. Raises UserError when it is not there, or not whole."""
    pointers.require_job(job)
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    digest = artifacts.find(s3, bucket, job, part)
    found = pointers.read(s3, bucket, job, channel)
    if not found or found[0].digest != digest:
        artifacts.require_whole(s3, bucket, artifacts.claim(s3, bucket, job, digest))
    return pointers.point(s3, bucket, job, channel, digest, "promote", clock or Clock())


def rollback(
    session: boto3.Session, platform: Platform, job: str, channel: str, *,
    to: str | None = None, clock: Clock | None = None,
) -> Moved:  # fmt: skip
    """Point `channel` at the version before, or at the one that begins with `to`.

    Two at once go back once. Raises UserError when there is none before, when it is gone or not whole, and when another
    command moves the channel meanwhile.
    """
    now = pointed(session, platform, job, channel)
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    digest = now.earlier() if to is None else artifacts.find(s3, bucket, job, to)
    if digest is None:
        raise UserError(
            f"channel '{channel}' of job '{job}' has no version before {now.digest[:12]}; name one with --to, "
            f"'emrctl jobs versions {job}' shows what there is"
        )
    if digest != now.digest:
        artifacts.require_whole(s3, bucket, artifacts.claim(s3, bucket, job, digest))
    return pointers.point(
        s3, bucket, job, channel, digest, "rollback", clock or Clock(), only_from=now.digest
    )


def pointed(session: boto3.Session, platform: Platform, job: str, channel: str) -> pointers.Pointer:
    """Where `channel` points. Raises UserError when the job was never deployed there."""
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    if found := pointers.read(s3, bucket, job, channel):
        return found[0]
    there = ", ".join(pointers.names(s3, bucket, job)) or "none"
    raise UserError(f"job '{job}' has no version in channel '{channel}'; its channels are: {there}")


def versions(session: boto3.Session, platform: Platform, job: str) -> list[Version]:
    """The versions of `job` in the bucket, newest first. Raises UserError when it has none, or one cannot be read."""
    pointers.require_job(job)
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    # The table before the records: a run that is closed between the two is in the second.
    under_way = _by_digest(Coordination(session, platform.coordination_table).open_attempts(job))
    ran = _by_digest(RunStore(s3, platform.buckets.runs).list_runs(job))
    listed = {found.key: found for found in objects.listed(s3, bucket, f"{job}/")}
    at, left = defaultdict(list), defaultdict(list)
    for channel in pointers.names(s3, bucket, job):
        if found := pointers.read(s3, bucket, job, channel):
            at[found[0].digest].append(channel)
            for digest in {move.digest for move in found[0].before} - {found[0].digest}:
                left[digest].append(channel)
    there = []
    for key in (key for key in listed if key.endswith("/manifest.json")):
        folder = key.removesuffix("manifest.json")
        if not (body := objects.read(s3, bucket, key)):
            continue  # removed since
        manifest = objects.parsed(artifacts.Manifest, body[0], f"s3://{bucket}/{key}")
        there.append(
            Version(
                digest=manifest.digest,
                created_at=manifest.created_at or listed[key].modified.isoformat(timespec="seconds"),
                channels=tuple(at[manifest.digest]),
                left=tuple(left[manifest.digest]),
                under_way=under_way.get(manifest.digest, ()),
                ran=ran.get(manifest.digest, ()),
                wheel=manifest.wheel.rpartition("/")[2],
                size=sum(listed[folder + name].size for name in manifest.files if folder + name in listed),
            )
        )
    if not there:
        raise UserError(f"job '{job}' has no version; run 'emrctl jobs deploy {job}'")
    return sorted(there, key=lambda version: version.created_at, reverse=True)


def _by_digest(runs: Iterable[Attempt | Record]) -> dict[str, tuple[str, ...]]:
    """Ids of runs by the version that they run or ran, newest first."""
    found: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        found[run.digest].add(run.run_id)
    return {digest: tuple(sorted(ids, reverse=True)) for digest, ids in found.items()}


def describe(moved: Moved) -> str:
    """What became of the channel, in a line."""
    if not moved.moved:
        return f"channel '{moved.channel}' of {moved.job} pointed at {moved.digest[:12]} before"
    was = f", it was {moved.before[:12]}" if moved.before else ""
    return f"channel '{moved.channel}' of {moved.job} now points at {moved.digest[:12]}{was}"

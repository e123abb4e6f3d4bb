"""Channels as objects: which version each points at, and where it pointed before. Moved by conditional writes only.

`s3://<artifacts>/<job>/channels/<channel>.json`. A move has a token, so that one whose answer was lost is known again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator

from facts.errors import UserError
from jobs import objects
from jobs.clock import Clock
from jobs.spec.values import JobName

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HISTORY = 50  # moves that a channel remembers
By = Literal["deploy", "promote", "rollback"]
_JOB: TypeAdapter[str] = TypeAdapter(JobName)
_CHANNEL = re.compile(r"[a-z][a-z0-9-]{0,31}")
_RACES = 20  # lost in a row: others move the channel all the time, which is no accident any more


class Move(BaseModel):
    """A version that a channel was pointed at: when (UTC, ISO 8601, by the caller's clock), by what, and which call."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    digest: str
    since: str = ""  # empty: from before moves were kept
    by: By = "deploy"
    token: str = ""


class Pointer(Move):
    """Where a channel points, and where it pointed before, newest first."""

    schema_version: int = 1
    before: tuple[Move, ...] = ()

    @field_validator("before", mode="before")
    @classmethod
    def _once_digests_only(cls, moves: Iterable[Any]) -> list[Any]:
        return [{"digest": move} if isinstance(move, str) else move for move in moves]

    def earlier(self) -> str | None:
        """The version to roll back to: the newest before this one that no roll-back has left since, None without one.

        So rolling back twice goes two versions back, and a version that was put there again counts again.
        """
        left: set[str] = {self.digest}
        newer: Move = self
        for move in self.before:
            if newer.by == "rollback":
                left.add(move.digest)
            if move.digest not in left:
                return move.digest
            newer = move
        return None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What became of a channel. `before` is the version that it pointed at; `moved` is false where that is `digest`."""

    job: str
    channel: str
    digest: str
    before: str | None
    moved: bool


def read(s3: S3Client, bucket: str, job: str, channel: str) -> tuple[Pointer, str] | None:
    """Where `channel` points and the object's ETag; None when nothing was ever there. Raises UserError for no name."""
    require_job(job)
    require_channel(channel)
    at = key(job, channel)
    found = objects.read(s3, bucket, at)
    return (objects.parsed(Pointer, found[0], f"s3://{bucket}/{at}"), found[1]) if found else None


def names(s3: S3Client, bucket: str, job: str) -> Iterator[str]:
    """The channels of `job`, in order."""
    for found in objects.keys(s3, bucket, f"{job}/channels/"):
        yield found.rpartition("/")[2].removesuffix(".json")


def point(
    s3: S3Client, bucket: str, job: str, channel: str, digest: str, by: By, clock: Clock, *,
    only_from: str | None = None,
) -> Moved:  # fmt: skip
    """Point `channel` at `digest`, whoever else moves it; with `only_from`, only while it points there.

    Raises UserError when others are always faster, or have moved it from `only_from` to elsewhere.
    """
    token, before = secrets.token_hex(8), None
    for _ in range(_RACES):
        found = read(s3, bucket, job, channel)
        now = found[0] if found else None
        if now and token in {move.token for move in (now, *now.before)}:  # only its answer was lost
            return Moved(job=job, channel=channel, digest=digest, before=before, moved=True)
        before = now.digest if now else None
        if before == digest:
            return Moved(job=job, channel=channel, digest=digest, before=before, moved=False)
        if only_from and before != only_from:
            raise UserError(
                f"channel '{channel}' of job '{job}' was moved to {str(before)[:12]} by another command meanwhile; "
                f"see 'emrctl jobs versions {job}', and try again if it must be moved still",
                code=1,
            )
        history = (Move.model_validate(now.model_dump()), *now.before)[:HISTORY] if now else ()
        since = clock.now().isoformat(timespec="seconds")
        pointer = Pointer(digest=digest, since=since, by=by, token=token, before=history)
        body = pointer.model_dump_json(indent=1).encode()
        if found is None:
            written = objects.create(s3, bucket, key(job, channel), body)
        else:
            written = objects.replace(s3, bucket, key(job, channel), body, found[1])
        if written:
            return Moved(job=job, channel=channel, digest=digest, before=before, moved=True)
    raise UserError(
        f"channel '{channel}' of job '{job}' was moved by others {_RACES} times meanwhile; try again", code=1
    )


def key(job: str, channel: str) -> str:
    """Where a channel lies."""
    return f"{job}/channels/{channel}.json"


def require_channel(channel: str) -> None:
    """Raises UserError for what is no channel's name: it becomes part of a key."""
    if not _CHANNEL.fullmatch(channel):
        raise UserError(
            f"channel {channel[:80]!r} is no name: lower-case letters, digits and '-', at most 32, a letter first"
        )


def require_job(job: str) -> None:
    """Raises UserError for what is no job's name: it becomes part of keys."""
    try:
        _JOB.validate_python(job)
    except ValidationError:
        raise UserError(
            f"{job[:80]!r} is no job's name: lower-case letters, digits and single '-', at most 40"
        ) from None

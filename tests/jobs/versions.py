"""A world with several versions of its job."""

from __future__ import annotations

from collections.abc import Sequence

from jobs import artifacts, channels, objects, spec
from jobs.platform import Platform
from jobs.pointers import Pointer
from tests.jobs.world import JOB, World

DAY = 86_400.0


class Versions(World):
    """A world in which version n is the job with a time-out of n minutes."""

    def __init__(self, platform: Platform, count: int = 3) -> None:
        super().__init__(platform)
        self.s3.objects.clear()
        self.digests = [self.put(minutes) for minutes in range(1, count + 1)]

    def put(self, minutes: int, channel: str = "dev") -> str:
        job = spec.find(JOB).model_copy(update={"timeout_minutes": minutes})
        return artifacts.deploy(self.session, self.platform, job, channel, clock=self.time.clock).digest

    def pointer(self, channel: str = "dev") -> Pointer:
        plan, self.faults.plan = self.faults.plan, iter(())
        found = channels.pointed(self.session, self.platform, JOB, channel)
        self.faults.plan = plan
        return found

    def promote(self, digest: str, channel: str = "prod") -> channels.Moved:
        return channels.promote(self.session, self.platform, JOB, digest, channel, clock=self.time.clock)

    def rollback(self, channel: str = "dev", to: str | None = None) -> channels.Moved:
        return channels.rollback(self.session, self.platform, JOB, channel, to=to, clock=self.time.clock)

    def whole(self, digest: str) -> bool:
        """Whether all is there that the version needs."""
        s3, bucket = self.s3, self.platform.buckets.artifacts
        artifact = artifacts.load(s3, bucket, JOB, digest)  # type: ignore[arg-type]
        return all(objects.split(uri) in s3.objects for uri in artifact.uris)

    def listed(self) -> Sequence[str]:
        return sorted(key for bucket, key in self.s3.objects if bucket == self.platform.buckets.artifacts)


def history(pointer: Pointer) -> list[tuple[str, str]]:
    """Where the channel was and what brought it there, newest first."""
    return [(move.digest, move.by) for move in (pointer, *pointer.before)]


__all__ = ["DAY", "JOB", "Versions", "history"]

"""What is removed of a job is what nothing refers to, and only that, whoever is at work meanwhile."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs import artifacts, environments, removal
from jobs.platform import Platform
from jobs.removal import Removal
from tests.jobs.fakes import FAULTS, KilledError
from tests.jobs.versions import DAY, JOB, Versions

MONTH = 30 * DAY


def _gc(world: Versions, keep: int = 1, *, dry_run: bool = False) -> Removal:
    return removal.gc(world.session, world.platform, JOB, keep=keep, dry_run=dry_run, clock=world.time.clock)


def _aged(platform: Platform, count: int = 4) -> Versions:
    """Version n is of day n, and a month has gone by since."""
    world = Versions(platform, 0)
    for minutes in range(1, count + 1):
        world.time.go(DAY)
        world.digests.append(world.put(minutes))
    world.time.go(MONTH)
    return world


def test_a_job_that_was_never_there_is_a_mistake(platform: Platform) -> None:
    world = Versions(platform, 1)
    with pytest.raises(
        UserError, match=r"^job 'nightly' has nothing in the bucket dev-artifacts: it was never"
    ):
        removal.gc(world.session, platform, "nightly")


def test_old_versions_go_and_those_that_channels_keep_stay(platform: Platform) -> None:
    world = _aged(platform)
    world.promote(world.digests[0])
    world.time.go(MONTH)
    planned = _gc(world, dry_run=True)
    assert all(world.whole(digest) for digest in world.digests)
    done = _gc(world)
    assert (done.versions, done.kept, done.objects) == ((world.digests[1],), 3, 3)
    assert (planned.versions, planned.objects, planned.size) == (done.versions, done.objects, done.size)
    assert not [key for key in world.listed() if world.digests[1] in key]
    assert all(world.whole(digest) for digest in world.digests if digest != world.digests[1])
    assert _gc(world).objects == 0
    assert removal.describe(done).splitlines()[0] == f"version {world.digests[1][:12]} removed"


def test_what_is_young_or_left_lately_stays(platform: Platform) -> None:
    world = _aged(platform)
    assert world.rollback().digest == world.digests[2]
    # Moved a moment ago: who read the channel before may be about to keep a run of any that it was at.
    assert _gc(world).versions == ()
    world.time.go(MONTH)
    assert set(_gc(world).versions) == set(world.digests[:2])


def test_a_version_of_a_run_under_way_or_of_a_record_stays(platform: Platform) -> None:
    world = _aged(platform)
    lifecycle = world.lifecycle()
    world.promote(world.digests[0], "canary")
    lifecycle.run(JOB, "canary")
    world.promote(world.digests[1], "canary")
    world.emr.outcomes = itertools.repeat("for ever")
    open_attempt = lifecycle.start(JOB, "canary")
    assert open_attempt.digest == world.digests[1]
    for digest in world.digests[2:]:
        world.promote(digest, "canary")
    world.promote(world.put(9), "canary")
    world.promote(world.put(10), "canary")
    world.time.go(MONTH)
    assert sorted(_gc(world).versions) == sorted(world.digests[2:])


def test_a_record_or_manifest_that_cannot_be_read_stops_it(platform: Platform) -> None:
    world = _aged(platform)
    key = ("dev-runs", f"records/v1/job={JOB}/date=2026-01-01/r.json")
    world.s3.objects[key] = b"{}"
    with pytest.raises(UserError, match="a run record cannot be read"):
        _gc(world)
    del world.s3.objects[key]
    world.s3.objects["dev-artifacts", artifacts.manifest_key(JOB, world.digests[3])] = b"{}"
    with pytest.raises(
        UserError, match=r"cannot be read, so what it needs is not known; nothing was removed"
    ):
        _gc(world)
    assert all(world.whole(digest) for digest in world.digests[:3])


def test_what_an_upload_left_that_was_cut_off_goes_when_it_is_old(platform: Platform) -> None:
    world = _aged(platform, 1)
    orphan = ("dev-artifacts", f"{JOB}/{world.digests[0]}/abcdabcd/main.py")
    world.s3.put_object(*orphan, b"x")
    strange = ("dev-artifacts", f"{JOB}/notes.txt")
    world.s3.objects[strange] = b"somebody's own"
    assert _gc(world).objects == 0
    world.time.go(MONTH)
    assert _gc(world).objects == 1
    assert orphan not in world.s3.objects
    assert strange in world.s3.objects


def test_environments_go_with_the_last_version_that_needs_them(platform: Platform) -> None:
    world = _aged(platform)
    s3, bucket = world.s3, "dev-artifacts"
    made = {
        name: environments.have(s3, bucket, JOB, name, name.encode)  # type: ignore[arg-type]
        for name in ("needed", "unused")
    }
    key = (bucket, artifacts.manifest_key(JOB, world.digests[3]))
    manifest = artifacts.Manifest.model_validate_json(s3.objects[key])
    needs = {"environment": "needed", "archive": made["needed"].archive}
    s3.objects[key] = manifest.model_copy(update=needs).model_dump_json().encode()
    assert _gc(world).environments == ()  # young
    world.time.go(MONTH)
    done = _gc(world)
    assert done.environments == ("unused",)
    assert world.whole(world.digests[3])
    assert (bucket, f"{JOB}/environments/{made['unused'].archive}") not in s3.objects


def test_keep_is_at_least_one(platform: Platform) -> None:
    with pytest.raises(UserError, match="keep is 0; at least 1"):
        _gc(Versions(platform, 1), keep=0)


def _deploy(world: Versions) -> None:
    world.put(1)


def _promote(world: Versions) -> None:
    world.promote(world.digests[0])


def _roll_back(world: Versions) -> None:
    world.rollback(to=world.digests[0])


def _mend(world: Versions) -> None:
    """A deploy of a version whose wheel somebody has removed."""
    for key in [key for key in world.s3.objects if world.digests[0] in key[1] and key[1].endswith(".whl")]:
        del world.s3.objects[key]
    world.put(1)


@pytest.mark.parametrize("other", [_deploy, _mend, _promote, _roll_back])
def test_another_command_between_any_two_calls_finds_its_version_whole(
    platform: Platform, other: Callable[[Versions], None]
) -> None:
    """The other command runs whole between two calls of the removal; and the removal between two of its."""
    for outer, inner in ((_gc, other), (other, _gc)):
        for at in itertools.count():
            world = _aged(platform)
            ran = _between(world, at, lambda inner=inner, world=world: inner(world))  # type: ignore[misc]
            with contextlib.suppress(UserError):  # the version was gone before it was claimed
                outer(world)
            channels = ("dev", "prod") if f"{JOB}/channels/prod.json" in world.listed() else ("dev",)
            assert all(world.whole(world.pointer(channel).digest) for channel in channels), (outer, at)
            if not ran:
                break
        assert at > 3


def _between(world: Versions, at: int, call: Callable[[], Any]) -> list[bool]:
    """Have `call` run before the call number `at`; what is returned holds something when it did."""
    ran: list[bool] = []
    around = world.faults.around
    count = itertools.count()

    def counted(one: Callable[[], Any], name: str = "") -> Any:
        if next(count) == at and not ran:
            ran.append(True)
            with contextlib.suppress(UserError):
                call()
        return around(one, name)

    world.faults.around = counted  # type: ignore[method-assign, assignment]
    return ran


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.startswith(("none", "clock"))])
def test_one_fault_at_each_call_leaves_versions_that_are_whole(platform: Platform, fault: str) -> None:
    kept = _aged(platform)
    objects, written = dict(kept.s3.objects), dict(kept.s3.written)
    before = kept.faults.calls
    _gc(kept)
    for at in range(kept.faults.calls - before):
        kept.s3.objects, kept.s3.written = dict(objects), dict(written)
        kept.faults.plan = itertools.chain(["none"] * at, [fault])
        with contextlib.suppress(KilledError, ClientError, BotoCoreError):
            _gc(kept)
        kept.faults.plan = iter(())
        there = [digest for digest in kept.digests if artifacts.manifest_key(JOB, digest) in kept.listed()]
        assert all(kept.whole(digest) for digest in there)
        assert set(kept.digests[2:]) <= set(there)
        _gc(kept)
        assert not [key for key in kept.listed() for digest in kept.digests[:2] if digest in key]

"""Channels: they move to what was asked for, whoever else moves them, and whatever fails."""

from __future__ import annotations

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import artifacts, channels, pointers, removal, spec
from jobs.clock import Clock
from jobs.platform import Platform
from jobs.pointers import Move, Pointer
from tests.jobs.fakes import FAULTS, KilledError
from tests.jobs.versions import JOB, Versions, history


def test_a_version_is_promoted_by_the_beginning_of_its_digest(platform: Platform) -> None:
    world = Versions(platform)
    moved = world.promote(world.digests[0][:8])
    assert (moved.digest, moved.before, moved.moved) == (world.digests[0], None, True)
    assert not world.promote(world.digests[0]).moved
    assert world.promote(world.digests[1]).before == world.digests[0]
    assert history(world.pointer("prod")) == [(world.digests[1], "promote"), (world.digests[0], "promote")]
    assert channels.describe(moved) == f"channel 'prod' of {JOB} now points at {world.digests[0][:12]}"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("f" * 64, "fits no version of job"),
        ("../../x", "is no version: give its digest"),
        ("channels", "is no version"),
        ("abc", "at least its first 4 digits"),
    ],
)
def test_what_is_no_version_is_refused(platform: Platform, part: str, told: str) -> None:
    world = Versions(platform, 1)
    with pytest.raises(UserError, match=told):
        world.promote(part)
    with pytest.raises(UserError, match="in channel 'prod'; its channels are: dev"):
        world.rollback("prod")


def test_a_beginning_of_two_versions_is_refused(platform: Platform) -> None:
    world = Versions(platform, 1)
    (key,) = [key for key in world.listed() if key.endswith("manifest.json")]
    twin = world.digests[0][:60] + "0000"
    bucket = platform.buckets.artifacts
    world.s3.objects[bucket, key.replace(world.digests[0], twin)] = world.s3.objects[bucket, key]
    with pytest.raises(UserError, match="fits 2 versions of job"):
        world.promote(world.digests[0][:10])


@pytest.mark.parametrize("job", ["../x", "a/b", "", "A", "x" * 41, "a\nb"])
def test_a_job_has_a_name(platform: Platform, job: str) -> None:
    session = Versions(platform, 1).session
    for call in (
        lambda: channels.promote(session, platform, job, "abcd", "prod"),
        lambda: channels.rollback(session, platform, job, "prod"),
        lambda: channels.versions(session, platform, job),
        lambda: removal.gc(session, platform, job),
    ):
        with pytest.raises(UserError, match="is no job's name"):
            call()


def test_a_version_that_is_not_whole_is_pointed_at_by_nobody(platform: Platform) -> None:
    world = Versions(platform)
    one = world.digests[0]
    (wheel,) = (at for at in world.s3.objects if one in at[1] and at[1].endswith(".whl"))
    del world.s3.objects[wheel]
    said = f"version {one[:12]} of job '{JOB}' is not whole: s3://{'/'.join(wheel)} is gone"
    with pytest.raises(UserError, match=said):
        world.promote(one)
    with pytest.raises(UserError, match=said):
        world.rollback(to=one)
    assert world.pointer().digest == world.digests[2]


def test_an_empty_word_is_no_version(platform: Platform) -> None:
    world = Versions(platform)
    with pytest.raises(UserError, match=r"^'' is no version"):
        world.promote("")
    with pytest.raises(UserError, match=r"^'' is no version"):
        world.rollback(to="")


def test_back_twice_is_two_versions_back_and_what_came_again_counts_again(platform: Platform) -> None:
    world = Versions(platform)
    one, two, three = world.digests
    assert (world.rollback().digest, world.rollback().digest) == (two, one)
    with pytest.raises(UserError, match=f"has no version before {one[:12]}; name one with --to"):
        world.rollback()
    assert world.rollback(to=three[:12]).digest == three
    assert [by for _, by in history(world.pointer())] == ["rollback"] * 3 + ["deploy"] * 3
    world.put(2)
    world.put(9)
    assert world.rollback().digest == two


def test_a_version_that_is_gone_is_not_rolled_back_to(platform: Platform) -> None:
    world = Versions(platform, 2)
    del world.s3.objects[platform.buckets.artifacts, artifacts.manifest_key(JOB, world.digests[0])]
    with pytest.raises(UserError, match=f"has no version {world.digests[0]}"):
        world.rollback()
    assert world.pointer().digest == world.digests[1]


def test_versions_tell_who_points_at_them(platform: Platform) -> None:
    world = Versions(platform, 1)
    world.time.go(60)
    world.digests.append(world.put(2))
    world.promote(world.digests[0])
    newest, oldest = channels.versions(world.session, platform, JOB)
    assert (newest.digest, newest.channels, newest.left) == (world.digests[1], ("dev",), ())
    assert (oldest.digest, oldest.channels, oldest.left) == (world.digests[0], ("prod",), ("dev",))
    assert (oldest.created_at, oldest.wheel) == (
        "2026-01-02T03:04:05+00:00",
        "nightly_etl-0-py3-none-any.whl",
    )
    assert oldest.size > 1000
    with pytest.raises(UserError, match="job 'other' has no version; run 'emrctl jobs deploy other'"):
        channels.versions(world.session, platform, "other")


def test_versions_tell_the_runs_that_keep_them(platform: Platform) -> None:
    world = Versions(platform, 1)
    world.time.go(60)
    world.put(2)
    ran = []
    for _ in range(2):
        ran.append(world.run().run_id)
        world.time.go(60)
    started = world.lifecycle().start(JOB, "dev").run_id
    newest, oldest = channels.versions(world.session, platform, JOB)
    assert (newest.under_way, newest.ran) == ((started,), tuple(reversed(ran)))
    assert (oldest.under_way, oldest.ran) == ((), ())


def test_a_damaged_version_is_named(platform: Platform) -> None:
    world = Versions(platform, 1)
    key = (platform.buckets.artifacts, artifacts.manifest_key(JOB, world.digests[0]))
    world.s3.objects[key] = b"{cut off"
    with pytest.raises(UserError, match=f"^s3://{'/'.join(key)} is not what this version reads: the whole: "):
        channels.versions(world.session, platform, JOB)


def test_a_channel_of_an_older_program_is_read(platform: Platform) -> None:
    old = '{"schema_version": 1, "digest": "b", "since": "2026-01-01", "before": ["a"]}'
    assert Pointer.model_validate_json(old).earlier() == "a"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["deploy", "promote", "rollback"]))))
def test_back_is_never_to_where_it_is_nor_to_what_was_just_left(moves: list[tuple[str, str]]) -> None:
    before = tuple(Move.model_validate({"digest": digest, "by": by}) for digest, by in moves)
    pointer = Pointer(digest="a", by="rollback", before=before)
    earlier = pointer.earlier()
    assert earlier != "a"
    assert earlier is None or (before[0].digest != earlier and earlier in {move.digest for move in before})


def test_promotions_at_once_all_count(session: boto3.Session, platform: Platform) -> None:
    digests = [
        artifacts.deploy(
            session, platform, spec.find(JOB).model_copy(update={"timeout_minutes": minutes}), "dev"
        ).digest
        for minutes in range(1, 7)
    ]
    clients = [boto3.Session(region_name="us-east-1") for _ in digests]
    with ThreadPoolExecutor(len(digests)) as pool:
        list(
            pool.map(
                lambda at: channels.promote(at[0], platform, JOB, at[1], "prod"),
                zip(clients, digests, strict=True),
            )
        )
    assert sorted(
        digest for digest, _ in history(channels.pointed(session, platform, JOB, "prod"))
    ) == sorted(digests)


def test_roll_backs_at_once_go_back_once(session: boto3.Session, platform: Platform) -> None:
    for minutes in range(1, 7):
        artifacts.deploy(
            session, platform, spec.find(JOB).model_copy(update={"timeout_minutes": minutes}), "dev"
        )
    clients = [boto3.Session(region_name="us-east-1") for _ in range(4)]
    before = channels.pointed(session, platform, JOB, "dev")
    with ThreadPoolExecutor(4) as pool:
        moved = list(
            pool.map(
                lambda at: pointers.point(
                    at.client("s3"), "dev-artifacts", JOB, "dev", before.earlier() or "", "rollback",
                    Clock(), only_from=before.digest,
                ),
                clients,
            )
        )  # fmt: skip
    assert sum(each.moved for each in moved) == 1
    assert channels.pointed(session, platform, JOB, "dev").digest == before.earlier()


def test_a_roll_back_from_where_it_is_not_any_more_is_told(platform: Platform) -> None:
    world = Versions(platform)
    with pytest.raises(UserError, match=f"was moved to {world.digests[2][:12]} by another command") as caught:
        pointers.point(
            world.s3, platform.buckets.artifacts, JOB, "dev", world.digests[0], "rollback", world.time.clock,  # type: ignore[arg-type]
            only_from=world.digests[1],
        )  # fmt: skip
    assert caught.value.code == 1


WAYS = {
    "promote": lambda world: world.promote(world.digests[0], "dev"),
    "roll back": lambda world: world.rollback(),
    "deploy": lambda world: world.put(1),
}


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "none"])
@pytest.mark.parametrize("way", WAYS)
def test_one_fault_at_each_call(platform: Platform, way: str, fault: str) -> None:
    whole = Versions(platform, 2)
    calls = whole.faults.calls
    WAYS[way](whole)
    kept = Versions(platform, 2)
    objects = dict(kept.s3.objects)
    for at in range(whole.faults.calls - calls):
        kept.s3.objects = dict(objects)
        kept.faults.plan = itertools.chain(["none"] * at, [fault])
        told = None
        with contextlib.suppress(KilledError, ClientError, BotoCoreError):
            told = WAYS[way](kept)
        kept.faults.plan = iter(())
        pointer = kept.pointer()
        assert pointer.digest in kept.digests
        assert all(kept.whole(digest) for digest in kept.digests)
        assert len(pointer.before) == (
            2 if pointer.digest == kept.digests[0] else 1
        )  # moved once, or not at all
        if told is not None:
            assert pointer.digest == kept.digests[0]
        again = kept.promote(kept.digests[0], "dev")
        assert again.moved == (pointer.digest == kept.digests[1])
        assert len(kept.pointer().before) == 2


def test_a_move_whose_answer_was_lost_and_that_is_sent_again_is_one_move(platform: Platform) -> None:
    """As botocore does it: the second request meets what the first has done."""
    world = Versions(platform)
    put = world.s3.put_object

    def twice(**asked: Any) -> Any:
        if asked["Key"].endswith("dev.json"):
            put(**asked)
        return put(**asked)

    world.s3.put_object = twice  # type: ignore[method-assign, assignment]
    moved = world.rollback()
    assert (moved.moved, moved.digest, moved.before) == (True, world.digests[1], world.digests[2])
    assert len(world.pointer().before) == 3

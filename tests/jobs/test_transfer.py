"""A version between two stacks: it arrives whole and as it was, or nothing does."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs import artifacts, channels, environments, objects, pointers, transfer
from jobs.platform import Buckets, Platform
from tests.jobs.fakes import FAULTS, KilledError
from tests.jobs.versions import JOB, Versions


@pytest.fixture
def prod(platform: Platform) -> Platform:
    """Another stack's platform."""
    names = {zone: name.replace("dev-", "prod-") for zone, name in platform.buckets.model_dump().items()}
    return platform.model_copy(update={"buckets": Buckets(**names), "environment": "prod"})


def _with_environment(world: Versions) -> environments.Environment:
    s3, bucket = cast(Any, world.s3), world.platform.buckets.artifacts
    made = environments.have(s3, bucket, JOB, "e" * 64, lambda: b"packed")
    key = (bucket, artifacts.manifest_key(JOB, world.digests[0]))
    manifest = artifacts.Manifest.model_validate_json(world.s3.objects[key])
    files = {**manifest.files, "abcdabcd/driver.jar": hashlib.sha256(b"jar").hexdigest()}
    world.s3.put_object(bucket, f"{JOB}/{manifest.digest}/abcdabcd/driver.jar", b"jar")
    needs = {
        "environment": made.digest, "archive": made.archive, "jars": ("abcdabcd/driver.jar",), "files": files,
    }  # fmt: skip
    world.s3.objects[key] = manifest.model_copy(update=needs).model_dump_json().encode()
    return made


def _bring(world: Versions, prod: Platform, part: str) -> str:
    return transfer.bring(world.session, world.platform, world.session, prod, JOB, part)


def test_a_version_arrives_with_its_environment_and_is_promoted(platform: Platform, prod: Platform) -> None:
    world = Versions(platform, 2)
    _with_environment(world)
    one = world.digests[0]
    assert _bring(world, prod, one[:12]) == one
    channels.promote(world.session, prod, JOB, one, "prod")
    there, here = (
        artifacts.load(world.session.client("s3"), each.buckets.artifacts, JOB, one)
        for each in (platform, prod)
    )
    assert len(here.uris) == 4
    for pair in zip(there.uris, here.uris, strict=True):
        uris = list(map(objects.split, pair))
        assert [bucket for bucket, _ in uris] == ["dev-artifacts", "prod-artifacts"]
        assert world.s3.objects[uris[0]] == world.s3.objects[uris[1]]
    assert here.manifest.spec == there.manifest.spec
    before = dict(world.s3.objects)
    assert _bring(world, prod, one) == one
    assert world.s3.objects == before


@pytest.mark.parametrize("what", ["main.py", ".whl", ".jar", ".tar.gz"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_what_is_not_what_the_manifest_says_does_not_arrive(
    platform: Platform, prod: Platform, what: str, how: str
) -> None:
    world = Versions(platform, 1)
    _with_environment(world)
    (key,) = [at for at in world.s3.objects if at[1].endswith(what)]
    if how == "changed":
        world.s3.objects[key] += b"#"
    else:
        del world.s3.objects[key]
    told = "is not what its manifest says" if how == "changed" else "is not there"
    with pytest.raises(UserError, match=f"{what} {told}") as caught:
        _bring(world, prod, world.digests[0])
    assert caught.value.code == 1
    with pytest.raises(UserError, match="has no version"):
        channels.versions(world.session, prod, JOB)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "none"])
def test_one_fault_at_each_call_of_a_promotion_between_stacks(
    platform: Platform, prod: Platform, fault: str
) -> None:
    world = Versions(platform, 1)
    _with_environment(world)
    (one,), objects_before = world.digests, dict(world.s3.objects)

    def promote() -> channels.Moved:
        return channels.promote(world.session, prod, JOB, _bring(world, prod, one), "prod")

    def whole() -> bool:
        found = artifacts.load(world.session.client("s3"), prod.buckets.artifacts, JOB, one)
        return all(objects.split(uri) in world.s3.objects for uri in found.uris)

    before = world.faults.calls
    promote()
    for at in range(world.faults.calls - before):
        world.s3.objects = dict(objects_before)
        world.faults.plan = itertools.chain(["none"] * at, [fault])
        with contextlib.suppress(KilledError, ClientError, BotoCoreError):
            promote()
        world.faults.plan = iter(())
        key = (prod.buckets.artifacts, pointers.key(JOB, "prod"))
        assert key not in world.s3.objects or whole()  # nothing points at what is not whole
        promote()
        assert whole()
        pointer = channels.pointed(world.session, prod, JOB, "prod")
        assert (pointer.digest, pointer.before) == (one, ())  # moved once


def test_a_manifest_under_another_name_is_refused(platform: Platform, prod: Platform) -> None:
    world = Versions(platform, 2)
    one, two = (("dev-artifacts", artifacts.manifest_key(JOB, digest)) for digest in world.digests)
    world.s3.objects[one] = world.s3.objects[two]
    with pytest.raises(UserError, match="is the manifest of another version"):
        _bring(world, prod, world.digests[0])


def test_between_two_buckets_of_a_real_s3(session: boto3.Session, platform: Platform, prod: Platform) -> None:
    from jobs import spec

    session.client("s3").create_bucket(Bucket=prod.buckets.artifacts)
    digest = artifacts.deploy(session, platform, spec.find(JOB), "dev").digest
    assert transfer.bring(session, platform, session, prod, JOB, digest) == digest
    assert channels.promote(session, prod, JOB, digest, "prod").moved
    assert artifacts.resolve(session, prod, JOB, "prod").manifest.digest == digest

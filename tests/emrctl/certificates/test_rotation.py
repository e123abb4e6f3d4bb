"""Rotations one after another, at once, interrupted, over what was there; which cluster has which certificate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from emrctl.certificates import pem
from emrctl.certificates.records import FORMER, Certificate, Kept, read_kept, started_with
from emrctl.certificates.rotation import Certificates
from facts.errors import UserError
from tests.emrctl.certificates.conftest import NOW, put, rotate, stored

BESIDE = "certificates/emr-nodes-authority.json"
STRANGER = pem.new_zip(pem.new_authority("by-hand", "us-east-1", NOW), "us-east-1", NOW)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def serial(found: Certificate | None) -> str:
    assert found is not None
    return found.serial


def kept(certificates: Certificates) -> Kept:
    return read_kept(stored(certificates, BESIDE))


def test_the_first_rotation_makes_the_authority_and_the_next_keeps_it(certificates: Certificates) -> None:
    first = rotate(certificates, NOW)
    assert (first.new_authority, first.before) == (True, None)
    one = pem.read_zip(stored(certificates))
    second, third = rotate(certificates, NOW + DAY), rotate(certificates, NOW + 2 * DAY)
    assert not second.new_authority
    assert serial(second.before) == serial(first.certificate)
    assert serial(third.before) == serial(second.certificate)
    now = pem.read_zip(stored(certificates))
    assert now.certificate != one.certificate
    assert now.trusted == one.trusted
    assert [each.serial for each in kept(certificates).former] == [
        serial(first.certificate),
        serial(second.certificate),
    ]


def test_each_cluster_is_told_with_the_certificate_of_its_start(certificates: Certificates) -> None:
    first = rotate(certificates, NOW).certificate
    old = certificates.emr.start(NOW + HOUR)
    second = rotate(certificates, NOW + DAY)
    assert [(one.id, one.trusts) for one in second.clusters] == [(old, True)]
    assert second.cut == ()
    new = certificates.emr.start(NOW + DAY + HOUR)
    certificates.emr.start(NOW + DAY, stack="dev-2", name="emr-dev-2-main")  # begins alike
    certificates.emr.start(NOW + DAY, name="somebody-s")
    status = certificates.look()
    assert serial(status.certificate) == serial(second.certificate)
    assert {one.id: (serial(one.certificate), one.trusts) for one in status.clusters} == {
        old: (serial(first), True),
        new: (serial(second.certificate), True),
    }


def test_all_is_sound_until_the_certificate_of_the_oldest_cluster_is_about_to_end(
    certificates: Certificates,
) -> None:
    rotate(certificates, NOW)
    assert certificates.look().sound(NOW, 365)
    assert not certificates.look().sound(NOW, 366)
    old = certificates.emr.start(NOW + HOUR)
    rotate(certificates, NOW + 300 * DAY)
    then = NOW + 340 * DAY
    assert certificates.look().sound(then, 25)
    assert not certificates.look().sound(then, 26)
    assert [one.id for one in certificates.look().ending(then, 26)] == [old]


def test_it_is_only_asked_and_nothing_is_there(certificates: Certificates) -> None:
    asked = rotate(certificates, NOW, only_ask=True)
    assert (asked.certificate, asked.new_authority) == (None, True)
    status = certificates.look()
    assert status.certificate is None
    assert status.troubles == (f"{certificates.store.uri} is not there: no cluster would start",)


def test_a_new_authority_cuts_the_trust_of_clusters_that_stand_and_says_which(
    certificates: Certificates,
) -> None:
    rotate(certificates, NOW)
    old = certificates.emr.start(NOW + HOUR)
    assert rotate(certificates, NOW + DAY, anew=True, only_ask=True).cut == (old,)
    before = kept(certificates)
    assert rotate(certificates, NOW + DAY, anew=True).cut == (old,)
    assert kept(certificates).authority.id != before.authority.id
    assert [one.id for one in certificates.look().apart()] == [old]
    # It cannot become worse: the next one does not ask again.
    assert rotate(certificates, NOW + 2 * DAY).cut == ()


def test_a_zip_made_by_hand_is_replaced_and_its_clusters_must_be(certificates: Certificates) -> None:
    put(certificates, STRANGER)
    cluster = certificates.emr.start(NOW + HOUR)
    assert [one.trusts for one in certificates.look().clusters] == [True]  # all nodes have the same
    done = rotate(certificates, NOW + DAY)
    assert (done.cut, done.new_authority) == ((cluster,), True)
    assert serial(certificates.look().clusters[0].certificate) == serial(done.before)


def test_a_damaged_zip_is_told_and_replaced(certificates: Certificates) -> None:
    put(certificates, b"not a zip")
    assert "is of no use to nodes: it is no zip that can be opened" in certificates.look().troubles[0]
    assert rotate(certificates, NOW).before is None
    assert certificates.look().sound(NOW, 30)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"key": 1}', b"[]"])
def test_a_damaged_authority_is_told_and_never_overwritten_unless_asked_for(
    certificates: Certificates, body: bytes
) -> None:
    rotate(certificates, NOW)
    put(certificates, body, BESIDE)
    assert "emr-nodes-authority.json is damaged: it is not what" in certificates.look().troubles[0]
    with pytest.raises(UserError, match="is damaged; make a new one with 'emrctl certs rotate dev --new-au"):
        certificates.rotate(NOW)
    assert stored(certificates, BESIDE) == body
    rotate(certificates, NOW, anew=True)
    assert certificates.look().sound(NOW, 30)


def test_an_authority_that_ends_too_soon_vouches_for_nothing_more(certificates: Certificates) -> None:
    rotate(certificates, NOW)
    last = NOW + timedelta(days=pem.AUTHORITY_DAYS - pem.VALID_DAYS)
    rotate(certificates, last)
    with pytest.raises(UserError, match=r"ends on 2036-11-25, before a new certificate would"):
        rotate(certificates, last + DAY)


@pytest.mark.parametrize("first", [True, False], ids=["the first ever", "a later one"])
def test_of_two_at_once_one_rotates_and_the_other_changes_nothing(
    certificates: Certificates, first: bool
) -> None:
    if not first:
        rotate(certificates, NOW)
    left: list[bytes] = []

    def other(_: str) -> None:
        certificates.s3.before_put = lambda key: None
        certificates.rotate(NOW)  # the other one comes first, and whole
        left.extend([stored(certificates), stored(certificates, BESIDE)])

    certificates.s3.before_put = other
    with pytest.raises(UserError, match="somebody else changed") as caught:
        certificates.rotate(NOW)
    assert caught.value.code == 1
    assert [stored(certificates), stored(certificates, BESIDE)] == left


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("at", [BESIDE, "certificates/emr-nodes.zip"])
def test_interrupted_anywhere_the_old_zip_stands_and_the_next_rotation_goes_on(
    certificates: Certificates, at: str, anew: bool
) -> None:
    rotate(certificates, NOW)
    old, cluster = stored(certificates), certificates.emr.start(NOW + HOUR)

    def stop(key: str) -> None:
        if key == at:
            raise KeyboardInterrupt

    certificates.s3.before_put = stop
    with pytest.raises(KeyboardInterrupt):
        certificates.rotate(NOW + DAY, anew=anew)
    certificates.s3.before_put = lambda key: None
    assert stored(certificates) == old
    assert certificates.look().sound(NOW + DAY, 30)
    rotate(certificates, NOW + DAY)
    (seen,) = certificates.look().clusters
    assert seen.id == cluster
    # Where the new authority had been made it stays, and the cluster is known not to trust it.
    assert seen.trusts is not (anew and at != BESIDE)
    assert len(kept(certificates).former) == 1


def test_what_aws_refuses_comes_before_anything_is_written(certificates: Certificates) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListClusters")

    certificates.emr.paginate = refuse
    with pytest.raises(ClientError):
        certificates.rotate(NOW)
    assert "Contents" not in certificates.s3.moto.list_objects_v2(Bucket=certificates.store.bucket)


def certificate(number: int, since: datetime) -> Certificate:
    end = (since + 365 * DAY).isoformat()
    return Certificate(
        serial=str(number), sha256=str(number), since=since.isoformat(), not_after=end, authority="a"
    )


@given(st.lists(st.integers(0, 1000), unique=True, max_size=8).map(sorted), st.integers(-5, 1005))
def test_a_cluster_has_the_last_certificate_that_was_there_when_it_started(hours: list[int], at: int) -> None:
    found = started_with(NOW + at * HOUR, [certificate(hour, NOW + hour * HOUR) for hour in hours])
    earlier = [hour for hour in hours if hour <= at]
    assert (found.serial if found else None) == (str(earlier[-1]) if earlier else None)


AUTHORITY = pem.new_authority("dev", "us-east-1", NOW)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 500), max_size=FORMER + 20))
def test_what_is_kept_comes_back_the_last_of_it_and_nothing_twice(numbers: list[int]) -> None:
    keeps = Kept(authority=AUTHORITY)
    for number in numbers:
        keeps = keeps.after(certificate(number, NOW + number * HOUR))
    back = read_kept(keeps.written())
    assert back.former == keeps.former
    assert back.authority.certificate == AUTHORITY.certificate
    assert len(back.former) <= FORMER
    assert len({one.sha256 for one in back.former}) == len(back.former)

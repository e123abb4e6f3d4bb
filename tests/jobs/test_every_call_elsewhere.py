"""One fault at each call to AWS, on EKS, Serverless and clusters of a run's own: afterwards all is as if once."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.platform import Platform
from tests.jobs.elsewhere import TARGETS, Elsewhere
from tests.jobs.fakes import FAULTS, telling

ALL = (*(fault for fault in FAULTS if fault != "none"), "another command")
# This one befalls each look of the waiting as well; of the others the first and the last will do.
EVERYWHERE = "killed after"


def _succeeds(_: Elsewhere, __: str) -> None:
    pass


def _fails_once(world: Elsewhere, _: str) -> None:
    world.service.outcomes = itertools.chain(["FAILED"], itertools.repeat("COMPLETED"))


def _is_cancelled(world: Elsewhere, _: str) -> None:
    world.time.interrupt_at = 20


def _times_out(world: Elsewhere, kind: str) -> None:
    world.service.outcomes = itertools.chain(["for ever"], itertools.repeat("COMPLETED"))
    world.have(kind, timeout_minutes=2)


Way = Callable[[Elsewhere, str], None]
WAYS = (_fails_once, _is_cancelled, _times_out)
CASES = [(kind, way, fault) for kind in TARGETS for way in WAYS for fault in ALL]


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize(
    ("way", "state"),
    [
        (_succeeds, "SUCCEEDED"),
        (_fails_once, "SUCCEEDED"),
        (_is_cancelled, "CANCELLED"),
        (_times_out, "TIMED_OUT"),
    ],
)
def test_without_a_fault(platform: Platform, kind: str, way: Way, state: str) -> None:
    world = Elsewhere(platform, kind)
    way(world, kind)
    assert world.run().state == state
    world.check()
    assert len(world.service.made) == (2 if way is _fails_once else 1)


@pytest.mark.parametrize(
    ("kind", "way", "fault"), CASES, ids=[f"{kind}-{way.__name__[1:]}-{fault}" for kind, way, fault in CASES]
)
def test_one_fault_at_each_call(platform: Platform, kind: str, way: Way, fault: str) -> None:
    quiet = Elsewhere(platform, kind)
    way(quiet, kind)
    quiet.faults.made.clear()
    quiet.run()
    made = quiet.faults.made
    for at in range(len(made)) if fault == EVERYWHERE else telling(made):
        world = Elsewhere(platform, kind)
        way(world, kind)
        world.faults.plan = itertools.chain(["none"] * at, [fault])
        world.insist()
        world.check()


def test_a_job_run_of_serverless_is_told_as_one(platform: Platform) -> None:
    record = Elsewhere(platform, "serverless").run()
    assert (record.runtime, record.place, record.place_id) == ("serverless", "adhoc", "app-1")
    assert record.attempts[0].id == "1"
    assert record.log_uri == "s3://dev-logs/serverless/applications/app-1/jobs/1/"
    assert record.duration_seconds is not None
    assert 60 <= record.duration_seconds < 70


@pytest.mark.parametrize("kind", TARGETS)
@settings(max_examples=60, deadline=None)
@given(
    faults=st.lists(st.sampled_from((*FAULTS, "another command")), max_size=40),
    lag=st.sampled_from([0, 0, 1, 3, 7]),
)
@example(
    faults=["none"] * 7 + ["response lost"], lag=7
)  # sent again before it shows: a token gives the same run
def test_whatever_goes_wrong_and_when(platform: Platform, kind: str, faults: list[str], lag: int) -> None:
    world = Elsewhere(platform, kind, lag)
    world.faults.plan = iter(faults)
    world.insist()
    world.time.go(120)  # what came up late shows
    while world.lifecycle().shared.open_attempts():
        world.insist()
    world.check()

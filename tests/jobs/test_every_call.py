"""One fault at each call to AWS in turn, in every way that a run can go: afterwards all is as if it had been once."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from jobs.platform import Platform
from tests.jobs.fakes import FAULTS, telling
from tests.jobs.world import World


def _succeeds(_: World) -> None:
    pass


def _fails_once(world: World) -> None:
    world.emr.outcomes = itertools.chain(["FAILED"], itertools.repeat("COMPLETED"))


def _is_cancelled(world: World) -> None:
    world.time.interrupt_at = 20


def _is_cancelled_and_resists(world: World) -> None:
    world.time.interrupt_at, world.emr.stubborn = 20, True


def _is_cancelled_in_the_pause(world: World) -> None:
    _fails_once(world)
    world.time.interrupt_at = 75


def _times_out(world: World) -> None:
    world.emr.outcomes = itertools.chain(["for ever"], itertools.repeat("COMPLETED"))
    world.have(timeout_minutes=2)


WAYS = (
    _succeeds,
    _fails_once,
    _is_cancelled,
    _is_cancelled_and_resists,
    _is_cancelled_in_the_pause,
    _times_out,
)


# The longest way meets these at each call, and the others those that differ in what is left behind; the rest, where all
# is well again at the next call, befalls the first and the last of the looks that are alike.
TELLING = ("killed before", "killed after", "response lost", "clock ahead", "another command")
ALL = (*(fault for fault in FAULTS if fault != "none"), "another command")
CASES = [(way, fault) for way in WAYS for fault in ALL]


@pytest.mark.parametrize(("way", "fault"), CASES, ids=[f"{way.__name__[1:]}-{fault}" for way, fault in CASES])
def test_one_fault_at_each_call(platform: Platform, way: Callable[[World], None], fault: str) -> None:
    quiet = World(platform)
    way(quiet)
    quiet.faults.made.clear()
    quiet.run()
    made = quiet.faults.made
    for at in range(len(made)) if way is _fails_once or fault in TELLING else telling(made):
        world = World(platform)
        way(world)
        world.faults.plan = itertools.chain(["none"] * at, [fault])
        world.insist()
        world.check()

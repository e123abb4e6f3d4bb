"""Submit, wait and cancel as commands of their own: each fault at each of their calls, on every runtime.

`test_every_call` has one command that does all of it; here it is `jobs run --no-wait`, `runs attach`, `runs cancel`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from facts.errors import UserError
from jobs.platform import Platform
from tests.jobs.elsewhere import JOB, TARGETS, Elsewhere
from tests.jobs.fakes import FAULTS, KilledError
from tests.jobs.world import World

Any = World | Elsewhere
KINDS = ("steps", *TARGETS)
ALL = (*(fault for fault in FAULTS if fault != "none"), "another command")


def _made(platform: Platform, kind: str) -> Any:
    return World(platform) if kind == "steps" else Elsewhere(platform, kind)


def _count(world: Any) -> int:
    return len(world.emr.steps if isinstance(world, World) else world.service.made)


def _submit(world: Any) -> None:
    world.lifecycle().start(JOB, "dev")


def _submit_and_let_run(world: Any) -> None:
    _submit(world)
    world.time.go(20)


def _wait(world: Any) -> None:
    lifecycle = world.lifecycle()
    for attempt in lifecycle.shared.open_attempts():
        lifecycle.follow(attempt)


def _cancel(world: Any) -> None:
    lifecycle = world.lifecycle()
    for attempt in lifecycle.shared.open_attempts():
        lifecycle.cancel(attempt)


def _nothing(_: Any) -> None:
    pass


Step = Callable[[Any], None]
# What was before, the operation, what comes after it, and how the run ends.
OPERATIONS: dict[str, tuple[Step, Step, Step, str]] = {
    "submit": (_nothing, _submit, _wait, "SUCCEEDED"),
    "wait": (_submit_and_let_run, _wait, _nothing, "SUCCEEDED"),
    "cancel": (_submit_and_let_run, _cancel, _nothing, "CANCELLED"),
}


def _insist(world: Any, step: Step) -> None:
    """What a user does: the same command again until it ends well."""
    for _ in range(10):
        try:
            return step(world)
        except (KilledError, ClientError, BotoCoreError, UserError):
            world.time.go(1)
    raise AssertionError("the command never came to an end")


@pytest.mark.parametrize("fault", ALL)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_fault_at_each_call(platform: Platform, kind: str, operation: str, fault: str) -> None:
    before, step, after, state = OPERATIONS[operation]
    quiet = _made(platform, kind)
    before(quiet)
    calls = quiet.faults.calls
    step(quiet)
    for at in range(quiet.faults.calls - calls):
        world = _made(platform, kind)
        before(world)
        world.faults.plan = itertools.chain(["none"] * at, [fault])
        _insist(world, step)
        world.faults.plan = iter(())
        after(world)
        world.check()
        records = world.lifecycle().store.list_runs()
        ends = [record.state for record in records]
        if fault == "another command":  # which cancels, where there is something to cancel
            assert set(ends) <= {state, "CANCELLED"}
        else:
            assert (ends, _count(world)) == ([state], 1)

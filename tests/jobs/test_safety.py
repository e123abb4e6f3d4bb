"""What callers share, seen from the command: how many runs at once, breakers, retries, fallbacks, late senders."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import attempts, fallback, spec
from jobs.platform import Platform
from jobs.spec.running import Breaker, Concurrency, Fallback, Retry
from jobs.spec.targets import Ec2Target
from tests.jobs.fakes import Faults, KilledError
from tests.jobs.test_coordination import _attempt
from tests.jobs.world import JOB, World, many_under_way


@pytest.fixture
def world(platform: Platform) -> World:
    return World(platform)


def test_one_run_too_many_is_refused_with_the_runs_that_are_under_way(world: World) -> None:
    world.have(concurrency=Concurrency(limit=2, when_full="fail"))
    runs = sorted(world.lifecycle().start(JOB, "dev").run_id for _ in range(2))
    with pytest.raises(
        UserError, match=f"as its spec allows are under way: {runs[0]} .*, {runs[1]}"
    ) as refused:
        world.run()
    assert refused.value.code == 1
    assert len(world.emr.steps) == 2
    world.time.sleep(100)
    world.time.sleep(100)
    assert world.run().state == "SUCCEEDED"  # those that ended unseen made room
    world.check()


def test_one_run_too_many_waits_for_room(world: World) -> None:
    world.have(concurrency=Concurrency(limit=1, when_full="wait"))
    first = world.lifecycle().start(JOB, "dev")
    record = world.run()
    assert record.run_id != first.run_id
    assert world.emr.steps[0].ended is not None
    assert world.emr.steps[0].ended <= world.emr.steps[1].created
    assert world.notes == ["waiting for it to end: as many runs as are allowed are under way"]
    world.check()


def test_ctrl_c_while_waiting_leaves_the_other_run_alone(world: World) -> None:
    world.have(concurrency=Concurrency(limit=1, when_full="wait"))
    world.lifecycle().start(JOB, "dev")
    world.time.interrupt_at = 10
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert world.emr.cancelled == []


def test_runs_in_a_row_that_fail_stop_the_job_and_a_trial_starts_it_again(world: World) -> None:
    world.have(breaker=Breaker(failures=2, pause_minutes=60), retry=Retry(max_attempts=1))
    world.emr.outcomes = itertools.chain(["FAILED"] * 3, itertools.repeat("COMPLETED"))
    assert [world.run().state for _ in range(2)] == ["FAILED", "FAILED"]
    with pytest.raises(
        UserError, match=r"is open since .* UTC, for 2 failed runs .* a trial is allowed at \d\d:\d\d"
    ):
        world.run()
    assert world.lifecycle().run(JOB, "dev", force=True).state == "FAILED"
    world.time.skew = 86_400 * 3  # this caller's clock says that the pause is long over
    with pytest.raises(UserError, match="circuit breaker"):
        world.run()
    world.time.go(3601)
    assert world.run().state == "SUCCEEDED"
    assert world.run().state == "SUCCEEDED"
    assert len(world.emr.steps) == 5
    world.check()


def test_a_place_that_throttles_is_not_taken_for_one_that_is_gone(world: World) -> None:
    world.lifecycle().start(JOB, "dev")
    world.emr.faults = Faults(plan=iter(["throttled"]))
    with pytest.raises(ClientError, match="ThrottlingException"):
        world.run()
    assert world.lifecycle().store.list_runs() == []
    assert world.run().state == "SUCCEEDED"
    assert len(world.emr.steps) == 1


def test_a_caller_whose_clock_jumped_takes_up_a_run_for_what_it_is(world: World) -> None:
    world.lifecycle().start(JOB, "dev")
    world.time.sleep(10)
    world.time.skew = 86_400.0  # by its own clock the run would be over its time, and its sender long gone
    assert world.run().state == "SUCCEEDED"
    assert world.emr.cancelled == []
    assert len(world.emr.steps) == 1


def test_who_slept_before_it_sent_ends_what_it_sent_too_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between keeping and sending, for so long that another command gave the run up."""
    world.emr.faults = Faults(plan=iter(["killed before"]))
    with pytest.raises(KilledError):
        world.run()
    (kept,) = world.lifecycle().shared.open_attempts()
    original, other = world.emr.add_job_flow_steps, world.lifecycle()

    def late(**arguments: Any) -> Any:
        world.time.go(601)
        assert other.sweep(other.shared.open_attempts()) == []
        return original(**arguments)

    monkeypatch.setattr(world.emr, "add_job_flow_steps", late)
    record = world.lifecycle().follow(kept)
    assert (record.state, record.reason) == ("CANCELLED", "interrupted before it was sent")
    assert [step.state for step in world.emr.steps] == ["CANCELLED"]
    assert "it was given up meanwhile, ending what was sent" in world.notes


def test_a_retry_is_kept_before_its_pause_so_that_nobody_takes_the_run_for_over(world: World) -> None:
    world.have(retry=Retry(max_attempts=2, backoff_seconds=3600, backoff_limit_seconds=3600))
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    other = world.lifecycle()

    def look() -> None:
        assert len(other.sweep(other.shared.open_attempts())) == len(other.shared.open_attempts())

    sleep, world.time.passed = world.time.passed[:], [*world.time.passed, look]
    record = world.run()
    world.time.passed = sleep
    assert [each.state for each in record.attempts] == ["FAILED", "SUCCEEDED"]
    assert len(world.lifecycle().store.list_runs()) == 1


def test_a_run_that_failed_unseen_is_tried_again_by_whoever_comes(world: World) -> None:
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    sent = world.lifecycle().start(JOB, "dev")
    world.time.sleep(100)
    world.time.sleep(100)
    record = world.run()
    assert record.run_id == sent.run_id
    assert [each.state for each in record.attempts] == ["FAILED", "SUCCEEDED"]


@given(number=st.integers(1, 5), base=st.floats(0.1, 3600), factor=st.floats(1, 10))
def test_a_pause_is_a_random_part_of_what_doubles_and_is_bounded(
    number: int, base: float, factor: float
) -> None:
    retry = Retry(backoff_seconds=base, backoff_limit_seconds=min(base * factor, 6 * 3600.0))
    pause = attempts.pause(retry, _attempt(number=number))
    assert 0 <= pause <= min(retry.backoff_limit_seconds, base * 2 ** (number - 1))


def test_pauses_are_spread_over_all_of_it() -> None:
    retry = Retry(backoff_seconds=100, backoff_limit_seconds=300)
    pauses = [attempts.pause(retry, _attempt(number=3)) for _ in range(500)]
    assert min(pauses) < 30
    assert 270 < max(pauses) <= 300


def test_a_run_goes_elsewhere_when_enough_wait_at_its_place(platform: Platform) -> None:
    spare = platform.clusters["main"].model_copy(update={"id": "j-2", "name": "dev-spare"})
    world = World(platform.model_copy(update={"clusters": {**platform.clusters, "spare": spare}}))
    other = Fallback(runtime=Ec2Target(kind="ec2", cluster="spare", deploy_mode="client"), when_waiting=2)
    world.have(fallback=other, concurrency=Concurrency(limit=9))
    started = [world.lifecycle().start(JOB, "dev") for _ in range(3)]
    assert [each.place for each in started] == ["main", "main", "spare"]
    assert started[0].place_reason == "its own place: 0 waited there, of 2 that are too many"
    assert started[2].place_reason == "the fallback: 2 waited at ec2 'main', and 2 are too many"
    assert world.emr.steps[2].config["HadoopJarStep"]["Args"][2] == "client"
    record = world.lifecycle().follow(started[2])
    assert (record.place, record.place_reason) == ("spare", started[2].place_reason)


def test_a_job_without_a_fallback_asks_nobody() -> None:
    def never(_: Any) -> int:
        raise AssertionError

    assert fallback.choose(spec.find(JOB), never).why is None


def test_many_runs_are_looked_at_by_one_listing(world: World) -> None:
    many_under_way(world, 120)
    lifecycle, calls, lists = world.lifecycle(), world.faults.calls, world.emr.lists
    assert len(lifecycle.sweep(lifecycle.shared.open_attempts())) == 120
    assert (world.faults.calls - calls, world.emr.lists - lists) == (
        2,
        1,
    )  # the table's, and the cluster's list
    for _ in range(2):
        world.time.go(100)
    assert lifecycle.sweep(lifecycle.shared.open_attempts()) == []
    assert {record.state for record in lifecycle.store.list_runs()} == {"SUCCEEDED"}
    assert len(lifecycle.store.list_runs()) == 120

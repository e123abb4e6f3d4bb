"""Runs from start to record, with an EMR and an S3 that fail wherever they can."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import artifacts, spec
from jobs.platform import Platform
from tests.jobs.fakes import FAULTS, Faults, KilledError
from tests.jobs.world import JOB, World


@pytest.fixture
def world(platform: Platform) -> World:
    return World(platform)


def test_a_run_is_one_step_under_the_jobs_role_and_one_record(world: World) -> None:
    record = world.run()
    (step,) = world.emr.steps
    assert step.role == world.platform.job_role(JOB)
    assert step.config["Name"] == record.attempts[0].token == f"{JOB}-{record.run_id}-a1"
    assert step.config["ActionOnFailure"] == "CONTINUE"
    arguments = step.config["HadoopJarStep"]["Args"]
    assert arguments[:3] == ["spark-submit", "--deploy-mode", "cluster"]
    assert "--flights=s3://dev-landing/nycflights13/flights/" in arguments
    assert "--output=s3://dev-curated/nightly-etl/delays/" in arguments
    assert "spark.eventLog.dir=s3://dev-logs/spark-events/" in arguments
    wheel = arguments[arguments.index("--py-files") + 1]
    assert wheel.startswith(f"s3://dev-artifacts/{JOB}/{record.digest}/")
    assert wheel.endswith(".whl")
    assert record.state == "SUCCEEDED"
    assert record.application_id == "application_1_0001"
    assert (record.rows_read, record.counts) == (7, {"n": 1})
    assert record.tasks is None  # there is no event log: unknown, not zero
    assert 60 <= (record.duration_seconds or 0) < 70
    # Two m5.xlarge on demand: 2 x (0.192 + 0.048) USD an hour.
    assert record.cost_usd == pytest.approx(0.48 * (record.duration_seconds or 0) / 3600, abs=1e-6)
    assert world.lifecycle().store.list_runs() == [record]
    assert world.lifecycle().shared.open_attempts() == []


@settings(max_examples=150, deadline=None)
@given(
    faults=st.lists(st.sampled_from((*["none"] * 9, *FAULTS)), max_size=80),
    lag=st.sampled_from([0, 0, 1, 3, 7]),
)
@example(faults=["none"] * 6 + ["response lost"], lag=7)  # the step shows so late that a second one is sent
def test_whatever_goes_wrong_and_when_no_run_is_lost_or_doubled(
    platform: Platform, faults: list[str], lag: int
) -> None:
    world = World(platform, faults, lag)
    assert world.insist().state == "SUCCEEDED"
    world.check()


def test_a_twin_that_shows_late_is_cancelled_and_recorded(platform: Platform) -> None:
    world = World(platform)
    world.emr.lag = 7
    calls = iter(["none", "none", "response lost"])  # of EMR: describe, list, add
    world.emr.faults = Faults(plan=calls)
    record = world.run()
    assert [step.state for step in world.emr.steps] == ["COMPLETED", "CANCELLED"]
    assert record.attempts[0].id == "s-1"
    assert record.attempts[0].twins == ("s-2",)


def test_a_step_that_shows_in_the_list_a_little_late_is_waited_for_not_sent_again(platform: Platform) -> None:
    world = World(platform)
    world.emr.lag = 2
    world.emr.faults = Faults(plan=iter(["none", "none", "response lost"]))  # describe, list, add
    assert world.run().state == "SUCCEEDED"
    assert len(world.emr.steps) == 1


@pytest.mark.parametrize("when", ["killed before", "killed after"])
def test_a_killed_commands_run_is_taken_up_not_doubled(platform: Platform, when: str) -> None:
    world = World(platform)
    world.emr.faults = Faults(plan=iter(["none", "none", when]))  # describe, list, add
    with pytest.raises(KilledError):
        world.run()
    (open_attempt,) = world.lifecycle().shared.open_attempts(JOB)
    record = world.run()
    assert record.run_id == open_attempt.run_id
    assert len(world.emr.steps) == 1
    assert "taking up the run that is under way" in world.notes


def test_a_run_that_ended_unseen_gets_its_record_and_the_next_command_its_own_run(world: World) -> None:
    sent = world.lifecycle().start(JOB, "dev")
    for _ in range(3):
        world.time.sleep(100)
    record = world.run()
    assert record.run_id != sent.run_id
    assert [(each.run_id, each.state) for each in world.lifecycle().store.list_runs()] == [
        (record.run_id, "SUCCEEDED"),
        (sent.run_id, "SUCCEEDED"),
    ]


def test_a_run_of_another_version_is_waited_for_first(world: World) -> None:
    sent = world.lifecycle().start(JOB, "dev")
    world.deploy(description="changed")
    with pytest.raises(UserError, match="another version\\); let one end, or run without --no-wait"):
        world.lifecycle().start(JOB, "dev")
    record = world.run()
    first, second = world.emr.steps
    assert first.config["Name"] == sent.token
    assert first.ended is not None
    assert first.ended <= second.created
    assert record.digest != sent.digest
    assert len(world.lifecycle().store.list_runs()) == 2


def test_a_kept_attempt_whose_cluster_is_gone_is_recorded_as_never_sent(platform: Platform) -> None:
    world = World(platform)
    world.emr.faults = Faults(plan=iter(["none", "none", "killed before"]))
    with pytest.raises(KilledError):
        world.run()
    world.emr.cluster_state = "TERMINATED"
    with pytest.raises(UserError, match="is TERMINATED and takes no steps; 'emrctl stack up' brings it back"):
        world.run()
    # The run of the second command was kept as well: it is what is open now.
    (record,) = world.lifecycle().store.list_runs()
    assert (record.state, record.reason) == ("CANCELLED", "interrupted before it was sent")
    assert world.emr.steps == []


@pytest.mark.parametrize(("moment", "sent"), [(0.5, True), (20.0, True)])
def test_ctrl_c_cancels_the_step_and_proves_it(world: World, moment: float, sent: bool) -> None:
    world.time.interrupt_at = moment
    record = world.run()
    assert record.state == "CANCELLED"
    assert [step.state for step in world.emr.steps] == ["CANCELLED"]
    assert world.emr.cancelled == [("s-1", "SEND_INTERRUPT")]
    assert world.lifecycle().shared.open_attempts() == []


def test_a_step_that_ignores_the_interrupt_is_terminated(world: World) -> None:
    world.emr.stubborn = True
    world.time.interrupt_at = 20
    assert world.run().state == "CANCELLED"
    assert [how for _, how in world.emr.cancelled] == ["SEND_INTERRUPT", "TERMINATE_PROCESS"]


def test_a_step_that_will_not_end_is_said_and_stays_open(world: World) -> None:
    world.emr.immortal = True
    world.time.interrupt_at = 20
    with pytest.raises(UserError, match="was cancelled and is still CANCEL_PENDING"):
        world.run()
    assert len(world.lifecycle().shared.open_attempts()) == 1
    assert world.lifecycle().store.list_runs() == []


def test_a_run_over_its_time_is_cancelled_and_not_tried_again(world: World) -> None:
    world.emr.outcomes = itertools.repeat("for ever")
    record = world.run()
    assert record.state == "TIMED_OUT"
    assert [step.state for step in world.emr.steps] == ["CANCELLED"]
    minutes = spec.find(JOB).timeout_minutes
    assert minutes * 60 <= (record.duration_seconds or 0) < minutes * 60 * 1.1


def test_a_run_that_succeeds_while_it_is_cancelled_succeeded(world: World) -> None:
    world.emr.immortal = True  # the cancellation comes to nothing
    world.emr.stubborn = True

    def finish() -> None:
        for step in world.emr.steps:
            if step.state == "CANCEL_PENDING":
                step.state, step.ended = "COMPLETED", world.time.now()

    world.time.passed.append(finish)
    world.time.interrupt_at = 20
    assert world.run().state == "SUCCEEDED"


def test_a_failed_attempt_is_tried_again_with_a_token_of_its_own(world: World) -> None:
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    record = world.run()
    assert record.state == "SUCCEEDED"
    assert [(each.number, each.state, each.reason) for each in record.attempts] == [
        (1, "FAILED", "Unknown Error.: exit code 1"),
        (2, "SUCCEEDED", None),
    ]
    assert [step.config["Name"][-2:] for step in world.emr.steps] == ["a1", "a2"]


def test_attempts_are_bounded_by_the_spec(world: World) -> None:
    world.emr.outcomes = itertools.repeat("FAILED")
    record = world.run()
    assert record.state == "FAILED"
    assert len(world.emr.steps) == spec.find(JOB).retry.max_attempts == 2


def test_a_wait_asks_often_at_first_and_seldom_later(world: World) -> None:
    world.emr.outcomes = itertools.repeat("for ever")
    world.run()
    looks = [event for event in world.events if event.status]
    # Half an hour at the pace of the first minute would be 1,800 looks.
    assert 100 < len(looks) < 250


def test_a_wait_outlives_an_api_that_is_down_for_a_minute(world: World) -> None:
    world.emr.faults = Faults(plan=iter(["none"] * 5 + ["request lost"] * 30))
    assert world.run().state == "SUCCEEDED"


def test_a_wait_says_when_nothing_is_heard_any_more(world: World) -> None:
    world.emr.faults = Faults(plan=itertools.chain(["none"] * 5, itertools.repeat("request lost")))
    with pytest.raises(UserError, match=r"nothing heard of nightly-etl-.* for 180 s: .*; it may go on"):
        world.run()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"runtime": {"kind": "ec2", "cluster": "other"}}, "has no cluster 'other'; it has: main"),
        ({"release": "emr-7.13.0"}, "is made for emr-7.13.0, and 'main' runs emr-spark-8.0.0"),
    ],
)
def test_what_the_platform_cannot_run_is_refused_before_anything_is_kept(
    world: World, change: dict[str, Any], told: str
) -> None:
    raw = {**spec.find(JOB).model_dump(mode="json"), **change}
    artifacts.deploy(world.session, world.platform, spec.JobSpec.model_validate(raw), "dev")
    with pytest.raises(UserError, match=told):
        world.run()
    assert world.lifecycle().shared.open_attempts() == []
    assert world.emr.steps == []


def test_a_job_that_was_never_deployed_says_how(world: World) -> None:
    with pytest.raises(UserError, match="no version in channel 'prod'; run 'emrctl jobs deploy nightly-etl"):
        world.lifecycle().run(JOB, "prod")

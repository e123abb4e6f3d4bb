"""A new version on trial, with a run for every verdict; readers and the live channel see nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import artifacts, spec
from jobs.attempts import Asked
from jobs.canary import page
from jobs.failures.finding import Change
from jobs.platform import Platform
from jobs.spec import Breaker, Canary, Retry
from tests.jobs.canary_world import TABLE, CanaryWorld, Report
from tests.jobs.fakes import FAULTS, KilledError
from tests.jobs.world import JOB


@pytest.fixture
def world(platform: Platform) -> CanaryWorld:
    return CanaryWorld(platform)


def _table(report: Report) -> Any:
    return report["profiles"][TABLE]


def _column(report: Report, name: str) -> Any:
    return _table(report)["columns"][name]


def _lose_rows(report: Report) -> None:
    _table(report)["rows"] = 94


def _drop_a_column(report: Report) -> None:
    del _table(report)["columns"]["carrier"]


def _change_a_type(report: Report) -> None:
    _column(report, "month")["type"] = "bigint"


def _double_the_nulls(report: Report) -> None:
    _column(report, "minutes")["nulls"] = 10


def _shift_numbers(report: Report) -> None:
    _column(report, "minutes")["quantiles"] = [float(step + 12) for step in range(1, 100)]


def _shift_categories(report: Report) -> None:
    _column(report, "carrier")["buckets"] = [0] * 60 + [45, 20, 25, 10]


def _lose_a_table(report: Report) -> None:
    report["profiles"]["delays/other"] = report["profiles"].pop(TABLE)


WORSE = {
    "rows": (_lose_rows, "**worse**: delays/by_route: rows 100 → 94, 6 % apart, at most 5 %"),
    "column": (_drop_a_column, "**worse**: delays/by_route `carrier`: schema string → missing"),
    "type": (_change_a_type, "**worse**: delays/by_route `month`: schema int → bigint"),
    "nulls": (_double_the_nulls, "**worse**: delays/by_route `minutes`: nulls 5 % → 10 %, 5 % apart, at most 2 %"),
    "numbers": (
        _shift_numbers,
        "**worse**: delays/by_route `minutes`: the distributions are 0.120 apart, at most 0.1",
    ),
    "categories": (
        _shift_categories,
        "**worse**: delays/by_route `carrier`: the distributions are 0.150 apart, at most 0.1",
    ),
    "table": (_lose_a_table, "**worse**: delays/by_route: schema there → missing"),
}  # fmt: skip


def test_as_good_as_the_live_one(world: CanaryWorld) -> None:
    live = world.run_live()
    result = world.canary()
    assert (result.outcome, result.promoted, world.prod()) == ("good", False, world.live)
    assert result.live == live  # its last good run: nothing is run twice for nothing
    assert result.canary.shadow
    assert not live.shadow
    assert {check.verdict for check in result.checks} == {"ok"}
    text = page.text(result)
    assert text.startswith(f"# Canary of {JOB}: good\n")
    assert f"`{live.run_id}`, its last good one" in text
    assert "What differs" not in text


@pytest.mark.parametrize("kind", WORSE)
def test_what_the_data_lost_is_found(world: CanaryWorld, kind: str) -> None:
    edit, told = WORSE[kind]
    world.run_live()
    world.change(edit)
    result = world.canary(promote=True)
    assert (result.outcome, result.promoted, world.prod()) == ("worse", False, world.live)
    text = page.text(result)
    assert f"\n- {told}\n" in text
    assert "Nothing was moved: channel 'prod' still points at" in text


def test_slower_is_dearer_too_and_is_found(world: CanaryWorld) -> None:
    world.run_live()
    world.seconds[world.new] = 150.0
    result = world.canary()
    assert [(check.metric, check.verdict) for check in result.checks if check.verdict != "ok"] == [
        ("duration", "worse"),
        ("cost", "worse"),
    ]


def test_dearer_alone_is_found(platform: Platform) -> None:
    world = CanaryWorld(platform, canary=Canary(duration_ratio=10, cost_ratio=1.2))
    world.run_live()
    world.seconds[world.new] = 90.0
    result = world.canary()
    (worse,) = [check for check in result.checks if check.verdict == "worse"]
    assert (worse.metric, worse.at_most) == ("cost", 1.2)
    assert (
        "the new version changes its thresholds: duration_ratio 1.5 → 10.0, cost_ratio 1.5 → 1.2"
        in result.notes
    )


def test_a_new_column_and_a_new_table_differ_and_are_no_loss(world: CanaryWorld) -> None:
    world.run_live()

    def more(report: Report) -> None:
        _table(report)["columns"]["speed"] = {"type": "double", "nulls": 0, "quantiles": [1.0]}
        report["profiles"]["delays/more"] = {"rows": 1, "columns": {}}

    world.change(more)
    result = world.canary()
    assert result.outcome == "good"
    assert "- differs: delays/by_route `speed`: schema missing → double\n" in page.text(result)


def test_a_version_that_fails_is_worse_and_the_breaker_does_not_count_it(platform: Platform) -> None:
    world = CanaryWorld(platform, retry=Retry(max_attempts=1), breaker=Breaker(failures=1))
    world.run_live()
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    result = world.canary(promote=True)
    assert (result.outcome, result.live, world.prod()) == ("worse", None, world.live)
    assert result.canary.state == "FAILED"
    assert "failed" in page.decision(result)
    assert world.run_live().state == "SUCCEEDED"


def test_a_canary_runs_while_the_breaker_is_open_and_leaves_it_open(platform: Platform) -> None:
    """What mends the job can be tried; that it works in the shadow does not mend the live version."""
    world = CanaryWorld(platform)
    world.live = world.put("prod", retry=Retry(max_attempts=1), breaker=Breaker(failures=1))
    world.run_live()
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    world.run_live()
    assert world.canary().outcome == "good"
    with pytest.raises(UserError, match="circuit breaker of 'nightly-etl' is open"):
        world.run_live()


def test_nothing_is_written_where_readers_look(world: CanaryWorld) -> None:
    result = world.canary()
    assert result.live is not None
    for record, step in zip((result.canary, result.live), world.emr.steps, strict=True):
        shadow = f"s3://dev-checkpoints/_shadow/{JOB}/{record.run_id}/delays/"
        assert record.outputs == (shadow,)
        assert f"--output={shadow}" in world.arguments(step)
        assert not any("dev-curated" in argument for argument in world.arguments(step))
        assert step.role == world.platform.job_role(JOB)


def test_without_a_run_on_the_same_data_the_live_version_runs_as_well(world: CanaryWorld) -> None:
    world.lifecycle().run(JOB, "prod", Asked(parameters={}))
    world.change(lambda report: report["rows_read"].update(flights=8))  # more came since
    result = world.canary()
    assert result.live is not None
    assert result.live.shadow
    assert len(world.emr.steps) == 3
    assert any("the live version read 7 rows and the canary 8" in note for note in result.notes)


def test_a_good_run_without_profiles_is_no_baseline(world: CanaryWorld) -> None:
    world.reports[world.live].pop("profiles")
    world.run_live()
    result = world.canary(promote=True)
    assert (result.outcome, world.prod()) == ("unknown", world.live)
    assert result.live is not None
    assert result.live.shadow
    assert (
        "- **unknown**: delays: is told of in no report of the live run; its workload must call "
        "jobs.workloads.profile\n" in page.text(result)
    )


def test_a_run_that_needed_other_settings_is_no_baseline(world: CanaryWorld) -> None:
    live = world.run_live()
    change = Change(path=("resources", "executors", "memory"), before="1g", after="2g", why="it ran out")
    key = f"records/v1/job={JOB}/date={live.created_at:%Y-%m-%d}/{live.run_id}.json"
    kept = live.model_copy(update={"mitigations": (change,)})
    world.s3.objects["dev-runs", key] = kept.model_dump_json().encode()
    result = world.canary()
    assert result.live is not None
    assert result.live.run_id != live.run_id


def test_fresh_runs_the_live_version_although_it_has_a_run(world: CanaryWorld) -> None:
    live = world.run_live()
    result = world.canary(fresh=True)
    assert result.live is not None
    assert result.live.run_id != live.run_id


def test_the_date_is_the_last_good_runs_and_both_are_asked_for_the_same(platform: Platform) -> None:
    arguments = (*spec.find(JOB).arguments, "--day=${run.date}", "--part=${param.part}")
    changes = {"arguments": arguments, "parameters": {"part": "all"}}
    world = CanaryWorld(platform, **changes, canary=Canary(parameters={"part": "few"}))
    world.live = world.put("prod", **changes)
    world.lifecycle().run(JOB, "prod", Asked(date="2013-01-05"))
    world.time.go(3 * 86_400)
    result = world.canary()
    assert result.live is not None  # the last good run was of all parts: it is not what the canary ran on
    for step in world.emr.steps[1:]:
        assert {"--day=2013-01-05", "--part=few"} <= set(world.arguments(step))
    assert len(world.emr.steps) == 3
    again = world.canary(asked=Asked(parameters={"part": "all"}))
    assert again.live is not None
    assert not again.live.shadow
    assert len(world.emr.steps) == 4


def test_promoted_when_it_is_good(world: CanaryWorld) -> None:
    world.run_live()
    result = world.canary(promote=True)
    assert (result.outcome, result.promoted, world.prod()) == ("good", True, world.new)
    assert "channel 'prod' points at it now" in page.decision(result)
    with pytest.raises(UserError, match="'dev' is the version that 'prod' points at"):
        world.canary()


def test_not_promoted_over_what_another_put_there_meanwhile(world: CanaryWorld) -> None:
    world.run_live()
    result = world.canary()
    other = world.put("prod", description="Of another.")
    result = world.trial().promote(result)
    assert (result.outcome, result.promoted, world.prod()) == ("unknown", False, other)
    assert "was moved to" in result.notes[-1]


def test_a_digest_or_its_beginning_names_the_version(world: CanaryWorld) -> None:
    world.run_live()
    for said in (world.new, world.new[:12]):
        assert world.trial().run(JOB, said, "prod").digest == world.new
    with pytest.raises(UserError, match="'0000000' fits no version"):
        world.trial().run(JOB, "0000000", "prod")
    del world.s3.objects["dev-artifacts", f"{JOB}/channels/prod.json"]
    with pytest.raises(UserError, match="has no version in channel 'prod'"):
        world.canary()


@pytest.mark.parametrize("at", [20.0, 90.0])
def test_ctrl_c_ends_it_and_nothing_has_moved(world: CanaryWorld, at: float) -> None:
    """While the new version runs, and while the live one does."""
    world.time.interrupt_at = at
    result = world.canary(promote=True)
    assert (result.outcome, result.promoted, world.prod()) == ("stopped", False, world.live)
    assert world.active() == []
    assert [record.state for record in world.lifecycle().store.list_runs()].count("CANCELLED") == 1


def test_the_live_version_failing_on_the_same_data_says_nothing_of_the_new_one(world: CanaryWorld) -> None:
    world.emr.outcomes = iter(["COMPLETED", "FAILED", "FAILED"])
    result = world.canary(promote=True)
    assert (result.outcome, world.prod()) == ("unknown", world.live)
    assert "the live version failed on the same data" in result.notes[-1]


def test_runs_and_canaries_do_not_wait_for_each_other(world: CanaryWorld) -> None:
    lifecycle = world.lifecycle()
    live = lifecycle.start(JOB, "prod")
    shadow = lifecycle.start(JOB, "dev", Asked(shadow=True))
    assert (live.slot, shadow.slot, shadow.shadow) == (0, 100, True)
    with pytest.raises(
        UserError, match="as many runs of 'nightly-etl' as its spec allows are under way: "
    ) as told:
        lifecycle.start(JOB, "prod", Asked(date="2013-01-05"))
    assert shadow.run_id not in str(told.value)
    with pytest.raises(UserError, match=shadow.run_id):
        lifecycle.start(JOB, "prod", Asked(shadow=True))
    # The same canary again, after its command was killed, takes up the run that it left.
    assert lifecycle.run(JOB, "dev", Asked(shadow=True)).run_id == shadow.run_id


REFUSED: dict[str, tuple[Callable[[tuple[str, ...]], dict[str, Any]], str]] = {
    "no template": (
        lambda args: {"arguments": tuple(each for each in args if not each.startswith("--output"))},
        r"no argument holds \$\{outputs.delays\}",
    ),
    "by its address": (
        lambda args: {"arguments": (*args, "--also=s3a://dev-curated/nightly-etl/delays/x")},
        "names its output 'delays' by its address",
    ),
    "in a setting": (
        lambda _: {"conf": {"spark.sql.warehouse.dir": "s3://dev-curated/nightly-etl/delays"}},
        "names its output 'delays' by its address",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_job_that_would_write_where_readers_look_is_refused_before_anything_is_sent(
    platform: Platform, kind: str
) -> None:
    changes, told = REFUSED[kind]
    world = CanaryWorld(platform, **changes(spec.find(JOB).arguments))
    with pytest.raises(UserError, match=told):
        world.canary()
    assert world.emr.steps == []
    assert artifacts.resolve(world.session, platform, JOB, "dev").manifest.digest == world.new


@settings(max_examples=25, deadline=None)
@given(
    faults=st.lists(st.sampled_from((*["none"] * 12, *FAULTS)), max_size=120),
    worse=st.booleans(),
    lag=st.sampled_from([0, 0, 3]),
)
def test_whatever_goes_wrong_the_channel_moves_to_a_good_version_only_and_no_run_is_lost(
    platform: Platform, faults: list[str], worse: bool, lag: int
) -> None:
    """The command dies anywhere and is given again until it ends by itself, which is once the channel has moved too."""
    # How long a step seems to take depends on who looked when.
    world = CanaryWorld(platform, canary=Canary(duration_ratio=20, cost_ratio=20))
    if worse:
        world.change(_lose_rows)
    world.emr.lag, world.faults.plan = lag, iter(faults)
    for _ in range(60):
        try:
            outcome = world.canary(promote=True).outcome
            break
        except UserError as error:
            if "there is nothing to compare" in str(error):
                outcome = "good"
                break
        except (KilledError, ClientError, BotoCoreError):
            pass
        world.time.go(1)
    else:
        raise AssertionError("the command never came to an end")
    assert outcome == ("worse" if worse else "good")
    assert world.prod() == (world.live if worse else world.new)
    world.check()
    for step in world.emr.steps:
        assert not any("dev-curated" in argument for argument in world.arguments(step))

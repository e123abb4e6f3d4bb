"""What a run is asked for: a date, parameters, its environment; kept, and checked before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from facts.errors import UserError
from jobs.attempts import Asked
from jobs.platform import Platform
from jobs.runs import Record
from tests.jobs.fakes import Faults, KilledError
from tests.jobs.specs import job
from tests.jobs.world import JOB, World

ARGUMENTS = [
    "--report=${run.report}",
    "--day=${run.date}",
    "--before=${run.date-1d}",
    "--limit=${param.limit}",
]
SPEC: dict[str, Any] = {"arguments": tuple(ARGUMENTS), "parameters": {"limit": "10"}}
DAY = Asked(date="2013-03-31", parameters={"limit": "5"})


@pytest.fixture
def world(platform: Platform) -> World:
    made = World(platform)
    made.deploy(**SPEC)
    return made


def _sent(world: World) -> list[list[str]]:
    return [step.config["HadoopJarStep"]["Args"][-3:] for step in world.emr.steps]


def _run(world: World, asked: Asked | None) -> Record:
    return world.lifecycle().run(JOB, "dev", asked)


def test_the_date_and_the_parameters_are_the_same_in_every_attempt_and_in_the_record(world: World) -> None:
    world.emr.outcomes = iter(["FAILED", "COMPLETED"])
    record = _run(world, DAY)
    assert _sent(world) == [["--day=2013-03-31", "--before=2013-03-30", "--limit=5"]] * 2
    assert record.parameters == {"limit": "5"}
    assert record.logical_at == datetime(2013, 3, 31, 4, tzinfo=UTC)  # midnight in New York
    assert len(record.attempts) == 2


def test_settings_of_spark_are_the_run_s_own_in_every_attempt_and_in_the_record(world: World) -> None:
    said = {
        "spark.sql.shuffle.partitions": "8",
        "spark.executor.memory": "6g",
        "spark.executor.instances": "3",
    }
    world.emr.outcomes = iter(["FAILED", "COMPLETED", "COMPLETED"])
    record = _run(world, Asked(conf=said))
    assert record.conf == said
    _run(world, None)
    first, second, without = (step.config["HadoopJarStep"]["Args"] for step in world.emr.steps)
    for words in (first, second):
        assert "spark.sql.shuffle.partitions=8" in words
        assert words[words.index("--executor-memory") + 1] == "6g"
        assert words[words.index("--num-executors") + 1] == "3"
        assert not [word for word in words if word.startswith("spark.executor.")]
    assert "spark.sql.shuffle.partitions=8" not in without
    assert without[without.index("--executor-memory") + 1] != "6g"


def test_a_run_with_other_settings_is_never_taken_for_the_one_asked_for(world: World) -> None:
    asked = Asked(conf={"spark.x": "1"})
    first = world.lifecycle().start(JOB, "dev", asked)
    assert world.lifecycle().start(JOB, "dev", asked) == first
    for other in (None, Asked(conf={"spark.x": "2"})):
        with pytest.raises(UserError, match="under way"):
            world.lifecycle().start(JOB, "dev", other)


def test_without_a_date_it_is_the_day_on_which_the_run_was_made_in_the_schedules_zone(world: World) -> None:
    record = _run(world, None)
    # 2026-01-02 03:04 UTC is the evening before in New York.
    assert _sent(world) == [["--day=2026-01-01", "--before=2025-12-31", "--limit=10"]]
    assert record.logical_at is None


def test_a_killed_command_is_taken_up_with_its_date(world: World) -> None:
    world.emr.faults = Faults(plan=iter(["none", "none", "killed after"]))
    with pytest.raises(KilledError):
        _run(world, DAY)
    world.time.sleep(24 * 3600)
    record = _run(world, DAY)
    assert _sent(world) == [["--day=2013-03-31", "--before=2013-03-30", "--limit=5"]]
    assert record.logical_at == datetime(2013, 3, 31, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "other", [None, Asked(date="2013-04-01", parameters={"limit": "5"}), Asked(date="2013-03-31")]
)
def test_a_run_of_another_day_is_never_taken_for_the_one_asked_for(world: World, other: Asked | None) -> None:
    first = world.lifecycle().start(JOB, "dev", DAY)
    assert world.lifecycle().start(JOB, "dev", DAY) == first
    with pytest.raises(
        UserError, match=r"under way: \S+ \(of this version, for 2013-03-31T04:00Z\); let one end"
    ):
        world.lifecycle().start(JOB, "dev", other)
    assert len(world.emr.steps) == 1
    record = _run(world, other)
    assert record.run_id != first.run_id
    assert "waiting for it to end: as many runs as are allowed are under way" in world.notes
    assert len(world.emr.steps) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(date="yesterday"), "date: 'yesterday' is no day such as 2026-11-01"),
        (Asked(parameters={"limits": "5"}), "job 'nightly-etl' has no parameter 'limits'; it has: limit"),
        (Asked(parameters={"limit": "5\n"}), "parameter 'limit' has 2 characters"),
        (Asked(parameters={"limit": "x" * 10_000_000}), "parameter 'limit' has 10000000 characters"),
        (Asked(conf={"sql.x": "1"}), "conf.sql.x: is no Spark setting"),
        (Asked(conf={"spark.app.name": "x"}), "conf.spark.app.name: is set for every run by the platform"),
        (Asked(conf={"spark.jdbc.password": "x"}), "conf.spark.jdbc.password: is the name of a secret"),
        (Asked(conf={"spark.x": "a\nb"}), "conf.spark.x: holds a control character"),
        (Asked(conf={"spark.x": "x" * 10_000_000}), "its settings and jars 10,00"),
        (
            Asked(conf={"spark.executor.memory": "lots"}),
            "resources.executors.memory: is 'lots'; must be whole",
        ),
        (
            Asked(conf={"spark.executor.instances": "0"}),
            "resources.executors.count: is 0; input should be greater",
        ),
    ],
)
@pytest.mark.parametrize("how", ["run", "start"])
def test_what_cannot_be_is_said_before_anything_is_kept_or_sent(
    world: World, asked: Asked, told: str, how: str
) -> None:
    world.lifecycle().start(JOB, "dev")  # nor is another run waited for first
    before = dict(world.s3.objects)
    with pytest.raises(UserError, match=told) as caught:
        getattr(world.lifecycle(), how)(JOB, "dev", asked)
    assert len(str(caught.value)) < 300
    assert world.s3.objects == before
    assert len(world.emr.steps) == 1


def test_arguments_that_grew_past_emrs_limit_are_refused_before_anything_is_sent(world: World) -> None:
    many = ["--report=${run.report}"] + [f"--a{index}=${{param.limit}}" for index in range(12)]
    world.deploy(arguments=tuple(many), parameters={"limit": "10"})
    world.lifecycle().run(JOB, "dev", Asked(parameters={"limit": "x" * 500}))
    before = dict(world.s3.objects)
    with pytest.raises(
        UserError, match=r"the run's arguments have 12,\d{3} characters .* of the 10,280 that EMR takes"
    ):
        world.lifecycle().run(JOB, "dev", Asked(parameters={"limit": "x" * 1000}))
    assert world.s3.objects == before
    assert len(world.emr.steps) == 1
    assert sum(map(len, world.emr.steps[0].config["HadoopJarStep"]["Args"])) < 10_280


def test_a_parameter_that_yarn_would_change_is_refused_before_anything_is_sent(world: World) -> None:
    with pytest.raises(UserError, match=r"the argument '--limit=\{\{x' holds '\{\{', which YARN replaces"):
        _run(world, Asked(parameters={"limit": "{{x"}))
    assert world.emr.steps == []


def test_the_environment_of_the_platform_decides(world: World) -> None:
    here = {"retry": {"max_attempts": 1}, "timeout_minutes": 3, "parameters": {"limit": "99"}, "tags": {"tier": "low"},
            "resources": {"size": "small", "executors": {"count": 7}}}  # fmt: skip
    spec = job(
        **{**SPEC, "arguments": ARGUMENTS, "environments": {"dev": here, "prod": {"timeout_minutes": 9}}}
    )
    world.deploy(environments=spec.environments, arguments=tuple(ARGUMENTS), parameters={"limit": "10"})
    world.emr.outcomes = iter(["for ever"])
    record = _run(world, None)
    assert record.state == "TIMED_OUT"
    assert 180 <= (record.duration_seconds or 0) < 400
    assert record.tags["tier"] == "low"
    arguments = world.emr.steps[0].config["HadoopJarStep"]["Args"]
    assert arguments[-1] == "--limit=99"
    assert arguments[arguments.index("--num-executors") + 1] == "7"
    world.emr.outcomes = iter(["FAILED"])
    assert len(_run(world, None).attempts) == 1  # its retry, not the job's two

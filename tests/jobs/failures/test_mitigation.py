"""`--auto-mitigate` from a failed attempt to the next one's command line, and what is said and kept of it."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from emrctl import platform as connection
from emrctl.main import build
from jobs.attempts import Asked
from jobs.platform import Platform
from jobs.runs import Attempt
from jobs.runtimes.ec2 import Ec2
from tests.jobs.fakes import KilledError, client_error
from tests.jobs.world import JOB, World

MITIGATING = Asked(auto_mitigate=True)
HEAP = (
    "26/11/28 10:00:00 WARN TaskSetManager: Lost task 0.0 in stage 8.0 (TID 12) (node executor 1): "
    "java.lang.OutOfMemoryError: Java heap space\n"
)


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(platform)
    made.emr.outcomes = iter(["FAILED", "COMPLETED", *itertools.repeat("COMPLETED", 9)])
    monkeypatch.setattr(connection, "connect", lambda *_: (made.session, platform))
    monkeypatch.setattr("jobs.underway.Clock", lambda: made.time.clock)
    return made


def _log(world: World, step: int, text: str) -> None:
    key = ("dev-logs", f"elasticmapreduce/j-1/steps/s-{step}/stderr.gz")
    world.s3.objects[key] = gzip.compress(text.encode())


def _arguments(world: World, step: int) -> list[str]:
    arguments: list[str] = world.emr.steps[step].config["HadoopJarStep"]["Args"]
    return arguments


def _emrctl(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_the_retry_of_an_out_of_memory_run_has_more_memory(world: World) -> None:
    _log(world, 1, HEAP)
    done = _emrctl("jobs", "run", JOB, "--auto-mitigate", "--json")
    assert done.exit_code == 0, done.output
    first, second = (" ".join(_arguments(world, step)) for step in (0, 1))
    assert ("1g" in first, "2g" in first, "2g" in second) == (True, False, True)
    assert "executor_out_of_memory (0.76): resources.executors.memory 1g → 2g" in done.stderr
    record = json.loads(done.stdout)
    assert [change["after"] for change in record["mitigations"]] == ["2g"]
    assert record["failure_class"] is None  # it succeeded in the end
    assert "mitigated resources.executors.memory 1g → 2g" in _emrctl("runs", "show", record["run_id"]).stdout


def test_without_the_option_nothing_is_changed(world: World) -> None:
    _log(world, 1, HEAP)
    assert world.run().mitigations == ()
    first, second = (_arguments(world, step) for step in (0, 1))
    assert [each for each in first if "-a1" not in each] == [each for each in second if "-a2" not in each]


def test_who_takes_the_run_up_sends_the_same_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _log(world, 1, HEAP)
    kept: list[Attempt] = []
    lifecycle = world.lifecycle()
    advance = lifecycle.shared.advance

    def die(attempt: Attempt, following: Attempt) -> Attempt | None:
        advance(attempt, following)
        kept.append(following)
        raise KilledError

    monkeypatch.setattr(lifecycle.shared, "advance", die)
    with pytest.raises(KilledError):
        lifecycle.run(JOB, "dev", MITIGATING)
    record = world.run()  # another command, which was not told to mitigate
    assert record.mitigations == kept[-1].mitigations != ()
    assert "2g" in " ".join(_arguments(world, 1))


def test_logs_that_cannot_be_read_do_not_stop_the_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Ec2.logs
    failures = iter([client_error("SlowDown", 503)])

    def logs(runtime: Ec2, id_: str) -> Any:
        for error in failures:
            raise error
        return read(runtime, id_)

    monkeypatch.setattr(Ec2, "logs", logs)
    record = world.lifecycle().run(JOB, "dev", MITIGATING)
    assert (record.state, record.mitigations) == ("SUCCEEDED", ())
    assert any("not mitigated: the logs could not be read" in note for note in world.notes)


def test_an_unknown_failure_is_retried_as_it_was(world: World) -> None:
    _log(world, 1, "26/11/28 10:00:00 ERROR Client: boom\n")
    record = world.lifecycle().run(JOB, "dev", MITIGATING)
    assert record.mitigations == ()
    assert any("unknown (0.00): no safe change" in note for note in world.notes)


def test_a_failed_run_is_explained(world: World) -> None:
    world.emr.outcomes = itertools.repeat("FAILED")
    _log(world, 2, HEAP)
    failed = _emrctl("jobs", "run", JOB, "--json")
    record: dict[str, Any] = json.loads(failed.stdout)
    assert record["failure_class"] == "executor_out_of_memory"
    explained = _emrctl("runs", "explain", record["run_id"])
    assert explained.exit_code == 0
    for part in (
        "executor_out_of_memory (F1",
        "confidence 0.76",
        "stderr:1: 26/11/28",
        "(--auto-mitigate does it)",
    ):
        assert part in explained.stdout
    diff = _emrctl("runs", "explain", record["run_id"], "--diff").stdout
    assert "+  executors: {cores: 2, memory: 2g, count: 1}" in diff
    as_json = json.loads(_emrctl("runs", "explain", record["run_id"], "--json").stdout)
    assert (as_json["failure"], as_json["diff"] + "\n") == (record["failure"], diff)


def test_logs_that_come_late_are_looked_at_again(world: World) -> None:
    world.emr.outcomes = itertools.repeat("FAILED")
    record = world.run()
    assert record.failure_class == "unknown"
    assert _emrctl("runs", "explain", record.run_id).exit_code == 1
    _log(world, 2, HEAP)
    assert "executor_out_of_memory" in _emrctl("runs", "explain", record.run_id).stdout


def test_a_run_that_succeeded_has_nothing_to_explain(world: World) -> None:
    world.emr.outcomes = itertools.repeat("COMPLETED")
    record = world.run()
    assert "nothing to explain" in _emrctl("runs", "explain", record.run_id).stdout

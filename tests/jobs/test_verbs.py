"""The verbs of jobs and runs: exit codes, JSON, and what is said of a failure."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from emrctl import pages, runs
from emrctl import platform as connection
from emrctl.main import build
from emrctl.watching import RunProgress
from facts.errors import UserError
from jobs.lifecycle import Lifecycle
from jobs.platform import Platform
from jobs.spec import Concurrency, Retry
from tests.jobs.fakes import KilledError
from tests.jobs.world import World


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> World:
    """The verbs' AWS is the fake one, and their clock its clock."""
    made = World(platform)
    monkeypatch.setattr(connection, "connect", lambda *_: (made.session, platform))
    monkeypatch.setattr("jobs.underway.Clock", lambda: made.time.clock)
    return made


def _emrctl(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_a_run_that_succeeds(world: World) -> None:
    done = _emrctl("jobs", "run", "nightly-etl", "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["state"] == "SUCCEEDED"
    assert "COMPLETED" in done.stderr
    assert json.loads(_emrctl("runs", "list", "--json").stdout) == [record]
    assert json.loads(_emrctl("runs", "show", record["run_id"], "--json").stdout) == record
    shown = _emrctl("runs", "show", record["run_id"][-6:])
    assert f"run       {record['run_id']} of nightly-etl SUCCEEDED" in shown.stdout
    assert record["run_id"] in _emrctl("runs", "list").stdout


@pytest.mark.parametrize(
    ("outcome", "interrupt_at", "code"),
    [("FAILED", None, 1), ("for ever", None, 124), ("COMPLETED", 20.0, 130)],
)
def test_the_exit_code_is_the_jobs_result(
    world: World, outcome: str, interrupt_at: float | None, code: int
) -> None:
    world.emr.outcomes = itertools.repeat(outcome)
    world.time.interrupt_at = interrupt_at
    assert _emrctl("jobs", "run", "nightly-etl").exit_code == code


def test_the_job_as_it_is_now_is_deployed_and_run_in_one(world: World) -> None:
    world.s3.objects.clear()
    missing = _emrctl("jobs", "run", "nightly-etl")
    assert "has no version in channel 'dev'; run 'emrctl jobs deploy nightly-etl" in str(missing.exception)
    for came in ("uploaded", "was there already"):
        done = _emrctl("jobs", "run", "nightly-etl", "--deploy", "--json")
        assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "SUCCEEDED")
        digest = json.loads(done.stdout)["digest"][:12]
        assert f"nightly-etl: version {digest} {came}; channel 'dev' points at it\n" in done.stderr
    assert "there is no job 'nope'" in str(_emrctl("jobs", "run", "nope", "--deploy").exception)
    assert len(world.emr.steps) == 2


@pytest.mark.parametrize("name", ["../../x", "a/b", "x" * 41, "A"])
def test_what_is_no_jobs_name_is_asked_of_nobody(world: World, name: str) -> None:
    calls = world.faults.calls
    assert "is no job's name" in str(_emrctl("jobs", "run", name).exception)
    assert world.faults.calls == calls


def test_a_run_is_asked_for_a_day(world: World) -> None:
    done = _emrctl("jobs", "run", "nightly-etl", "--date", "2013-01-05", "--json")
    assert json.loads(done.stdout)["logical_at"] == "2013-01-05T05:00:00Z"  # midnight in New York
    for options, told in (
        (("--date", "soon"), "date: 'soon' is no day such as"),
        (("--param", "limit=3"), "has no parameter 'limit'; it has: none"),
    ):
        refused = _emrctl("jobs", "run", "nightly-etl", *options)
        assert isinstance(refused.exception, UserError)
        assert told in str(refused.exception)
    assert len(world.emr.steps) == 1


def test_no_wait_sends_and_returns(world: World) -> None:
    sent = _emrctl("jobs", "run", "nightly-etl", "--no-wait", "--json")
    assert sent.exit_code == 0
    run_id = json.loads(sent.stdout)["run_id"]
    assert [step.state for step in world.emr.steps] == ["PENDING"]
    assert f"{run_id}  nightly-etl  ec2 main  PENDING" in _emrctl("runs", "list").stdout


def test_the_breaker_is_shown_overridden_and_closed(world: World) -> None:
    world.have(retry=Retry(max_attempts=1))
    world.emr.outcomes = itertools.repeat("FAILED")
    assert _emrctl("jobs", "breaker", "nightly-etl").exit_code == 0
    for _ in range(3):
        _emrctl("jobs", "run", "nightly-etl")
    refused = _emrctl("jobs", "run", "nightly-etl")
    assert isinstance(refused.exception, UserError)
    assert refused.exception.code == 1
    assert "--force' starts a run all the same" in str(refused.exception)
    shown = _emrctl("jobs", "breaker", "nightly-etl", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["phase"]) == (1, "open")
    assert _emrctl("jobs", "run", "nightly-etl", "--force").exit_code == 1  # it ran, and failed again
    assert len(world.emr.steps) == 4
    closed = _emrctl("jobs", "breaker", "nightly-etl", "--reset")
    assert (closed.exit_code, "is closed, 0 failed runs in a row" in closed.stdout) == (0, True)


def test_every_run_under_way_is_watched_until_none_is(world: World) -> None:
    world.have(concurrency=Concurrency(limit=3))
    for _ in range(3):
        _emrctl("jobs", "run", "nightly-etl", "--no-wait")
    once = json.loads(_emrctl("runs", "watch", "--once", "--json").stdout)
    assert (once["under_way"], once["states"]) == (3, {"PENDING": 3})
    watched = _emrctl("runs", "watch").stdout.splitlines()
    assert watched[-1] == "0 under way: 3 COMPLETED"
    assert len(json.loads(_emrctl("runs", "list", "--json").stdout)) == 3


def test_the_catalog_is_listed_without_any_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "connect", None)
    listed = json.loads(_emrctl("jobs", "list", "--json").stdout)
    assert "nightly-etl" in [job["name"] for job in listed]
    assert "nightly-etl" in _emrctl("jobs", "list").stdout


def test_a_deploy_says_what_it_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first: dict[str, Any] = json.loads(
        _emrctl("jobs", "deploy", "nightly-etl", "--channel", "prod", "--json").stdout
    )
    assert (first["moved"], first["channel"]) == (True, "prod")
    again = _emrctl("jobs", "deploy", "nightly-etl", "--channel", "prod").stdout
    assert "was there already; channel 'prod' pointed at it before" in again


def test_of_a_failure_the_drivers_traceback_is_shown() -> None:
    traceback = "Traceback (most recent call last):\n  x\nValueError: boom"
    driver = f"noise\nTraceback (most recent call last):\n  old\n{traceback}\n"
    logs = {"stderr": "yarn says no\n", "driver stdout": driver, "controller": "c\n"}
    assert runs.failing_lines(logs) == f"driver stdout:\n{traceback}"
    assert runs.failing_lines({"stderr": "a\nb\n", "driver stderr": "c\n"}) == "stderr:\na\nb"
    assert runs.failing_lines({"controller": "c\n"}) == "controller:\nc"
    assert runs.failing_lines({}) == ""


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (runs.size(None), "-"), (runs.size(999), "999 B"), (runs.size(3_800_000), "3.8 MB"),
        (runs.size(2 * 10**15), "2000.0 TB"), (runs.seconds(59.94), "59.9 s"), (runs.seconds(272.4), "4 min 32 s"),
        (runs.number(336776), "336,776"), (runs.money(None), "not known"), (runs.money(0.0426), "about 0.0426 USD"),
    ],
)  # fmt: skip
def test_numbers_for_people(shown: str, text: str) -> None:
    assert shown == text


def _started(world: World) -> str:
    sent = _emrctl("jobs", "run", "nightly-etl", "--no-wait", "--json")
    world.time.sleep(10)
    run_id: str = json.loads(sent.stdout)["run_id"]
    return run_id


def test_an_open_run_is_attached_to_and_ends_as_if_it_had_been_waited_for(world: World) -> None:
    run_id = _started(world)
    attached = _emrctl("runs", "attach", run_id[-6:], "--json")
    assert attached.exit_code == 0
    assert json.loads(attached.stdout)["state"] == "SUCCEEDED"
    assert len(world.emr.steps) == 1
    again = _emrctl("runs", "attach", run_id)
    assert (again.exit_code, f"run       {run_id}" in again.stdout) == (0, True)


def test_attaching_to_a_run_that_fails_has_its_exit_code(world: World) -> None:
    world.emr.outcomes = itertools.repeat("FAILED")
    assert _emrctl("runs", "attach", _started(world)).exit_code == 1


def test_an_open_run_is_cancelled_and_gone(world: World) -> None:
    run_id = _started(world)
    cancelled = _emrctl("runs", "cancel", run_id, "--json")
    assert cancelled.exit_code == 0
    assert json.loads(cancelled.stdout)["state"] == "CANCELLED"
    assert [step.state for step in world.emr.steps] == ["CANCELLED"]
    assert world.lifecycle().shared.open_attempts() == []
    assert json.loads(_emrctl("runs", "cancel", run_id, "--json").stdout)["state"] == "CANCELLED"


def test_a_run_that_will_not_end_is_no_success(world: World) -> None:
    run_id = _started(world)
    world.emr.immortal = True
    resisting = _emrctl("runs", "cancel", run_id)
    assert isinstance(resisting.exception, UserError)
    assert resisting.exception.code == 1
    assert "was cancelled and is still CANCEL_PENDING" in str(resisting.exception)
    assert [attempt.run_id for attempt in world.lifecycle().shared.open_attempts()] == [run_id]


def test_a_run_that_is_in_no_list_yet_is_not_recorded_as_cancelled(world: World) -> None:
    world.emr.lag = 50
    run_id = _started(world)
    refused = _emrctl("runs", "cancel", run_id)
    assert "is in no list yet: it is being sent, or was left before it was" in str(refused.exception)
    listed = json.loads(_emrctl("runs", "list", "--json").stdout)
    assert [(run["run_id"], run["state"]) for run in listed] == [(run_id, "UNSENT")]


def test_a_run_that_was_left_before_it_was_sent_is_cancelled_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**_: Any) -> None:
        raise KilledError

    monkeypatch.setattr(world.emr, "add_job_flow_steps", killed)
    with pytest.raises(KilledError):
        world.lifecycle().start("nightly-etl", "dev")
    (attempt,) = world.lifecycle().shared.open_attempts()
    assert world.emr.steps == []
    world.time.sleep(601)
    record = json.loads(_emrctl("runs", "cancel", attempt.run_id, "--json").stdout)
    assert (record["state"], record["reason"]) == ("CANCELLED", "interrupted before it was sent")


def test_an_open_run_is_shown_with_its_state(world: World) -> None:
    run_id = _started(world)
    known = json.loads(_emrctl("runs", "show", run_id, "--json").stdout)
    assert (known["state"], known["runtime_state"], known["id"]) == ("RUNNING", "RUNNING", "s-1")
    assert (
        f"run {run_id} of nightly-etl is RUNNING on ec2 main: s-1 RUNNING"
        in _emrctl("runs", "show", run_id).stdout
    )


def _log(world: World, name: str, text: str) -> None:
    key = f"elasticmapreduce/j-1/steps/s-1/{name}.gz"
    world.s3.objects["dev-logs", key] = gzip.compress(text.encode())


def test_logs_are_shown_by_name_of_open_runs_and_of_those_that_are_over(world: World) -> None:
    run_id = _started(world)
    none = _emrctl("runs", "logs", run_id)
    assert "none yet: EMR writes them every few minutes" in str(none.exception)
    _log(world, "stderr", "one\n")
    _log(world, "controller", "two\n")
    assert _emrctl("runs", "logs", run_id).stdout == "==> controller <==\ntwo\n==> stderr <==\none\n"
    assert _emrctl("runs", "logs", run_id, "--stream", "stderr").stdout == "one\n"
    assert json.loads(_emrctl("runs", "logs", run_id, "--json").stdout) == {
        "controller": "two\n",
        "stderr": "one\n",
    }
    unknown = _emrctl("runs", "logs", run_id, "--stream", "stdin")
    assert "there is no log 'stdin'; there are: 'controller', 'stderr'" in str(unknown.exception)
    followed = _emrctl("runs", "logs", run_id, "--follow", "--stream", "stderr")
    assert (followed.exit_code, followed.stdout) == (0, "one\n")
    # Following does nothing to the run: its record is for the command that waits for it.
    assert [attempt.run_id for attempt in world.lifecycle().shared.open_attempts()] == [run_id]
    assert _emrctl("runs", "attach", run_id).exit_code == 0
    assert _emrctl("runs", "logs", run_id, "--stream", "stderr").stdout == "one\n"


def test_a_run_under_way_is_not_explained_yet(world: World) -> None:
    run_id = json.loads(_emrctl("jobs", "run", "nightly-etl", "--no-wait", "--json").stdout)["run_id"]
    refused = _emrctl("runs", "explain", run_id[-6:]).exception
    assert isinstance(refused, UserError)
    assert f"run {run_id} is under way; it is explained when it is over" in str(refused)
    assert refused.code == 1


def test_what_the_driver_says_is_shown_without_sparks_own_talk(world: World) -> None:
    log = (Path(__file__).parent / "data" / "driver-stderr.txt").read_bytes()
    log += (
        b"26/11/28 08:28:54 INFO CacheManager: plan:\n+- Project [a]\n   +- Scan\nmy own line\n  indented\n"
        b"26/11/28 08:28:55 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform\n"
        b"context.py:358: RuntimeWarning: Failed to add file [s3://a/job.whl] specified in 'spark.submit.pyFiles' to "
        b"Python path:\n  /nodes/local\n  warnings.warn(\n"
        b"26/11/28 08:28:55 INFO ApplicationMaster: \n"
        + b"="
        * 79
        + b"\nDefault YARN executor launch context:\n  env:\n"
        b"    SPARK_USER -> hadoop\n\n  command:\n    java \\ \n" + b"=" * 79 + b"\n"
    )
    for step in ("1", "2"):
        root, application = "elasticmapreduce/j-1", f"application_1_000{step}"
        container = f"{root}/containers/{application}/container_1_000{step}_01_000001"
        for key, text in {
            f"{root}/steps/s-{step}/stderr.gz": f"Submitted application {application}\n".encode(),
            f"{container}/stderr.gz": log,
            f"{container}/stdout.gz": b"336776 rows\n",
        }.items():
            world.s3.objects["dev-logs", key] = gzip.compress(text)
    shown = _emrctl("jobs", "run", "nightly-etl").stderr
    assert "\n336776 rows\n" in shown
    assert "WARN TaskSetManager: Lost task 1.0 in stage 9.0" in shown
    assert "INFO DAGScheduler" not in shown
    assert "Project" not in shown
    assert not any(
        part in shown for part in ("====", "launch context", "SPARK_USER", "java", "warn", "/nodes", "native")
    )
    assert "\nmy own line\n  indented\n" in shown
    assert "s-1 RUNNING, stages 5/6, tasks 14/15 (2 lost)" in shown
    assert "INFO DAGScheduler" in _emrctl("jobs", "run", "nightly-etl", "--verbose").stderr
    assert _emrctl("jobs", "run", "nightly-etl", "--quiet").stderr == ""


class _Terminal:
    """A terminal at which somebody answers, or presses Ctrl-C again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
        self.asked: list[str] = []
        self.answers = iter(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("rich.console.Console.is_terminal", True)
        monkeypatch.setattr("rich.console.Console.input", self.answer)

    def answer(self, question: str) -> str:
        self.asked.append(question)
        answer = next(self.answers)
        if answer == "^C":
            raise KeyboardInterrupt
        return answer


@pytest.mark.parametrize(("answer", "state"), [("y", "CANCELLED"), ("", "SUCCEEDED"), ("n", "SUCCEEDED")])
def test_ctrl_c_asks_and_does_what_it_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    terminal = _Terminal(monkeypatch, [answer])
    world.time.interrupt_at = 20.0
    with RunProgress("nightly-etl") as progress:
        lifecycle = Lifecycle(world.session, world.platform, clock=world.time.clock, cancels=progress.cancels)
        assert lifecycle.run("nightly-etl", "dev").state == state
    assert len(terminal.asked) == 1
    assert world.active() == []
    assert len(world.emr.steps) == 1


def test_a_second_ctrl_c_leaves_the_run_and_says_how_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Terminal(monkeypatch, ["^C"])
    world.time.interrupt_at = 20.0
    told = pytest.raises(UserError, match=r"goes on; 'emrctl runs attach \S+' follows it")
    with RunProgress("nightly-etl") as progress, told as left:
        lifecycle = Lifecycle(world.session, world.platform, clock=world.time.clock, cancels=progress.cancels)
        lifecycle.run("nightly-etl", "dev")
    assert left.value.code == 3
    assert [step.state for step in world.active()] == ["RUNNING"]
    assert len(lifecycle.shared.open_attempts()) == 1


def test_spark_s_pages_need_an_event_log_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = _started(world)
    assert "is under way, and Spark puts its event log on S3 at its end" in str(
        _emrctl("runs", "ui", run_id).exception
    )
    record = json.loads(_emrctl("runs", "attach", run_id, "--json").stdout)
    assert record["event_log_uri"] is None
    assert f"run {run_id} left no event log: it is SUCCEEDED" in str(_emrctl("runs", "ui", run_id).exception)


def test_the_event_log_is_fetched_and_its_pages_are_found(
    session: boto3.Session, tmp_path: Path, platform: Platform, world: World
) -> None:
    s3 = session.client("s3")
    for name in ("application_1_0001_1", "application_1_0001_2", "application_1_00011"):
        s3.put_object(Bucket="dev-logs", Key=f"spark-events/{name}", Body=b"{}")
    record = world.run().model_copy(
        update={
            "application_id": "application_1_0001",
            "event_log_uri": f"{platform.event_log_uri}application_1_0001",
        }
    )
    assert pages.fetch(session, record, tmp_path) == "/history/application_1_0001/2/jobs/"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "application_1_0001_1",
        "application_1_0001_2",
    ]

"""Job runs as driver processes: words, environment, credentials, logs, failure, cancellation; no Spark is started.

The spark-submit of these tests is a script that shows what it was started with.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cloud.server import CloudServer
from local.contracts import JobRun, Sizes
from local.keys import Key
from local.spark import SparkJobs, classifications, driver, steplogs
from local.spark.java import Java
from local.spark.toolchain import Toolchain
from tests.local.cloud.fakes import FakeRunner
from tests.local.cloud.serverless import TRUST

SECONDS = 20
REGION = "us-east-1"
SIZES = Sizes(driver_cores=1, driver_memory_mb=4096, executors=3, executor_cores=2, executor_memory_mb=8192)
RUN = JobRun(
    run_id="00g1", attempt=1, service="emr-serverless", parent_id="00f1", region=REGION,
    release_label="emr-spark-8.0.0", execution_role_arn="arn:aws:iam::123456789012:role/driver", session_policies={},
    driver="spark-submit", entry_point="s3://code/a.py", arguments=("x", "two words"),
    parameters="--conf 'spark.a=b c' --master yarn --conf spark.emr-serverless.driverEnv.DAY=monday",
    configurations=(
        {"classification": "spark-defaults", "properties": {"spark.kubernetes.driverEnv.WHERE": "here",
                                                            "spark.sql.x": "1"}},
    ),
    sizes=SIZES, driver_logs="s3://logs/applications/00f1/jobs/00g1/SPARK_DRIVER",
)  # fmt: skip
SHOW = 'printf "%s\\n" "$@"; echo "DAY=$DAY WHERE=$WHERE"; cat "$SPARK_CONF_DIR/spark-defaults.conf"'


class Sink:
    def __init__(self) -> None:
        self.started, self.ended = threading.Event(), threading.Event()
        self.failure: str | None = None

    def running(self, run_id: str, attempt: int) -> None:
        self.started.set()

    def finished(self, run_id: str, attempt: int, failure: str | None) -> None:
        self.failure = failure
        self.ended.set()

    def outcome(self) -> str | None:
        assert self.ended.wait(SECONDS), "the driver hangs"
        return self.failure


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    with CloudServer(FakeRunner()) as server:
        iam = client(server, "iam")
        # moto's IAM is one for the whole process: another module may have made it.
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName="driver", AssumeRolePolicyDocument=json.dumps(TRUST))
        client(server, "s3").create_bucket(Bucket="logs")
        yield server


def client(server: CloudServer, service: str) -> Any:
    make: Any = boto3.client
    keys = {"aws_access_key_id": "AKIA2222222222222222", "aws_secret_access_key": "s"}
    return make(service, endpoint_url=server.endpoint, region_name=REGION, **keys)


class Jobs:
    """A runner whose spark-submit is `script`."""

    def __init__(self, home: Path, endpoint: str) -> None:
        self.home, self.submit = home, home / "spark" / "bin" / "spark-submit"
        self.submit.parent.mkdir(parents=True)
        packages = home / "packages"
        tools = Toolchain(java=Java(home=home, version=17), spark=home / "spark", pyspark=packages / "pyspark",
                          spark_version="4.0.1", python=home / "python", s3a=home / "s3a",
                          beside=home / "beside", yarn=home / "yarn")  # fmt: skip
        keys = {"emr-serverless": Key(access_key_id="a", secret_access_key="s")}
        self.runner = SparkJobs(home, endpoint, REGION, keys, tools=lambda _lane: tools)

    def start(self, script: str, run: JobRun = RUN) -> Sink:
        self.submit.write_text(f"#!/bin/sh\n{script}\n")
        self.submit.chmod(0o755)
        sink = Sink()
        self.runner.start_run(run, sink)
        return sink


@pytest.fixture
def jobs(cloud: CloudServer, tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs(tmp_path, cloud.endpoint)
    yield found
    found.runner.stop()


def has_log(cloud: CloudServer, run: JobRun, name: str) -> bool:
    prefix = f"{str(run.driver_logs).removeprefix('s3://logs/')}/{name}.gz"
    return bool(client(cloud, "s3").list_objects_v2(Bucket="logs", Prefix=prefix)["KeyCount"])


def log_of(cloud: CloudServer, run: JobRun, name: str) -> str:
    key = f"{str(run.driver_logs).removeprefix('s3://logs/')}/{name}.gz"
    body = client(cloud, "s3").get_object(Bucket="logs", Key=key)["Body"].read()
    return gzip.decompress(body).decode()


def test_a_driver_gets_its_words_its_environment_and_keeps_its_logs(cloud: CloudServer, jobs: Jobs) -> None:
    sink = jobs.start(SHOW + "; echo told >&2")

    assert sink.outcome() is None
    assert sink.started.is_set()
    shown = log_of(cloud, RUN, "stdout")
    assert shown.startswith(
        "--conf\nspark.a=b c\n--conf\nspark.emr-serverless.driverEnv.DAY=monday\n--conf\n"
        "spark.master=local-cluster[2,2,2048]\n--conf\nspark.driver.memory=1024m\n--conf\nspark.executor.memory=2048m\n--conf\n"
        "spark.executor.cores=2\n--conf\nspark.dynamicAllocation.enabled=false\n"
        "s3://code/a.py\nx\ntwo words\n"
    )
    assert "DAY=monday WHERE=here" in shown
    assert "spark.sql.x 1" in shown
    assert log_of(cloud, RUN, "stderr") == "told\n"


def test_a_driver_has_the_credentials_of_its_role_and_leaves_none(cloud: CloudServer, jobs: Jobs) -> None:
    run = replace(RUN, run_id="00g2", driver_logs="s3://logs/two")
    sink = jobs.start('cat "$AWS_SHARED_CREDENTIALS_FILE"; env', run)

    assert sink.outcome() is None
    shown = log_of(cloud, run, "stdout")
    key = shown.partition("aws_access_key_id = ")[2].split("\n")[0]
    keys = {"aws_access_key_id": key, "aws_secret_access_key": "s", "aws_session_token": "t"}
    make: Any = boto3.client
    identity = make("sts", endpoint_url=cloud.endpoint, region_name=REGION, **keys).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/driver/00g2"
    assert not list(jobs.home.glob("jobs/*/*/aws"))


def test_the_logs_of_a_driver_that_runs_are_kept_as_they_grow(
    cloud: CloudServer, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steplogs, "EVERY_SECONDS", 0.05)
    run = replace(RUN, run_id="00g9", driver_logs="s3://logs/nine")
    sink = jobs.start(f"echo one; while [ ! -e {jobs.home}/go ]; do sleep 0.05; done; echo two", run)
    deadline = time.monotonic() + SECONDS
    while not has_log(cloud, run, "stdout") or log_of(cloud, run, "stdout") != "one\n":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (jobs.home / "go").touch()
    assert sink.outcome() is None
    assert log_of(cloud, run, "stdout") == "one\ntwo\n"


def test_a_failing_driver_tells_its_last_exception(jobs: Jobs) -> None:
    assert jobs.start("echo 'ValueError: no data' >&2; exit 1").outcome() == "ValueError: no data"


def test_a_role_that_cannot_be_assumed_fails_the_run(jobs: Jobs) -> None:
    run = replace(RUN, execution_role_arn="not-an-arn")
    sink = jobs.start(SHOW, run)
    assert "the role not-an-arn cannot be assumed" in str(sink.outcome())
    assert not sink.started.is_set()


def test_what_does_not_run_here_says_so(jobs: Jobs) -> None:
    outcome = jobs.start(SHOW, replace(RUN, driver="hive")).outcome()
    assert outcome == "a hive driver does not run on this machine; spark-submit does"


@pytest.mark.parametrize(
    ("script", "grace", "said"),
    [("sleep 60", 0.0, ""), ("trap 'echo bye; exit 1' TERM; sleep 60 & wait", 10.0, "bye\n")],
)
def test_a_cancelled_driver_ends_with_the_grace_it_is_given(
    cloud: CloudServer, jobs: Jobs, script: str, grace: float, said: str
) -> None:
    run = replace(RUN, run_id="00g3", driver_logs=f"s3://logs/cancelled-{grace}")
    sink = jobs.start(f"{script}", run)
    assert sink.started.wait(SECONDS)
    _wait_for_child(jobs)
    began = time.monotonic()
    jobs.runner.cancel_run("00g3", grace)

    assert sink.outcome() is not None
    assert time.monotonic() - began < 9
    assert log_of(cloud, run, "stdout") == said


def _wait_for_child(jobs: Jobs) -> None:
    """Until the script has come to its `sleep`: only then it heeds a signal as it says."""
    import psutil

    (running,) = jobs.runner.status()
    pid = running["pid"]
    assert isinstance(pid, int)
    deadline = time.monotonic() + SECONDS
    while not psutil.Process(pid).children():
        assert time.monotonic() < deadline, "the script does not come to its sleep"
        time.sleep(0.01)


def test_a_runner_that_stops_leaves_no_driver(jobs: Jobs) -> None:
    sink = jobs.start("sleep 60")
    assert sink.started.wait(SECONDS)
    jobs.runner.stop()
    assert sink.ended.is_set()
    assert jobs.runner.status() == []


def test_the_options_that_are_this_machines_are_taken_out() -> None:
    parameters = "--deploy-mode cluster --master k8s://x --conf spark.master=yarn --py-files s3://a/b.zip"
    words = driver.submission(replace(RUN, parameters=parameters)).words()
    assert words[:2] == ["--py-files", "s3://a/b.zip"]
    assert words[-3:] == ["s3://code/a.py", "x", "two words"]
    assert not [word for word in words if "k8s" in word or "yarn" in word]
    assert "spark.master=local-cluster[2,2,2048]" in words


def test_heap_is_never_less_than_spark_starts_with() -> None:
    sizes = replace(SIZES, driver_memory_mb=1024, executor_memory_mb=1024, executors=1)
    words = driver.submission(replace(RUN, sizes=sizes)).words()
    assert "spark.master=local-cluster[1,2,512]" in words
    assert "spark.driver.memory=512m" in words


def test_the_python_of_a_container_is_not_taken_over() -> None:
    run = replace(
        RUN, parameters="--conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python"
    )
    assert driver.driver_environment(driver.settings(driver.submission(run), classifications.apply([]))) == {}


def test_a_run_of_the_api_comes_to_its_end_through_a_process(tmp_path: Path) -> None:
    made: list[Jobs] = []

    class Late:
        """A runner that is made when the server's endpoint is known."""

        def __getattr__(self, name: str) -> Any:
            return getattr(made[0].runner, name)

    with CloudServer(FakeRunner(), jobs=Late()) as server:
        made.append(Jobs(tmp_path, server.endpoint))
        made[0].submit.write_text("#!/bin/sh\necho hello\n")
        made[0].submit.chmod(0o755)
        client(server, "iam").create_role(RoleName="run", AssumeRolePolicyDocument=json.dumps(TRUST))
        client(server, "s3").create_bucket(Bucket="logs-run")
        api = client(server, "emr-serverless")
        application = api.create_application(releaseLabel="emr-spark-8.0.0", type="SPARK")["applicationId"]
        monitoring = {"s3MonitoringConfiguration": {"logUri": "s3://logs-run/a"}}
        run = api.start_job_run(
            applicationId=application, executionRoleArn="arn:aws:iam::123456789012:role/run",
            jobDriver={"sparkSubmit": {"entryPoint": "s3://code/a.py"}},
            configurationOverrides={"monitoringConfiguration": monitoring},
        )["jobRunId"]  # fmt: skip
        deadline = time.monotonic() + SECONDS
        while (shown := api.get_job_run(applicationId=application, jobRunId=run)["jobRun"])[
            "state"
        ] != "SUCCESS":
            assert time.monotonic() < deadline, shown
            assert shown["state"] != "FAILED", shown
            time.sleep(0.05)
        key = f"a/applications/{application}/jobs/{run}/SPARK_DRIVER/stdout.gz"
        body = client(server, "s3").get_object(Bucket="logs-run", Key=key)["Body"].read()
    assert gzip.decompress(body) == b"hello\n"

"""Why a step failed, and where its logs are."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from local.spark import failure
from local.spark.steplogs import LogBucket


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (
            "25/01/01 INFO Client: x\nTraceback (most recent call last):\n  File ...\nValueError: month 13\n"
            "25/01/01 INFO ShutdownHookManager: bye\n",
            "ValueError: month 13",
        ),
        (
            'Exception in thread "main" org.apache.spark.SparkException: Application application_1_1 finished with '
            "failed status\n\tat org.apache.spark.deploy.yarn.Client.run(Client.scala:1309)\n",
            'Exception in thread "main" org.apache.spark.SparkException: Application application_1_1 finished with '
            "failed status",
        ),
        ("java.io.IOException: one\nCaused by: x\npyspark.errors.AnError: two\n", "pyspark.errors.AnError: two"),
        ("Error: Failed to load class no.such.Main.\n", "Error: Failed to load class no.such.Main."),
        ("just a last line\n\n", "just a last line"),
        ("", "the step ended with exit code 9 and wrote nothing"),
    ],
)  # fmt: skip
def test_the_last_exception_is_the_message(stderr: str, message: str) -> None:
    told = failure.of_logs(stderr, "", 9, "s3://logs/{}.gz".format)
    assert (told.reason, told.message, told.log_file) == ("Unknown Error.", message, "s3://logs/stderr.gz")


def test_a_message_is_bounded() -> None:
    assert len(failure.of_logs("X" * 10_000, "", 1, lambda _: None).message) == 2000


def test_event_logs_are_kept_as_spark_reads_them_one_file_or_a_folder_of_several(tmp_path: Path) -> None:
    (tmp_path / "application_1_1").write_text("{}")
    (tmp_path / "application_1_2").write_text("another's")
    (tmp_path / "eventlog_v2_application_1_1").mkdir()
    (tmp_path / "eventlog_v2_application_1_1" / "events_1_application_1_1").write_text("{}")
    s3 = _S3(zipped=False)
    LogBucket(s3, "s3://logs/emr", "j-1").keep_events(tmp_path, "application_1_1")
    assert s3.objects == {
        "logs/emr/j-1/spark-events/application_1_1": b"{}",
        "logs/emr/j-1/spark-events/eventlog_v2_application_1_1/events_1_application_1_1": b"{}",
    }


class _S3:
    def __init__(self, *, fails: bool = False, zipped: bool = True) -> None:
        self.objects: dict[str, bytes] = {}
        self.puts = 0
        self._fails, self._zipped = fails, zipped

    def put_object(self, **given: Any) -> None:
        if self._fails:
            raise OSError("gone")
        self.puts += 1
        body = given["Body"]
        self.objects[f"{given['Bucket']}/{given['Key']}"] = gzip.decompress(body) if self._zipped else body


def step_folder(tmp_path: Path) -> Path:
    for name in ("controller", "stderr", "stdout"):
        (tmp_path / name).write_text(f"the {name}")
    return tmp_path


@pytest.mark.parametrize("uri", ["s3://logs/emr/", "s3://logs/emr", "s3n://logs/emr/"])
def test_step_logs_lie_where_emr_puts_them(tmp_path: Path, uri: str) -> None:
    s3 = _S3()
    bucket = LogBucket(s3, uri, "j-1")
    bucket.keep_step("s-1", step_folder(tmp_path))
    assert s3.objects == {
        f"logs/emr/j-1/steps/s-1/{name}.gz": f"the {name}".encode()
        for name in ("controller", "stderr", "stdout")
    }
    assert bucket.step_uri("s-1", "stderr") == "s3://logs/emr/j-1/steps/s-1/stderr.gz"


def test_a_log_uri_without_prefix() -> None:
    assert (
        LogBucket(_S3(), "s3://logs", "j-1").step_uri("s-1", "stderr") == "s3://logs/j-1/steps/s-1/stderr.gz"
    )


def container(node: Path, application: str, name: str) -> None:
    folder = node / application / name
    folder.mkdir(parents=True)
    (folder / "stdout").write_text(name)
    (folder / "launch_container.sh").write_text("no log")


def test_container_logs_of_one_application_are_kept_once(tmp_path: Path) -> None:
    container(tmp_path / "n1", "application_1_1", "container_1_1_01_000001")
    container(tmp_path / "n2", "application_1_1", "container_1_1_01_000002")
    container(tmp_path / "n1", "application_1_2", "container_1_2_01_000001")
    s3, nodes = _S3(), [tmp_path / "n1", tmp_path / "n2"]
    bucket = LogBucket(s3, "s3://logs/", "j-1")
    bucket.keep_containers(nodes, "application_1_1")
    prefix = "logs/j-1/containers"
    assert set(s3.objects) == {
        f"{prefix}/application_1_1/container_1_1_01_000001/stdout.gz",
        f"{prefix}/application_1_1/container_1_1_01_000002/stdout.gz",
    }
    bucket.keep_containers(nodes)  # at the end of the cluster: what is not there yet
    assert f"{prefix}/application_1_2/container_1_2_01_000001/stdout.gz" in s3.objects
    assert s3.puts == 3


def test_without_a_log_uri_nothing_is_kept(tmp_path: Path) -> None:
    s3 = _S3()
    bucket = LogBucket(s3, None, "j-1")
    bucket.keep_step("s-1", step_folder(tmp_path))
    assert bucket.step_uri("s-1", "stderr") is None
    assert s3.puts == 0


def test_a_bucket_that_is_gone_costs_the_log_and_not_the_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    LogBucket(_S3(fails=True), "s3://logs/", "j-1").keep_step("s-1", step_folder(tmp_path))
    assert "cannot keep s3://logs/j-1/steps/s-1/stderr.gz: gone" in caplog.text


def test_what_a_python_driver_says_on_standard_output_counts_when_standard_error_says_nothing() -> None:
    told = failure.of_logs("26/11/23 INFO done\n", "Traceback\nKeyError: 'x'\n", 1, "s3://logs/{}.gz".format)
    assert (told.message, told.log_file) == ("KeyError: 'x'", "s3://logs/stdout.gz")
    told = failure.of_logs("java.io.IOException: a\n", "KeyError: 'x'\n", 1, "s3://logs/{}.gz".format)
    assert (told.message, told.log_file) == ("java.io.IOException: a", "s3://logs/stderr.gz")

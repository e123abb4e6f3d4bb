"""Steps on a real YARN: one that succeeds, several that cannot, one that is cancelled; then nothing is left."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.local.spark.yarn_world import JOB_ROLE, KEY, RELEASES, World, world

pytestmark = [pytest.mark.xdist_group("yarn"), pytest.mark.timeout(900)]

COPY = """
import json, os, sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
rows = spark.read.json("s3://data/in/")
rows.repartition(2).write.mode("overwrite").partitionBy("k").parquet("s3://data/out/")
import boto3
print(json.dumps({
    "rows": spark.read.parquet("s3://data/out/").count(),
    "who": boto3.client("sts").get_caller_identity()["Arn"],
    "env": [name for name in os.environ if name.startswith("AWS_") and ("SECRET" in name or "TOKEN" in name)],
    "conf": [value for key, value in spark.sparkContext.getConf().getAll()],
    "master": spark.sparkContext.master,
    "arguments": sys.argv[1:],
}))
spark.stop()
"""
FAIL = """
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
raise ValueError("no flights on the 31st of June")
"""
WAIT = """
import time
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).map(lambda _: time.sleep(600)).collect()
"""


@pytest.fixture(scope="module", params=RELEASES)
def emr(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("yarn"), release=request.param) as made:
        yield made


@pytest.fixture(scope="module")
def copied(emr: World) -> str:
    """A step that has succeeded."""
    emr.s3.put_object(
        Bucket="data",
        Key="in/rows.json",
        Body=b"".join(b'{"id": %d, "k": %d}\n' % (n, n % 3) for n in range(100)),
    )
    step = emr.step(emr.script(COPY), "--day", "a b")
    assert emr.sink.outcome(step) is None, emr.step_log(step, "stderr")
    return step


def told(emr: World) -> dict[str, object]:
    """What the job printed."""
    (key,) = emr.container_logs('"arguments"')
    lines = [line for line in emr.log(key).splitlines() if line.startswith("{")]
    found: dict[str, object] = json.loads(lines[0])
    return found


def test_a_step_reads_and_writes_s3_in_cluster_mode(emr: World, copied: str) -> None:
    report = told(emr)
    assert report["rows"] == 100
    assert report["master"] == "yarn"
    assert report["arguments"] == ["--day", "a b"]
    partitions = {key.split("/")[1] for key in emr.keys("out/k=", bucket="data")}
    assert partitions == {"k=0", "k=1", "k=2"}


def test_the_job_has_its_roles_session_and_no_other(emr: World, copied: str) -> None:
    report = told(emr)
    assert str(report["who"]).startswith(
        JOB_ROLE.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    )
    assert report["env"] == []


def test_no_secret_lies_anywhere_but_in_a_file_of_the_users_own(emr: World, copied: str) -> None:
    files = [path for path in emr.home.rglob("*") if path.is_file()]
    (file,) = [path for path in files if path.name == "credentials"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secrets = [
        line.split(" = ")[1] for line in file.read_text().splitlines() if "secret" in line or "token" in line
    ]
    secrets.append(KEY.secret_access_key)
    for path in files:
        text = path.read_bytes()
        assert path == file or not any(secret.encode() in text for secret in secrets), path
    assert not any(secret in str(told(emr)["conf"]) for secret in secrets)


def test_logs_lie_in_emrs_layout(emr: World, copied: str) -> None:
    base = f"emr/{emr.cluster.cluster_id}/"
    assert emr.keys(f"{base}steps/{copied}/") == [
        f"{base}steps/{copied}/{name}.gz" for name in ("controller", "stderr", "stdout")
    ]
    said = emr.step_log(copied, "stderr")
    (application,) = set(re.findall(r"application_\d+_\d+", said))
    logs = emr.keys(f"{base}containers/{application}/")
    containers = {key.rpartition("/")[0] for key in logs}
    assert len(containers) >= 2, "the driver's and an executor's"
    for container in containers:
        assert application.removeprefix("application_") in container.rpartition("/")[2]
        assert {f"{container}/{file}.gz" for file in ("stdout", "stderr")} <= set(logs)
    assert [key for key in emr.keys(f"{base}spark-events/") if application in key]
    assert "Step succeeded" in emr.step_log(copied, "controller")
    assert "final status: SUCCEEDED" in said


def test_steps_that_cannot_succeed_fail_with_their_reason(emr: World, copied: str) -> None:
    """All at once: that is also the test that steps run side by side."""
    failing = emr.step(emr.script(FAIL))
    missing = emr.step("s3://code/not-there.py")
    queue = emr.step(emr.script(COPY), conf={"spark.yarn.queue": "nobody"})
    jar = emr.step("x", jar="s3://code/my.jar")
    other = emr.step("x", first="hive-script")

    refused = emr.sink.failure(jar)
    assert refused.message.startswith("s3://code/my.jar: only command-runner.jar")
    assert refused.log_file == f"s3://logs/emr/{emr.cluster.cluster_id}/steps/{jar}/controller.gz"
    assert refused.message in emr.step_log(jar, "controller")
    assert "'hive-script'" in emr.sink.failure(other).message
    assert "s3://code/not-there.py" in emr.sink.failure(missing).message
    assert "nobody" in emr.sink.failure(queue).message

    failed = emr.sink.failure(failing)
    assert failed.reason == "Unknown Error."
    assert "finished with failed status" in failed.message
    assert failed.log_file == f"s3://logs/emr/{emr.cluster.cluster_id}/steps/{failing}/stderr.gz"
    assert "Step failed with exitCode 1" in emr.step_log(failing, "controller")
    assert emr.container_logs("ValueError: no flights on the 31st of June")


def test_a_step_listens_on_the_loopback_only_and_leaves_no_process_when_cancelled(
    emr: World, copied: str
) -> None:
    step = emr.step(emr.script(WAIT))
    emr.wait_for_containers(2)
    daemons = {p.pid for p in emr.running("yarn.server")}
    assert len(daemons) == 2
    listening = emr.listening()
    assert {pid for pid, _ in listening} > daemons
    assert [address for _, address in listening if not ip_address(address).is_loopback] == []
    emr.runner.cancel_step(emr.cluster.cluster_id, step)
    emr.sink.failure(step)
    assert {p.pid for p in emr.running("yarn.server")} == daemons
    assert emr.processes("_") == []
    assert emr.keys(f"emr/{emr.cluster.cluster_id}/steps/{step}/")


def test_an_ended_cluster_leaves_nothing(emr: World, copied: str) -> None:
    """Last of the module: it ends the cluster."""
    step = emr.step(emr.script(WAIT))
    emr.wait_for_containers(2)
    assert emr.marked(), "every process carries the mark of its local AWS"
    assert emr.unmarked() == []
    emr.runner.terminate(emr.cluster.cluster_id)
    emr.sink.failure(step)
    assert emr.processes() == []
    assert emr.marked() == []
    assert not list(emr.home.rglob("credentials"))
    assert list(emr.runner.status()) == []

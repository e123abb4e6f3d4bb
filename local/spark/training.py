"""The small job from which the class-data archives learn: a real step on a real YARN, against an S3 of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from facts.releases import DEFAULT_LABEL
from local import paths
from local.contracts import Cluster, Instance, Step, StepFailure
from local.keys import Key
from local.processes import MARK
from local.spark import archives, lanes, toolchain
from local.spark.lanes import Lane
from local.spark.runner import SparkRunner
from local.spark.toolchain import Say, Toolchain

JOB = Path(__file__).parent / "training_job.py"
SECONDS = 300.0
_REGION = "us-east-1"
_KEY = Key(access_key_id="training", secret_access_key="training")  # noqa: S106 nobody judges it


class TrainingError(Exception):
    """The job did not run; the message says why."""


class _Sink:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failure: StepFailure | None = None

    def running(self, _cluster_id: str, _step_id: str) -> None:
        """Nothing to note."""

    def finished(self, _cluster_id: str, _step_id: str, failure: StepFailure | None) -> None:
        """Note how it went."""
        self.failure = failure
        self.ended.set()


def ensure(say: Say, *, lane: Lane = lanes.DEFAULT) -> Toolchain:
    """As `toolchain.ensure`, with the class-data archives, which are made if they are not there: a few minutes, once.

    Archives that cannot be made are said and done without.
    """
    tools = toolchain.ensure(say, lane=lane)
    if tools.archives is not None:
        return tools
    say("making class-data archives, with which Spark starts faster (a few minutes, once)")
    class_paths: dict[archives.Kind, list[Path]] = {"spark": tools.spark_jars, "yarn": tools.yarn_jars}
    where = toolchain.archives_folder(tools)
    try:
        archives.make(where, tools.java.binary, class_paths, lambda lists: run(tools, lists))
    except (TrainingError, OSError, subprocess.SubprocessError) as error:
        say(f"no class-data archives: {error}; Spark runs, and starts slower")
    return toolchain.with_archives(tools)


def run(tools: Toolchain, lists: Path) -> None:
    """Run the job with JVMs that write the classes they load to `lists`. Raises TrainingError."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line a request otherwise
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        _prepare(endpoint)
        sink = _Sink()
        with _reaped(), tempfile.TemporaryDirectory(prefix="emrctl-training-") as home:
            recording = replace(tools, archives=None, lists=lists)
            runner = SparkRunner(Path(home), endpoint, _REGION, _KEY, sink, tools=lambda _lane: recording)
            try:
                runner.start_step(_cluster(Path(home).name), _step())
                if not sink.ended.wait(SECONDS):
                    raise TrainingError(f"the training job has not ended after {SECONDS:.0f} s")
            finally:
                runner.stop()
        if sink.failure is not None:
            raise TrainingError(sink.failure.message)
    finally:
        server.stop()


@contextmanager
def _reaped() -> Iterator[None]:
    """However this process ends, what it has started ends with it."""
    before, instance = os.environ.get(MARK), str(uuid.uuid4())
    reaper = subprocess.Popen(
        [sys.executable, "-m", "local.reaper", instance],
        stdin=subprocess.PIPE, start_new_session=True, cwd=paths.root(),
    )  # fmt: skip
    os.environ[MARK] = instance
    try:
        yield
    finally:
        if before is None:
            del os.environ[MARK]
        else:
            os.environ[MARK] = before
        reaper.communicate()


def _prepare(endpoint: str) -> None:
    from boto3.session import Session

    session = Session(
        aws_access_key_id=_KEY.access_key_id, aws_secret_access_key=_KEY.secret_access_key, region_name=_REGION
    )  # fmt: skip
    s3, iam = session.client("s3", endpoint_url=endpoint), session.client("iam", endpoint_url=endpoint)
    s3.create_bucket(Bucket="training")
    s3.put_object(Bucket="training", Key="main.py", Body=JOB.read_bytes())
    s3.put_object(Bucket="training", Key="events/", Body=b"")
    iam.create_role(RoleName="training", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="training")
    iam.add_role_to_instance_profile(InstanceProfileName="training", RoleName="training")


def _cluster(name: str) -> Cluster:
    instances = [
        Instance(
            instance_id=f"ci-{role}",
            ec2_instance_id=f"i-{role}",
            role=role,
            instance_type="m5.xlarge",
            market="ON_DEMAND",
        )
        for role in ("MASTER", "CORE")
    ]
    return Cluster(
        cluster_id=f"j-{name}", name="training", release_label=DEFAULT_LABEL, log_uri=None, instance_profile="training",
        configurations=(), instances=instances,
    )  # fmt: skip


def _step() -> Step:
    conf = {
        "spark.dynamicAllocation.enabled": "false",
        "spark.yarn.maxAppAttempts": "1",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": "s3://training/events/",
    }
    words = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    return Step(
        step_id="s-training", name="training", jar="command-runner.jar", main_class=None,
        args=["spark-submit", "--deploy-mode", "cluster", "--num-executors", "1", "--executor-cores", "2",
              *words, "s3://training/main.py"],
        properties={}, execution_role_arn="arn:aws:iam::123456789012:role/training",
    )  # fmt: skip

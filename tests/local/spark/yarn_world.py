"""An S3, an IAM and a runner with one cluster: what tests on a real YARN share."""

from __future__ import annotations

import gzip
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from facts.releases import DEFAULT_LABEL
from local.contracts import Cluster, Instance, Step, StepFailure
from local.keys import Key
from local.processes import MARK, alive, of_instance
from local.spark import SparkRunner
from local.spark.lanes import LANES
from local.spark.yarn import containers_of, processes_of

REGION = "us-east-1"
KEY = Key(access_key_id="AKIAMACHINE222222222", secret_access_key="the-machines-own-secret")
JOB_ROLE = "arn:aws:iam::123456789012:role/yarn-step"
LOGS = "s3://logs/emr/"
STEP_SECONDS = 300.0
SECONDS = 120.0
# The default release where a test runs at all, the others only in `make test-all`.
RELEASES = [
    pytest.param(label, marks=() if label == DEFAULT_LABEL else (pytest.mark.slow, pytest.mark.more))
    for label in sorted(LANES, key=lambda label: label != DEFAULT_LABEL)
]
# Small enough for two steps at once on one node.
SMALL = {
    "spark.driver.memory": "512m", "spark.executor.memory": "512m", "spark.executor.instances": "1",
    "spark.dynamicAllocation.enabled": "false", "spark.yarn.maxAppAttempts": "1",
}  # fmt: skip


class Sink:
    """Takes the runner's reports and lets tests wait for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._finished: dict[str, StepFailure | None] = {}

    def running(self, cluster_id: str, step_id: str) -> None:
        with self._changed:
            self._running.add(step_id)
            self._changed.notify_all()

    def finished(self, cluster_id: str, step_id: str, failure: StepFailure | None) -> None:
        with self._changed:
            self._finished[step_id] = failure
            self._changed.notify_all()

    def started(self, step_id: str) -> bool:
        """Whether the step's process was started, when it has been or the step has ended."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: {step_id} & (self._running | set(self._finished)), STEP_SECONDS
            )
            return step_id in self._running

    def outcome(self, step_id: str) -> StepFailure | None:
        """Why the step failed, once it has ended; None when it succeeded."""
        with self._changed:
            assert self._changed.wait_for(lambda: step_id in self._finished, STEP_SECONDS), f"{step_id} hangs"
            return self._finished[step_id]

    def failure(self, step_id: str) -> StepFailure:
        """As `outcome`, of a step that must have failed."""
        found = self.outcome(step_id)
        assert found is not None, f"{step_id} succeeded"
        return found


@dataclass
class World:
    """One cluster and what is around it."""

    runner: SparkRunner
    sink: Sink
    home: Path
    s3: Any
    cluster: Cluster
    instance: str
    _count: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def step(
        self, *words: str, jar: str = "command-runner.jar", mode: str = "cluster", conf: Mapping[str, str] = {},
        first: str = "spark-submit",
    ) -> str:  # fmt: skip
        """Start a step of these words; its id."""
        step_id = f"s-{next(self._count):04d}TEST"
        pairs = [word for k, v in {**SMALL, **conf}.items() for word in ("--conf", f"{k}={v}")]
        step = Step(
            step_id=step_id, name=step_id, jar=jar, main_class=None,
            args=[first, "--deploy-mode", mode, *pairs, *words], properties={}, execution_role_arn=JOB_ROLE,
        )  # fmt: skip
        self.runner.start_step(self.cluster, step)
        return step_id

    def script(self, text: str) -> str:
        """Put a script into S3; its URI."""
        key = f"{uuid.uuid4().hex}.py"
        self.s3.put_object(Bucket="code", Key=key, Body=text.encode())
        return f"s3://code/{key}"

    def keys(self, prefix: str, bucket: str = "logs") -> list[str]:
        """The keys under a prefix."""
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    def step_log(self, step_id: str, file: str) -> str:
        """A step's log file, as the log bucket has it."""
        return self.log(f"emr/{self.cluster.cluster_id}/steps/{step_id}/{file}.gz")

    def log(self, key: str) -> str:
        """A log file of the bucket, unpacked."""
        return gzip.decompress(self.s3.get_object(Bucket="logs", Key=key)["Body"].read()).decode()

    def container_logs(self, text: str) -> list[str]:
        """The keys of the container logs that contain `text`."""
        prefix = f"emr/{self.cluster.cluster_id}/containers/"
        return [key for key in self.keys(prefix) if text in self.log(key)]

    def processes(self, container: str = "") -> list[psutil.Process]:
        """What runs of the cluster, or of its containers named so."""
        return processes_of(self.cluster.cluster_id, container=container)

    def running(self, word: str, *, on: str = "") -> list[psutil.Process]:
        """What runs of the cluster with this word in its command line, in the folders of the node `on`."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error, OSError):  # one may end while it is looked at
                if word in " ".join(process.cmdline()) and on in process.cwd():
                    found.append(process)
        return found

    def listening(self) -> list[tuple[int, str]]:
        """Where processes of the cluster listen: process id and address."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error, OSError):  # one may end while it is looked at
                connections = [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
                found += [(process.pid, c.laddr.ip.removeprefix("::ffff:")) for c in connections]
        return found

    def wait_for_containers(self, number: int) -> None:
        """Return when so many containers run."""
        until(
            lambda: len(containers_of(self.cluster.cluster_id)) >= number,
            f"{number} containers",
            STEP_SECONDS,
        )

    def marked(self) -> list[psutil.Process]:
        """What runs that carries this local AWS's mark, whatever started it."""
        return of_instance(self.instance)

    def unmarked(self) -> list[psutil.Process]:
        """What runs of the cluster without that mark."""
        found, marked = self.processes(), {p.pid for p in self.marked()}
        return [p for p in found if p.pid not in marked and alive(p)]  # or it has ended between the two


def until(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Return when the condition holds; `what` is what has not come about when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def instance(number: int, role: Any) -> Instance:
    return Instance(
        instance_id=f"ci-{role}{number}", ec2_instance_id=f"i-{number}", role=role, instance_type="m5.xlarge",
        market="ON_DEMAND",
    )  # fmt: skip


@contextmanager
def world(
    home: Path, *, configurations: list[dict[str, Any]] | None = None, release: str = DEFAULT_LABEL
) -> Iterator[World]:
    """A cluster of one primary and one core node, ended with all its processes at the end."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    mark = str(uuid.uuid4())
    before, os.environ[MARK] = os.environ.get(MARK), mark
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    session = boto3.Session(aws_access_key_id="t", aws_secret_access_key="t", region_name=REGION)
    s3, iam = session.client("s3", endpoint_url=endpoint), session.client("iam", endpoint_url=endpoint)
    for bucket in ("logs", "code", "data"):
        s3.create_bucket(Bucket=bucket)
    for role in ("yarn-step", "yarn-nodes"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="yarn-nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="yarn-nodes", RoleName="yarn-nodes")
    sink = Sink()
    runner = SparkRunner(home, endpoint, REGION, KEY, sink)
    cluster = Cluster(
        cluster_id=f"j-{uuid.uuid4().hex[:12].upper()}", name="test", release_label=release, log_uri=LOGS,
        instance_profile="yarn-nodes", configurations=configurations or [],
        instances=[instance(1, "MASTER"), instance(2, "CORE")],
    )  # fmt: skip
    try:
        yield World(runner, sink, home, s3, cluster, mark)
    finally:
        runner.stop()
        # moto's IAM outlives its server: the next module makes them again
        iam.remove_role_from_instance_profile(InstanceProfileName="yarn-nodes", RoleName="yarn-nodes")
        iam.delete_instance_profile(InstanceProfileName="yarn-nodes")
        for role in ("yarn-step", "yarn-nodes"):
            iam.delete_role(RoleName=role)
        server.stop()
        if before is None:
            del os.environ[MARK]
        else:
            os.environ[MARK] = before

"""One attempt of a job run: its role assumed, its driver and executors as processes, its logs kept.

There is no YARN: the driver has executors of its own (Spark's `local-cluster`), each a JVM with the heap that the run
asks for, scaled as the nodes of clusters are. At most two run, for there are other things on the machine.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.contracts import JobRun, JobSink, Sizes
from local.spark import classifications, credentials, daemons, failure, hadoop, packages, steplogs, submit
from local.spark.classifications import Applied
from local.spark.clients import BotoClients
from local.spark.credentials import RoleError
from local.spark.sizing import scaled_mb
from local.spark.toolchain import Toolchain
from local.submission import Submission, read

log = logging.getLogger(__name__)
MAX_EXECUTORS = 2
# From here on a driver that ended with an error says how its local cluster came down, exceptions and all.
_ENDING = re.compile(
    r"Invoking stop\(\) from shutdown hook|Got status update for unknown executor|Failed to launch executor"
)
LEAST_MB = 512  # less heap Spark does not start with
FILES = ("stdout", "stderr")
# Where a run says what its driver has in its environment; the Python of a container is not on this machine.
_DRIVER_ENV = re.compile(r"spark\.(?:emr-serverless|kubernetes)\.driverEnv\.(?!PYSPARK)(?P<name>\w+)$")
_OWN_OPTIONS = (
    "--master", "--deploy-mode", "--driver-memory", "--driver-cores", "--executor-memory", "--executor-cores",
    "--num-executors", "--total-executor-cores",
)  # fmt: skip
_OWN_CONF = (
    "spark.master", "spark.submit.deployMode", "spark.driver.memory", "spark.executor.memory", "spark.executor.cores",
    "spark.executor.instances", "spark.dynamicAllocation.enabled",
)  # fmt: skip


class Driver:
    """A driver in `folder`. `run` is called once, by a thread of its own."""

    def __init__(self, job: JobRun, folder: Path, clients: BotoClients, endpoint: str) -> None:
        self._job, self._folder, self._clients, self._endpoint = job, folder, clients, endpoint
        self._guard = threading.Lock()
        self._cancelled = False
        self._size = 0  # of the logs that were kept while it runs
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("tmp", "spark", "conf"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in FILES:
            (folder / name).touch()

    @property
    def pid(self) -> int | None:
        """The process, None before it is started."""
        return None if self._process is None else self._process.pid

    def cancel(self, grace_seconds: float) -> None:
        """Ask the driver to end; when it has not after `grace_seconds`, it is ended."""
        with self._guard:
            self._cancelled = True
            if grace_seconds > 0:
                self._signal(signal.SIGTERM)
                timer = threading.Timer(grace_seconds, self._signal, (signal.SIGKILL,))
                timer.daemon = True
                timer.start()
            else:
                self._signal(signal.SIGKILL)

    def run(self, tools: Toolchain, sink: JobSink) -> str | None:
        """Run to the end. Returns the last error, None on success; the logs are kept."""
        try:
            code = self._run(tools, sink)
        except (RoleError, ValueError, OSError) as error:
            return self._refuse(str(error))
        finally:
            self._keep_logs()
            for name in ("aws", "tmp", "home"):
                shutil.rmtree(self._folder / name, ignore_errors=True)
        if code == 0:
            return None
        stdout, stderr = ((self._folder / name).read_text(errors="replace") for name in FILES)
        return failure.of_logs(_ENDING.split(stderr)[0], stdout, code, lambda _file: None).message

    def _run(self, tools: Toolchain, sink: JobSink) -> int:
        job = self._job
        if job.driver != "spark-submit":
            raise ValueError(f"a {job.driver} driver does not run on this machine; spark-submit does")
        applied = classifications.apply([_capital(entry) for entry in job.configurations])
        given = submission(job)
        file = self._folder / "aws" / "credentials"
        session = self._session()
        credentials.keep(file, session)
        conf = settings(given, applied)
        s3 = BotoClients(self._endpoint, job.region, session.credentials)("s3")
        packages.unpack(conf, given.options, s3, self._folder)
        submit.prepare(tools, self._folder)
        self._configure(applied)
        env = {
            **daemons.environment(tools, job.run_id, self._folder),
            **submit.environment(tools, self._folder, applied),
            "SPARK_HOME": str(_spark_home(tools, self._folder)),
            **driver_environment(conf),
            **packages.environment(conf, self._folder),
            **credentials.environment(file, self._endpoint, job.region),
            **submit.LOCAL_ONLY,
        }
        words = submit.command(given, tools, self._folder)
        with (
            self._guard,
            (self._folder / "stdout").open("wb") as out,
            (self._folder / "stderr").open("wb") as err,
        ):
            if self._cancelled:
                return -signal.SIGKILL
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self._folder, env=env,
                start_new_session=True,
            )  # fmt: skip
        sink.running(job.run_id, job.attempt)
        return steplogs.wait(self._process, self._keep_so_far)

    def _session(self) -> credentials.Session:
        job = self._job
        return credentials.assume(self._clients, job.execution_role_arn, job.run_id, **job.session_policies)

    def _configure(self, applied: Applied) -> None:
        core = hadoop.core_site(self._endpoint, self._job.region, self._folder / "tmp")
        hadoop.write_xml(self._folder / "conf" / "core-site.xml", {**core, **applied.properties["core-site"]})
        java = " ".join([*daemons.QUICK_JVM, f'"-Djava.io.tmpdir={self._folder / "tmp"}"'])
        own = {"spark.ui.enabled": "false", "spark.driver.defaultJavaOptions": java}
        submit.write_defaults(
            self._folder / "spark" / "spark-defaults.conf", {**own, **applied.properties["spark-defaults"]}
        )

    def _refuse(self, message: str) -> str:
        with (self._folder / "stderr").open("a") as file:
            file.write(message + "\n")
        return message

    def _keep_so_far(self) -> None:
        size = sum((self._folder / name).stat().st_size for name in FILES)
        if size != self._size:
            self._size = size
            self._keep_logs()

    def _keep_logs(self) -> None:
        """With the run's role, which must be allowed to write them, as on AWS."""
        if self._job.driver_logs is None:
            return
        try:
            session = self._session()
        except RoleError as error:
            log.warning("%s: its logs are lost: %s", self._job.run_id, error)
            return
        s3 = BotoClients(self._endpoint, self._job.region, session.credentials)("s3")
        for name in FILES:
            steplogs.put(s3, self._folder / name, f"{self._job.driver_logs}/{name}.gz", self._job.run_id)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)  # it leads a session of its own


def submission(job: JobRun) -> Submission:
    """The words of spark-submit for a run, with this machine's sizes. Raises ValueError for a quote that is open."""
    asked = read([*shlex.split(job.parameters), job.entry_point, *job.arguments])
    kept = tuple(
        (option, value)
        for option, value in asked.options
        if option not in _OWN_OPTIONS
        and not (option in ("--conf", "-c") and value.partition("=")[0] in _OWN_CONF)
    )
    ours = tuple(("--conf", f"{key}={value}") for key, value in _sizes(job.sizes).items())
    return Submission(options=(*kept, *ours), application=asked.application)


def _sizes(asked: Sizes) -> dict[str, str]:
    executors = max(1, min(asked.executors, MAX_EXECUTORS))
    memory = max(LEAST_MB, scaled_mb(asked.executor_memory_mb))
    return {
        "spark.master": f"local-cluster[{executors},{asked.executor_cores},{memory}]",
        "spark.driver.memory": f"{max(LEAST_MB, scaled_mb(asked.driver_memory_mb))}m",
        "spark.executor.memory": f"{memory}m",
        "spark.executor.cores": str(asked.executor_cores),
        "spark.dynamicAllocation.enabled": "false",
    }


def _spark_home(tools: Toolchain, folder: Path) -> Path:
    """SPARK_HOME as the run's own: the workers of a local cluster make their folders in it."""
    home = folder / "tmp" / "spark-home"
    home.mkdir(parents=True, exist_ok=True)
    for path in tools.spark.iterdir():
        link = home / path.name
        if not link.is_symlink():
            link.symlink_to(path)
    return home


def settings(given: Submission, applied: Applied) -> dict[str, str]:
    """A run's own settings: of its configuration, and over them those of its words."""
    return {**applied.properties["spark-defaults"], **given.settings}


def driver_environment(conf: Mapping[str, str]) -> dict[str, str]:
    """What a run's settings put into the environment of its driver."""
    found = ((_DRIVER_ENV.match(key), value) for key, value in conf.items())
    return {match["name"]: value for match, value in found if match}


def _capital(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as RunJobFlow has it: these APIs have the same in small letters."""
    return {
        "Classification": entry.get("classification", ""),
        "Properties": entry.get("properties") or {},
        "Configurations": [_capital(inner) for inner in entry.get("configurations") or ()],
    }

"""One step: its role assumed, spark-submit started and waited for, its application ended with it, its logs kept."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from local.contracts import Cluster, Step, StepFailure, StepSink
from local.spark import credentials, failure, sizing, steplogs, submit
from local.spark.classifications import Applied
from local.spark.credentials import Clients, Node, RoleError
from local.spark.steplogs import STEP_FILES, LogBucket
from local.spark.toolchain import Toolchain
from local.spark.yarn import Yarn, YarnError, processes_of
from local.submission import Submission, read

log = logging.getLogger(__name__)
RUNNER = "command-runner.jar"
_SUBMITTED = re.compile(r"Submitted application (application_\d+_\d+)")
_SETTLE_SECONDS = 10.0  # for the containers of an ended application to end, too
_POLL = 0.05


class RefusedError(Exception):
    """The step cannot be started; the message says why."""


class StepRun:
    """A step on a cluster whose YARN runs. `run` is called once, by a thread of its own."""

    def __init__(
        self, cluster: Cluster, step: Step, folder: Path, tools: Toolchain, sink: StepSink, logs: LogBucket
    ) -> None:
        self._cluster, self._step = cluster, step
        self._folder = folder / "steps" / step.step_id
        self._cluster_folder, self._tools, self._sink, self._logs = folder, tools, sink, logs
        self._cancelled = threading.Event()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in STEP_FILES:
            (self._folder / name).touch()

    def cancel(self) -> None:
        """End the step; `run` sees to its application and returns soon."""
        with self._guard:
            self._cancelled.set()
            if self._process is not None and self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def run(
        self, yarn: Yarn, node: Node, clients: Clients, endpoint: str, region: str, applied: Applied
    ) -> StepFailure | None:
        """Run the step to its end. Returns why it failed, None when it succeeded; the logs are in the bucket."""
        began = time.monotonic()
        self._say(f"INFO startExec 'hadoop jar {self._step.jar} {shlex.join(self._step.args)}'")
        for line in applied.not_applied:
            self._say(f"INFO configuration not applied: {line}")
        try:
            given = self._fitted(self._read(), applied)
            file = self._folder / "aws" / "credentials"
            session = credentials.of_step(node, clients, self._step.execution_role_arn, self._step.step_id)
            credentials.keep(file, session)
            own = {**credentials.environment(file, endpoint, region), **submit.LOCAL_ONLY}
            code = self._submit(yarn, given, own, applied)
        except (RefusedError, RoleError, OSError) as error:
            return self.refuse(str(error))
        finally:
            self._end_applications(yarn)
        seconds = time.monotonic() - began
        self._say(f"INFO waitProcessCompletion ended with exit code {code}")
        self._say(f"INFO total process run time: {seconds:.0f} seconds")
        self._say("INFO Step succeeded" if code == 0 else f"WARN Step failed with exitCode {code}")
        self._logs.keep_step(self._step.step_id, self._folder)
        if self._cancelled.is_set():
            return failure.refused("Cancelled", self._logs.step_uri(self._step.step_id, "controller"))
        if code == 0:
            return None
        stderr, stdout = ((self._folder / file).read_text(errors="replace") for file in ("stderr", "stdout"))
        return failure.of_logs(
            stderr, stdout, code, lambda file: self._logs.step_uri(self._step.step_id, file)
        )

    def refuse(self, message: str) -> StepFailure:
        """The failure of a step that does not start, with its reason in the controller log."""
        self._say(f"ERROR {message}")
        self._logs.keep_step(self._step.step_id, self._folder)
        return failure.refused(message, self._logs.step_uri(self._step.step_id, "controller"))

    def _fitted(self, given: Submission, applied: Applied) -> Submission:
        types = [instance.instance_type for instance in sizing.nodes(self._cluster.instances)]
        fit, changed = submit.fitted(given, applied, types)
        if changed:
            self._say(f"INFO memory brought down, as nodes here have a quarter of EMR's: {changed}")
        return fit

    def _submit(self, yarn: Yarn, given: Submission, own: Mapping[str, str], applied: Applied) -> int:
        env = {**yarn.environment, **submit.environment(self._tools, self._cluster_folder, applied), **own}
        words = submit.command(
            submit.for_step(given, self._step.step_id, own, self._cluster_folder / "tmp"),
            self._tools,
            self._cluster_folder,
        )
        with (
            self._guard,
            (self._folder / "stdout").open("wb") as out,
            (self._folder / "stderr").open("wb") as err,
        ):
            if self._cancelled.is_set():
                return -signal.SIGKILL
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self._folder, env=env,
                start_new_session=True,
            )  # fmt: skip
        self._say(f"INFO ProcessRunner started child process {self._process.pid}")
        self._sink.running(self._cluster.cluster_id, self._step.step_id)
        return steplogs.wait(self._process, lambda: self._keep_so_far(yarn))

    def _keep_so_far(self, yarn: Yarn) -> None:
        self._logs.keep_step(self._step.step_id, self._folder)
        for application in set(_SUBMITTED.findall((self._folder / "stderr").read_text(errors="replace"))):
            self._logs.keep_containers(yarn.node_folders(), application, ended=False)

    def _read(self) -> Submission:
        name = self._step.jar.rpartition("/")[2]
        if name != RUNNER:
            raise RefusedError(
                f"{self._step.jar}: only {RUNNER} with spark-submit runs on this machine; "
                "a jar of one's own is given to spark-submit as its application"
            )
        if not self._step.args or self._step.args[0] != "spark-submit":
            first = self._step.args[0] if self._step.args else "nothing"
            raise RefusedError(f"{RUNNER} was given {first!r}; on this machine it runs spark-submit")
        return read(self._step.args[1:])

    def _end_applications(self, yarn: Yarn) -> None:
        """See the step's applications to their end, killing them if it was cancelled, and keep their logs."""
        with suppress(OSError, YarnError):
            if self._cancelled.is_set():
                self._kill(yarn)
            said = (self._folder / "stderr").read_text(errors="replace")
            mine = set(_SUBMITTED.findall(said))
            mine |= {app.id for app in yarn.api.applications(self._step.step_id)}
            ended = {app.id for app in yarn.api.applications() if app.ended}
            for application in sorted(mine & ended):
                self._wait_containers(application)
                self._logs.keep_containers(yarn.node_folders(), application)
                self._logs.keep_events(submit.events_folder(self._cluster_folder), application)

    def _kill(self, yarn: Yarn) -> None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            running = [app for app in yarn.api.applications(self._step.step_id) if not app.ended]
            if not running:
                return
            for app in running:
                yarn.api.kill(app.id)
            time.sleep(_POLL)

    def _wait_containers(self, application: str) -> None:
        """Containers outlive their application by a moment, and write their last lines in it."""
        number = application.removeprefix("application")
        deadline = time.monotonic() + _SETTLE_SECONDS
        while processes_of(self._cluster.cluster_id, container=number) and time.monotonic() < deadline:
            time.sleep(_POLL)

    def _say(self, text: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        with (self._folder / "controller").open("a") as file:
            file.write(f"{stamp} {text}\n")

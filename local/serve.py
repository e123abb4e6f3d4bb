"""`python -m local.serve --home H`: the one process of a local AWS.

Composes the API server, the resource provider and the Spark runner, writes the state file when all are ready,
and takes everything down in order when it is told to end. `emrctl local up` starts it; a terminal can, too.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import socket
import string
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from facts.errors import UserError
from local import state
from local.keys import PRINCIPALS, Key
from local.processes import MARK, claim
from local.snapshots import Snapshots

if TYPE_CHECKING:
    from local.contracts import ClusterRunner, JobRunner, StepSink
    from local.provider.journal import Journal

log = logging.getLogger("local.serve")
_Listening = TypeVar("_Listening")
ACCOUNT_ID = "123456789012"
_KEY_LETTERS = string.ascii_uppercase + "234567"
LOG_BYTES, LOG_FILES = 10_000_000, 3
REAPER_SECONDS = 15.0


class Service:
    """A local AWS that runs from `home`."""

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        provider_port: int = 0,
        region: str = "us-east-1",
        enforce_iam: bool = False,
        fresh: bool = False,
        provisioning_seconds: float | None = None,
        run_bootstrap: bool = False,
    ) -> None:
        self._home, self._port, self._provider_port, self._region = home, port, provider_port, region
        self._fresh = fresh
        self._provisioning_seconds, self._run_bootstrap = provisioning_seconds, run_bootstrap
        self._instance = str(uuid.uuid4())
        self._enforce_iam = enforce_iam
        self._administrator = _new_key()
        self._services = {service: _new_key() for service in PRINCIPALS}
        self._stop, self._ready = threading.Event(), False
        self._exit = ExitStack()

    @property
    def restored(self) -> Mapping[str, object] | None:
        """What has become of the last snapshot, None when there was none."""
        return self._snapshots.told

    def start(self) -> state.LocalState:
        """Bring everything up; the state file comes last. Raises UserError; then nothing is left."""
        try:
            return self._start()
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Return when `stop` has been called."""
        self._stop.wait()

    def stop(self) -> None:
        """Have `wait` return; safe in a signal handler."""
        self._stop.set()

    def close(self) -> None:
        """Take everything down: the runner, the servers, the state file, the reaper."""
        self._exit.close()

    def _start(self) -> state.LocalState:
        from local.cloud.clock import RunningClock
        from local.cloud.emr.lifecycle import Behaviour, Timing
        from local.cloud.iam.authority import Authority
        from local.cloud.lazy import LazyJobs, LazyRunner
        from local.cloud.server import WARM, CloudServer
        from local.provider.journal import Journal

        self._claim_home()
        self._snapshots = snapshots = Snapshots(self._home, fresh=self._fresh)
        listener = self._listener()
        self._exit.callback(listener.close)
        self._start_reaper()
        clock, journal = RunningClock(snapshots.about("clock_ahead_seconds", 0.0)), Journal()
        seconds = self._provisioning_seconds
        timing = Timing() if seconds is None else Timing(provisioning=seconds)
        runner = LazyRunner(lambda: self._spark(cloud.endpoint, cloud.sink))
        jobs = LazyJobs(lambda: self._jobs(cloud.endpoint))
        cloud = CloudServer(
            runner,
            jobs=jobs,
            listener=listener,
            clock=clock,
            behaviour=Behaviour(timing=timing, run_bootstrap=self._run_bootstrap),
            extra_status=lambda: {
                "spark": list(runner.status()), "drivers": list(jobs.status()), "snapshot": snapshots.status(),
            },
            authority=Authority(ACCOUNT_ID, self._administrator, self._services)
            if self._enforce_iam
            else None,
            home_key=self._administrator.access_key_id,
        )  # fmt: skip
        snapshots.attach(
            cloud, {"provider": journal},
            lambda: {
                "clock_ahead_seconds": clock.ahead, "port": cloud.port, "provider_port": provider_port,
            },
        )  # fmt: skip
        cloud.start(snapshots.restore)
        self._exit.callback(cloud.stop)
        self._exit.callback(self._keep)
        provider_port = self._start_provider(cloud.endpoint, journal)
        # Last in, first out: the runners end while their last logs still find their bucket.
        self._exit.callback(runner.stop)
        self._exit.callback(jobs.stop)
        current = state.LocalState(
            pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            instance=self._instance,
            endpoint=cloud.endpoint,
            provider_port=provider_port,
            region=self._region,
            account_id=ACCOUNT_ID,
            access_key_id=self._administrator.access_key_id,
            secret_access_key=self._administrator.secret_access_key,
            enforce_iam=self._enforce_iam,
        )
        state.write(self._home, current)
        log.info("ready: %s, provider on port %d, instance %s", cloud.endpoint, provider_port, self._instance)
        cloud.warm(WARM)
        self._ready = True
        return current

    def _keep(self) -> None:
        """The snapshot of a clean stop: when all that ran has ended, and has said so."""
        if self._ready:
            self._snapshots.take()

    def _listener(self) -> socket.socket:
        """The port that is asked for, else that of the last snapshot, for URLs of queues name it, else a free one."""
        from local.cloud.server import bind

        return self._at(self._port, "port", bind)

    def _at(self, asked: int, name: str, listen: Callable[[int], _Listening]) -> _Listening:
        """Listen at the port that is asked for, else at the one the last snapshot names, else at a free one."""
        before = self._snapshots.about(name, 0)
        try:
            return listen(asked or before)
        except UserError:
            if asked:
                raise
            log.warning("port %d, of the last snapshot, is taken; another one is used", before)
            return listen(0)

    def _claim_home(self) -> None:
        """One server a home: the lock is held as long as this process lives, and goes with it."""
        lock = FileLock(self._home / "serve.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"another local AWS runs from {self._home}; end it with 'emrctl local down'"
            ) from None
        self._exit.callback(lock.release)
        self._exit.callback(state.remove, self._home)
        claim(self._home).write_text(json.dumps({"pid": os.getpid(), "instance": self._instance}))
        self._exit.callback(claim(self._home).unlink, missing_ok=True)
        os.environ[MARK] = self._instance  # for every process that is started from here on
        self._exit.callback(os.environ.pop, MARK, None)

    def _start_reaper(self) -> None:
        reaper = subprocess.Popen(
            [sys.executable, "-m", "local.reaper", self._instance],
            stdin=subprocess.PIPE, start_new_session=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip

        def dismiss() -> None:
            assert reaper.stdin is not None
            reaper.stdin.close()
            try:
                reaper.wait(REAPER_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("the reaper has not ended after %.0f s", REAPER_SECONDS)
                reaper.kill()
                reaper.wait()

        self._exit.callback(dismiss)

    def _start_provider(self, endpoint: str, journal: Journal) -> int:
        from local.provider import serve_provider
        from local.provider.clients import Credentials

        own = Credentials(self._administrator.access_key_id, self._administrator.secret_access_key)
        serve = partial(
            serve_provider, endpoint, credentials=own, journal=journal, updated=self._snapshots.take
        )
        provider = self._at(self._provider_port, "provider_port", serve)
        self._exit.callback(provider.stop)
        return provider.port

    def _spark(self, endpoint: str, sink: StepSink) -> ClusterRunner:
        from local.spark import SparkRunner

        return SparkRunner(self._home, endpoint, self._region, self._services["ec2"], sink)

    def _jobs(self, endpoint: str) -> JobRunner:
        from local.spark import SparkJobs

        return SparkJobs(self._home, endpoint, self._region, self._services)


def _new_key() -> Key:
    """An access key of the form that AWS gives."""
    return Key(
        access_key_id="AKIA" + "".join(secrets.choice(_KEY_LETTERS) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
    )


def set_up_logging(home: Path) -> None:
    """Log to `<home>/logs/local.log`, in a few files of bounded size."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "local.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("botocore", "urllib3", "werkzeug", "filelock"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _tell(ready_fd: int | None, message: dict[str, object]) -> None:
    """Tell whoever started us how it went: one line of JSON on the pipe it gave us."""
    if ready_fd is not None:
        with os.fdopen(ready_fd, "w") as pipe:
            pipe.write(json.dumps(message) + "\n")


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.serve", description="An AWS on this machine.")
    parser.add_argument("--home", type=Path, required=True, help="folder of this run")
    parser.add_argument("--port", type=int, default=0, help="port of the AWS APIs (default: a free one)")
    parser.add_argument(
        "--provider-port", type=int, default=0, help="port of the provider (default: a free one)"
    )
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--enforce-iam", action="store_true", help="judge every call by IAM's policies")
    parser.add_argument("--fresh", action="store_true", help="start empty; the last snapshot is put aside")
    parser.add_argument("--provisioning-seconds", type=float, help="until nodes are there")
    parser.add_argument("--run-bootstrap", action="store_true", help="run bootstrap actions on this machine")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; exit code 2 with one line on standard error for a user's mistake."""
    given = _arguments(words)
    try:
        set_up_logging(given.home)
        service = Service(
            given.home, port=given.port, provider_port=given.provider_port, region=given.region,
            enforce_iam=given.enforce_iam, fresh=given.fresh,
            provisioning_seconds=given.provisioning_seconds, run_bootstrap=given.run_bootstrap,
        )  # fmt: skip
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        current = service.start()
    except (UserError, OSError) as error:
        log.error("not started: %s", error)
        _tell(given.ready_fd, {"error": str(error)})
        print(f"local.serve: {error}", file=sys.stderr)
        return 2
    _tell(given.ready_fd, {"ready": current.endpoint, "snapshot": service.restored})
    if given.ready_fd is None:
        print(f"local AWS is up at {current.endpoint}; Ctrl-C ends it", flush=True)
    service.wait()
    log.info("ending")
    service.close()
    log.info("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())

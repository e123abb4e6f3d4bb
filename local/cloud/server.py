"""The API server: a socket on loopback, moto behind it, and the control plane that makes clusters live."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import TracebackType

from facts import market
from facts.errors import UserError
from local.cloud import events
from local.cloud.clock import Clock
from local.cloud.emr.control import EmrControl
from local.cloud.emr.lifecycle import Behaviour
from local.cloud.emr.market import Price
from local.cloud.emr_containers.control import ContainersControl
from local.cloud.emr_serverless.control import ServerlessControl
from local.cloud.iam.authority import Authority
from local.cloud.plane import ControlPlane
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.idle import IdleRunner
from local.cloud.trail.entries import Trail
from local.cloud.trail.identities import Identity
from local.contracts import ClusterRunner, JobRunner, StepSink

log = logging.getLogger(__name__)
HOST = "127.0.0.1"
MOST_SECONDS = 366 * 86_400  # a clock is moved by a year at most: every timer on the way does run
# What a first `pulumi up` of the platform calls, in about the order of its needs.
WARM = ("sts", "iam", "ec2", "kms", "s3", "logs", "emr")


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises UserError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = (
                "in use by another process"
                if error.errno == errno.EADDRINUSE
                else "not allowed for this user"
            )
            raise UserError(
                f"port {port} is {why}; give another with --port, or none for a free one"
            ) from None
        raise
    listener.listen(128)
    return listener


class CloudServer:
    """The local AWS without its provider and Spark: what `local.serve` starts first, and tests alone."""

    def __init__(
        self,
        runner: ClusterRunner,
        *,
        listener: socket.socket | None = None,
        clock: Clock | None = None,
        behaviour: Behaviour | None = None,
        price: Price = market.usd_per_hour,
        jobs: JobRunner | None = None,
        extra_status: Callable[[], Mapping[str, object]] = dict,
        authority: Authority | None = None,
        home_key: str = "",
    ) -> None:
        """`authority` judges every request by IAM; without one, any credentials may do anything.

        `home_key` is the access key that then stands for the account.
        """
        self.plane = ControlPlane(clock)
        self.control = EmrControl(self.plane, runner, behaviour or Behaviour(), price)
        conductor = Conductor(self.plane, jobs or IdleRunner(self.plane))
        tell = partial(events.emit, self.plane)
        self.serverless = ServerlessControl(conductor, tell)
        self.containers = ContainersControl(conductor, tell)
        self._extra_status, self._authority, self._home_key = extra_status, authority, home_key
        if authority is not None:
            authority.attach(self.control, self.serverless, self.containers)
        self.trail = Trail(self._own_identities())
        self._listener = listener or bind(0)
        self.port: int = self._listener.getsockname()[1]
        self.endpoint = f"http://{HOST}:{self.port}"

    @property
    def sink(self) -> StepSink:
        """Where the runner reports."""
        return self.control.scheduler

    def start(self, restore: Callable[[], None] | None = None) -> None:
        """Answer requests; before the first of them, `restore` may give back what an earlier server had."""
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        from local.cloud import (
            athena,
            dynamodb,
            ec2,
            emr,
            emr_containers,
            emr_serverless,
            glue,
            identity,
            kms,
            logs,
            quotas,
            s3,
        )  # fmt: skip
        from local.cloud.gateway import Gateway
        from local.cloud.iam import deliveries, sessions

        class Handler(MotoRequestHandler):
            # Head and body of an answer are two writes: with Nagle's algorithm the second waits for the
            # client's delayed acknowledgement of the first, 40 ms an answer.
            disable_nagle_algorithm = True
            # Of what is no HTTP at all; the default is a page for a browser.
            error_message_format, error_content_type = "%(code)d %(message)s\n", "text/plain"

            def log(self, type: str, message: str, *args: object) -> None:
                """The gateway logs each call, by its operation."""

        extensions = {
            "emr": lambda: emr.install(self.control),
            "emrserverless": lambda: emr_serverless.install(self.serverless),
            "emrcontainers": lambda: emr_containers.install(self.containers),
            "athena": athena.install,
            "dynamodb": dynamodb.install,
            "ec2": ec2.install,
            "glue": glue.install,
            "kms": kms.install,
            "logs": logs.install,
            "s3": s3.install,
            "events": events.install,
            "iam": identity.install,
            "cloudwatch": lambda: _install_alarms(self.plane),
            "servicequotas": quotas.install,
            "sts": sessions.install,
            "sns": deliveries.install,
            "cloudtrail": lambda: _install_trail(self.trail),
        }
        self._gateway = Gateway(self._status, extensions, self._orders(), self.trail, self._authority)
        if restore is not None:
            restore()
        self._server = make_server(
            HOST, self.port, self._gateway, threaded=True, request_handler=Handler, fd=self._listener.fileno()
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="api", daemon=True)
        self._thread.start()
        self.plane.start()

    def warm(self, services: Iterable[str]) -> None:
        """Load the backends of `services` in the background, so that their first request need not wait."""
        threading.Thread(target=self.load, args=(services,), name="warm", daemon=True).start()

    def load(self, services: Iterable[str]) -> None:
        """Load the backends of `services`, with our part in them."""
        self._gateway.warm(services)

    @property
    def extended(self) -> list[str]:
        """The services that are loaded and have a part of ours in them."""
        return self._gateway.extended

    @contextmanager
    def still(self, seconds: float) -> Iterator[None]:
        """Nothing changes while the body runs: no request, no timer, no report of a runner.

        Raises BusyError when requests that are at work do not end in `seconds`.
        """
        with self.plane.paused(), self._gateway.gate.closed(seconds), self.plane.lock:
            yield

    def stop(self) -> None:
        """Answer no more, and let nothing happen any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._listener.close()
        self.plane.stop()

    def __enter__(self) -> CloudServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _own_identities(self) -> Mapping[str, Identity]:
        """Who in the trail the callers are that IAM does not know."""
        from local.cloud.trail import identities

        if self._authority is not None:
            return self._authority.identities()
        return {self._home_key: identities.root(self._home_key)} if self._home_key else {}

    def _orders(self) -> Mapping[str, Callable[[Mapping[str, object]], Mapping[str, object]]]:
        """By path, what the server itself can be told to do."""
        return {
            "/_emrctl/clock": self._move_clock,
            "/_emrctl/spot": self.control.spot.order,
            "/_emrctl/market": self.control.market.order,
        }

    def _move_clock(self, order: Mapping[str, object]) -> Mapping[str, object]:
        """Let `advance_seconds` pass on the plane's clock; without them only tell its time. Raises UserError."""
        seconds = order.get("advance_seconds", 0)
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= MOST_SECONDS
        ):
            raise UserError(f"advance_seconds is {seconds!r}; it must be a number from 0 to {MOST_SECONDS}")
        now = self.plane.advance(seconds)
        return {"now": now.isoformat(timespec="milliseconds"), "advanced_seconds": seconds}

    def _status(self) -> Mapping[str, object]:
        iam = {
            "enforced": self._authority is not None,
            "not_evaluated": self._authority.unevaluated if self._authority else [],
        }
        return {
            "endpoint": self.endpoint,
            "iam": iam,
            "clusters": self.control.overview(),
            "applications": self.serverless.overview(),
            "virtual_clusters": self.containers.overview(),
            **self._extra_status(),
        }


def _install_trail(trail: Trail) -> None:
    from local.cloud.trail.api import install

    install(trail)


def _install_alarms(plane: ControlPlane) -> None:
    from local.cloud.alarms.api import install

    install(plane)

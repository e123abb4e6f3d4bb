"""The gRPC server that engines attach to with PULUMI_DEBUG_PROVIDERS=aws:<port>."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from facts.errors import UserError
from local.provider.clients import Clients, Credentials
from local.provider.journal import Journal
from local.provider.servicer import Servicer
from local.provider.updates import Updates

_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own: sdk/go/common/util/rpcutil


class ProviderServer:
    """A running provider. `port` is where it listens on loopback."""

    def __init__(self, server: grpc.Server, servicer: Servicer, updates: Updates, port: int) -> None:
        self._server = server
        self._servicer = servicer
        self._updates = updates
        self.port = port

    def stop(self, grace: float = 1.0) -> None:
        """End waiting calls, refuse new ones and return when the server is down; `grace` in seconds."""
        self._servicer.cancel_all()
        self._server.stop(grace).wait()
        self._updates.stop()


def _nothing() -> None:
    """What follows an update where nobody wants to know of it."""


def serve_provider(
    endpoint: str,
    port: int = 0,
    *,
    credentials: Credentials | None = None,
    workers: int = 64,
    journal: Journal | None = None,
    updated: Callable[[], None] = _nothing,
) -> ProviderServer:
    """Serve the provider for the AWS at `endpoint`; port 0 takes a free one.

    `credentials` are used where the program's provider names none; without them those of the environment, or
    a made-up key. `workers` bounds the calls at work at once: a call that waits for a cluster holds one. `journal` is
    that of an earlier provider, if this one goes on for it. `updated` is called after each update of an engine.
    """
    found = credentials or Credentials(
        os.environ.get("AWS_ACCESS_KEY_ID", "local"), os.environ.get("AWS_SECRET_ACCESS_KEY", "local")
    )
    servicer = Servicer(Clients(endpoint), found, version("pulumi-aws"), journal or Journal())
    updates = Updates(updated)
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="provider")
    server = grpc.server(
        pool,
        interceptors=[updates],
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
            ("grpc.max_send_message_length", _MESSAGE_LIMIT),
            ("grpc.so_reuseport", 0),  # a port that is taken must be an error, not a second listener
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    try:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        updates.stop()
        raise UserError(
            f"port {port} for the provider is taken; choose another one or 0 for a free one"
        ) from error
    server.start()
    return ProviderServer(server, servicer, updates, bound)

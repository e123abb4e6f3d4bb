"""What a snapshot of a server is of, and what it says of that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.server import CloudServer
from local.cloud.snapshot.keeper import Part, Source


def source(
    server: CloudServer, more: Mapping[str, Part], about: Callable[[], Mapping[str, object]]
) -> Source:
    """All that `server` has, and `more` that goes with it; `about` is said beside."""
    return Source(
        parts={
            "emr": server.control, "serverless": server.serverless, "containers": server.containers,
            "trail": server.trail, **more,
        },
        named={"serverless": server.serverless.lifecycle, "containers": server.containers.lifecycle},
        still=server.still,
        holds=lambda: _holds(server),
        about=lambda: {"extended": server.extended, **about()},
    )  # fmt: skip


def _holds(server: CloudServer) -> Mapping[str, int]:
    """How much there is of what a user would miss first."""
    buckets = _buckets()
    return {
        "clusters": len(server.control.overview()),
        "applications": len(server.serverless.overview()),
        "buckets": len(buckets),
        "objects": sum(len(bucket.keys) for bucket in buckets),
    }


def _buckets() -> list[Any]:
    models = sys.modules.get("moto.s3.models")
    if models is None:  # nobody has asked for S3 yet
        return []
    return [bucket for _, _, s3 in models.s3_backends.iter_backends() for bucket in s3.buckets.values()]

"""The engine's update of many resources, with our provider and with one of nothing; and the snapshot after it."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from bench.home import environment
from local.engine.ensure import ensure

SIZES = (100, 300, 1000)  # resources
PROGRAM = """
import pulumi_aws as aws

for number in range({count}):
    aws.cloudwatch.LogGroup(f"bare-{{number}}")
"""


def measure(home: Path, port: int, runs: int) -> dict[str, Any]:
    """Seconds of an update, its ratio to its floor, and what the snapshot after the largest one takes."""
    found: dict[str, Any] = {}
    with _nothing() as floor:
        for size in SIZES:
            ours, bare = [], []
            for run in range(runs):
                ours.append(_update(home / f"ours-{size}-{run}", port, size))
                bare.append(_update(home / f"bare-{size}-{run}", floor, size))
            found[f"update of {size} resources, s"] = round(statistics.median(ours), 2)
            ratio = statistics.median(ours) / statistics.median(bare)
            found[f"  {size} resources: ours / a provider of nothing"] = round(ratio, 2)
    return found | _snapshots(home, statistics.median(ours))


def _update(folder: Path, port: int, count: int) -> float:
    """Seconds of an engine's `up` of so many log groups."""
    (folder / "state").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM.format(count=count))
    engine = environment(folder) | {
        "PATH": f"{ensure().bin_dir}:{environment(folder)['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{folder}/state",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }

    def pulumi(*args: str) -> float:
        began = time.monotonic()
        subprocess.run(
            ["pulumi", *args, "--non-interactive"],
            cwd=folder,
            env=engine,
            check=True,
            capture_output=True,
        )
        return time.monotonic() - began

    pulumi("stack", "init", "bench")
    pulumi("config", "set", "aws:region", "us-east-1")
    return pulumi("up", "--yes", "--skip-preview")


class _Nothing(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of resources that are nowhere."""

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="7.0.0")

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CreateResponse(id=request.urn, properties=request.properties)

    def Delete(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


@contextmanager
def _nothing() -> Iterator[int]:
    server = grpc.server(ThreadPoolExecutor(max_workers=64))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Nothing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(1.0).wait()


def _snapshots(home: Path, update: float) -> dict[str, Any]:
    """What a snapshot of the largest update takes, which begins when the update has ended."""
    said = (home / "logs" / "local.log").read_text()
    held = re.findall(r"snapshot taken: (\d+) ms, of which requests were held (\d+) ms", said)
    whole, still = max((int(ms), int(of_it)) for ms, of_it in held)
    return {
        f"snapshot after {SIZES[-1]} resources, ms": whole,
        "  of it requests wait, as a share of the update": round(still / 1000 / update, 4),
    }

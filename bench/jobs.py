"""What it takes to deploy a job; and runs under way, followed by one process: memory, calls and time of a look."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

from bench import packaging
from bench.home import ROOT

RUNS = 1000
# A process of its own: its peak is that of tracking, the fake platform it looks at included.
TRACK = """
import json, resource, sys, time
import boto3
from tests.jobs import conftest
from tests.jobs.world import World, many_under_way

session = boto3.Session(region_name="us-east-1")
clients = [session.client(name) for name in ("dynamodb", "emr", "s3")]  # the fake's have no weight
world = World(conftest.a_platform())
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
many_under_way(world, int(sys.argv[1]))
lifecycle, calls, pages, began = world.lifecycle(), world.faults.calls, world.emr.pages, time.perf_counter()
left = lifecycle.sweep(lifecycle.shared.open_attempts())
took = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"left": len(left), "s": took, "idle_kb": idle, "peak_kb": peak, "pages": world.emr.pages - pages}))
"""


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: of one look at a thousand runs on one cluster, and of what `packaging` measures."""
    found = [_track() for _ in range(runs)]
    peak, idle, took = (statistics.median(each[key] for each in found) for key in ("peak_kb", "idle_kb", "s"))
    assert all(each["left"] == RUNS for each in found)
    return {
        f"peak memory with {RUNS} runs followed, MB (aim 150)": round(peak / 1024, 1),
        "  of which the process without any, MB": round(idle / 1024, 1),
        f"calls of a look at {RUNS} runs, pages of fifty (floor 20)": found[0]["pages"],
        "  a minute, at a look every 15 s": found[0]["pages"] * 4,
        f"time of a look at {RUNS} runs, s": round(took, 2),
        **packaging.measure(runs),
    }


def _track() -> dict[str, Any]:
    command = [sys.executable, "-c", TRACK, str(RUNS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures

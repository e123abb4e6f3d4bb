"""The local AWS alone: how soon it is ready and how large, its provider's own time, its S3 against plain moto."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.home import up
from bench.local import engine, provider, s3


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds, megabytes, milliseconds a resource, and rates as ratios."""
    found = _readiness(runs) | _readiness(runs, "--enforce-iam")
    with tempfile.TemporaryDirectory() as home, up(Path(home)) as said:
        state = json.loads(said)
        found |= provider.measure(state["endpoint"], runs)
        found |= s3.measure(state["endpoint"], state["pid"], runs)
        found |= engine.measure(Path(home), state["provider_port"], runs)
    return found


def _readiness(runs: int, *options: str) -> dict[str, Any]:
    """Seconds until ready, and the server's memory once all it loads in the background is there."""
    seconds, megabytes = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home, up(Path(home), *options) as said:
            state = json.loads(said)
            seconds.append(state["ready_seconds"])
            megabytes.append(_settled(psutil.Process(state["pid"])) / 1e6)
    named = f"ready{' with IAM' if options else ''}"
    return {
        f"{named}, s (aim 3)": round(statistics.median(seconds), 2),
        f"{named}, MB (aim 300)": round(statistics.median(megabytes)),
    }


def _settled(server: psutil.Process) -> int:
    """Resident bytes when the process has used no time for a while."""
    used = -1.0
    while used != (used := server.cpu_times().user):
        time.sleep(1.0)
    return int(server.memory_info().rss)

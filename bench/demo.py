"""The main job on one machine: how long each part takes, against a program that declares nothing but bare resources."""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.home import emrctl, up
from bench.infra import previews

SAMPLE_SECONDS = 0.5


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`; seconds and gigabytes, and the ratio of a preview to its floor."""
    demos = [_demo() for _ in range(runs)]
    with tempfile.TemporaryDirectory() as home, up(Path(home)):
        dev = previews(Path(home), "dev", runs, checked=True)
    phases = {
        phase: statistics.median(demo["phases"][phase] for demo in demos) for phase in demos[0]["phases"]
    }
    return {
        "demo, everything installed, s (aim 90)": _round(statistics.median(d["seconds"] for d in demos)),
        **{f"  of it: {phase}, s": _round(seconds) for phase, seconds in phases.items()},
        "local AWS ready, s (aim 3)": _round(statistics.median(d["ready"] for d in demos)),
        "all processes together at most, GB (aim 6)": _round(max(d["memory"] for d in demos) / 1e9),
        "resources of dev": dev.count,
        "preview of dev, s": _round(statistics.median(dev.own)),
        "preview of as many bare resources, s": _round(statistics.median(dev.bare)),
        "preview: dev / bare (aim 3)": _round(statistics.median(dev.own) / statistics.median(dev.bare)),
    }


def _round(value: float) -> float:
    return round(value, 2)


def _demo() -> dict[str, Any]:
    """One demo in a fresh home, from nothing running to its result."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with _peak_memory(home) as peak:
            started = time.monotonic()
            told = json.loads(emrctl(home, "demo", "--json"))
            seconds = time.monotonic() - started
        emrctl(home, "down")
    return {
        "seconds": seconds,
        "phases": told["phases"],
        "ready": told["phases"]["local AWS"],
        "memory": peak(),
    }


@contextmanager
def _peak_memory(home: Path) -> Iterator[Callable[[], int]]:
    """The most resident bytes that all processes of `home` held at once, sampled; shared pages count in each."""
    most, over = 0, threading.Event()

    def sample() -> None:
        nonlocal most
        while not over.wait(SAMPLE_SECONDS):
            most = max(most, sum(_resident(process, home) for process in psutil.process_iter()))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield lambda: most
    finally:
        over.set()
        sampler.join()


def _resident(process: psutil.Process, home: Path) -> int:
    """Bytes of a process of this home: YARN's containers have no EMRCTL_HOME, but folders in it."""
    try:
        words = [*process.environ().values(), *process.cmdline()]
        return process.memory_info().rss if any(str(home) in word for word in words) else 0
    except psutil.Error:
        return 0

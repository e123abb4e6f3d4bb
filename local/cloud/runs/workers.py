"""The workers that a job run asks for: its driver and executors, by Spark's own properties. Pure."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.contracts import Sizes
from local.submission import read

OVERHEAD = 0.10  # spark.driver.memoryOverheadFactor, spark.executor.memoryOverheadFactor
LEAST_OVERHEAD_MB = 384
_SIZE = re.compile(r"(?P<number>\d+)(?P<unit>[kmgt]?)b?$", re.IGNORECASE)
_MEGABYTES = {"k": 1 / 1024, "m": 1.0, "": 1.0, "g": 1024.0, "t": 1024.0 * 1024}


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One worker as the service counts it: whole GB, the overhead beside the heap included."""

    vcpu: int
    memory_gb: int


def sizes(parameters: str, configurations: Sequence[Mapping[str, Any]], defaults: Sizes) -> Sizes:
    """What a run asks for: spark-submit's words win over `spark-defaults`, those over the service's defaults."""
    conf: dict[str, str] = {}
    for entry in configurations:
        if entry.get("classification") == "spark-defaults":
            conf |= {str(key): str(value) for key, value in (entry.get("properties") or {}).items()}
    conf |= _said(parameters)
    return Sizes(
        driver_cores=_number(conf.get("spark.driver.cores"), defaults.driver_cores),
        driver_memory_mb=_megabytes(conf.get("spark.driver.memory"), defaults.driver_memory_mb),
        executors=_number(conf.get("spark.executor.instances"), defaults.executors),
        executor_cores=_number(conf.get("spark.executor.cores"), defaults.executor_cores),
        executor_memory_mb=_megabytes(conf.get("spark.executor.memory"), defaults.executor_memory_mb),
    )


def driver(of: Sizes) -> Worker:
    """The driver's worker."""
    return Worker(vcpu=of.driver_cores, memory_gb=_whole(of.driver_memory_mb))


def executor(of: Sizes) -> Worker:
    """One executor's worker."""
    return Worker(vcpu=of.executor_cores, memory_gb=_whole(of.executor_memory_mb))


def _whole(heap_mb: int) -> int:
    return math.ceil((heap_mb + max(LEAST_OVERHEAD_MB, heap_mb * OVERHEAD)) / 1024)


def _said(parameters: str) -> dict[str, str]:
    try:
        return read(shlex.split(parameters)).settings
    except ValueError:  # the driver says what is wrong with them
        return {}


def _number(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isdigit() else default


def _megabytes(value: str | None, default: int) -> int:
    found = _SIZE.match(value.strip()) if value else None
    return default if found is None else int(int(found["number"]) * _MEGABYTES[found["unit"].lower()])

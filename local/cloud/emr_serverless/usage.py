"""What runs take of an application's capacity, and what is billed for it. Pure.

https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-spark.html has the sizes of workers that ask for
none, https://aws.amazon.com/emr/pricing/ what is billed: from the start of a worker to its end, a minute at least, and
disks beyond 20 GB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local.cloud.runs import workers
from local.contracts import Sizes

DEFAULTS = Sizes(
    driver_cores=4, driver_memory_mb=14 * 1024, executors=3, executor_cores=4, executor_memory_mb=14 * 1024
)
LEAST_SECONDS = 60.0
DISK_GB = 20  # of a worker that asks for no more
_TOO_LARGE = "Worker could not be allocated as the application has exceeded maximumCapacity settings: [{what}: {limit}]"


def limits(settings: Mapping[str, Any]) -> dict[str, int]:
    """An application's maximum capacity in vCPU and GB; empty when it has none."""
    given = settings.get("maximumCapacity") or {}
    # "400 vCPU": checked when the application was made (capacity.py), which needs moto; this is loaded before it.
    return {name: int(re.findall(r"\d+", given[name])[0]) for name in ("cpu", "memory") if given.get(name)}


def taken(of: Sizes, executors: int) -> dict[str, int]:
    """vCPU and GB that a run with so many executors has."""
    driver, executor = workers.driver(of), workers.executor(of)
    return {
        "cpu": driver.vcpu + executors * executor.vcpu,
        "memory": driver.memory_gb + executors * executor.memory_gb,
    }


def granted(of: Sizes, most: Mapping[str, int], others: Iterable[Mapping[str, int]]) -> int | None:
    """How many executors a run gets beside `others`: as many as fit, one at least; None when it has to wait."""
    free = dict(most)
    for other in others:
        for name in free:
            free[name] -= other[name]
    for executors in range(max(1, of.executors), 0, -1):
        asked = taken(of, executors)
        if all(asked[name] <= units for name, units in free.items()):
            return executors
    return None


def too_large(of: Sizes, most: Mapping[str, int], settings: Mapping[str, Any]) -> str | None:
    """Why a run can never start in an application of this maximum capacity; None when it can."""
    least = taken(of, 1)
    for name, units in most.items():
        if least[name] > units:
            return _TOO_LARGE.format(what=name, limit=settings["maximumCapacity"][name])
    return None


def utilization(of: Sizes, executors: int, seconds: float) -> dict[str, float]:
    """vCPUHour, memoryGBHour and storageGBHour of workers that lived so long."""
    hours, got = seconds / 3600, taken(of, executors)
    return {
        "vCPUHour": round(got["cpu"] * hours, 3),
        "memoryGBHour": round(got["memory"] * hours, 3),
        "storageGBHour": round(DISK_GB * (1 + executors) * hours, 3),
    }


def billed(of: Sizes, executors: int, seconds: float) -> dict[str, float]:
    """The same as it is paid for: the 20 GB of each worker's disk are free."""
    return {**utilization(of, executors, max(LEAST_SECONDS, seconds)), "storageGBHour": 0.0}

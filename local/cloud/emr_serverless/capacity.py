"""Worker sizes and capacity limits: pure arithmetic on what a request says.

https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html (supported worker configurations).
Codes of the errors are AWS's, their words ours: AWS does not document them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloud.runs.errors import ValidationError

# GB of memory that a worker of so many vCPU may have.
MEMORY: Mapping[int, tuple[int, ...]] = {
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
    32: (60, 120, 244),
}
DISK = (20, 200)  # GB
SHUFFLE_DISK = (20, 2000)  # GB, disks of type SHUFFLE_OPTIMIZED
WORKER_TYPES = {"Spark": ("Driver", "Executor"), "Hive": ("HiveDriver", "TezTask")}
_NUMBER = re.compile(r"([1-9][0-9]*)\s?(?:vcpu|gb)?", re.IGNORECASE)
_RESOURCES = ("cpu", "memory", "disk")


def amount(size: str) -> int:
    """The number in "4 vCPU" or "16 GB". Raises ValidationError."""
    found = _NUMBER.fullmatch(size)
    if found is None:
        raise ValidationError(f"'{size}' is not a size such as '4 vCPU' or '16 GB'.")
    return int(found[1])


def check(engine: str, settings: Mapping[str, Any]) -> None:
    """Raise ValidationError when the initial or the maximum capacity is none that the service has."""
    initial: Mapping[str, Any] = settings.get("initialCapacity") or {}
    known = {name.lower(): name for name in WORKER_TYPES[engine]}
    for worker_type, config in initial.items():
        if worker_type.replace("_", "").lower() not in known:
            allowed = ", ".join(WORKER_TYPES[engine])
            raise ValidationError(
                f"Worker type '{worker_type}' is not valid for {engine}. Valid worker types: {allowed}."
            )
        _check_worker(worker_type, config.get("workerConfiguration") or {})
    limits = {name: amount(size) for name, size in (settings.get("maximumCapacity") or {}).items()}
    for resource, asked in total(initial).items():
        if asked > limits.get(resource, asked):
            raise ValidationError(
                f"The initial capacity asks for {asked} of {resource}, more than the maximum capacity "
                f"of {limits[resource]}."
            )


def total(initial: Mapping[str, Any]) -> dict[str, int]:
    """The sum of an initial capacity: vCPU, GB of memory, GB of disk."""
    summed = dict.fromkeys(_RESOURCES, 0)
    for config in initial.values():
        worker = {"disk": f"{DISK[0]} GB", **(config.get("workerConfiguration") or {})}
        for resource in _RESOURCES:
            if resource in worker:
                summed[resource] += config["workerCount"] * amount(worker[resource])
    return summed


def _check_worker(worker_type: str, worker: Mapping[str, str]) -> None:
    if not worker:
        return
    cpu, memory = amount(worker["cpu"]), amount(worker["memory"])
    if cpu not in MEMORY:
        raise ValidationError(
            f"{worker_type}: {cpu} vCPU is not supported; a worker has {', '.join(map(str, MEMORY))} vCPU."
        )
    if memory not in MEMORY[cpu]:
        least, most = MEMORY[cpu][0], MEMORY[cpu][-1]
        raise ValidationError(
            f"{worker_type}: {memory} GB of memory is not supported with {cpu} vCPU; "
            f"it is {least} to {most} GB in steps that the documentation names."
        )
    if "disk" in worker:
        shuffles = worker.get("diskType", "").upper() == "SHUFFLE_OPTIMIZED"
        least, most = SHUFFLE_DISK if shuffles else DISK
        if not least <= amount(worker["disk"]) <= most:
            raise ValidationError(f"{worker_type}: a disk has {least} to {most} GB, not {worker['disk']}.")

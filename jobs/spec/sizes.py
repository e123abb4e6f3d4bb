"""What a run asks for: exact numbers, or a size class and what is to differ from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from facts.workers import LEAST_OVERHEAD_MB, OVERHEAD, WORKER_MEMORY
from jobs.spec.values import Memory, Part

Size = Literal["small", "medium", "large", "xlarge"]

# The heap is 2.5 GiB a vCPU: with the overhead of EMR's YARN (0.1875 of the heap) an executor of four vCPUs is
# 12,160 MiB, which fills an m5.xlarge or m6g.xlarge (12,288 MiB for YARN) and divides every larger one of their
# families; on EMR Serverless (a tenth) it is 11 GB, inside of the 8 to 30 GB of a worker of four. Sources:
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html#worker-configs
# The counts are a choice: each size has four to eight times the executors' vCPUs of the one before.
SIZES: Mapping[Size, Mapping[str, Mapping[str, Any]]] = {
    "small": {"driver": {"cores": 1, "memory": "2g"}, "executors": {"cores": 2, "memory": "5g", "count": 2}},
    "medium": {
        "driver": {"cores": 2, "memory": "5g"},
        "executors": {"cores": 4, "memory": "10g", "count": 4},
    },
    "large": {
        "driver": {"cores": 4, "memory": "10g"},
        "executors": {"cores": 4, "memory": "10g", "count": 16},
    },
    "xlarge": {
        "driver": {"cores": 4, "memory": "10g"},
        "executors": {"cores": 8, "memory": "20g", "count": 32},
    },
}


# What Spark calls these numbers. spark-submit is given them as options, which outdo settings of that name.
SETTINGS: Mapping[str, tuple[str, str]] = {
    "spark.driver.cores": ("driver", "cores"),
    "spark.driver.memory": ("driver", "memory"),
    "spark.executor.cores": ("executors", "cores"),
    "spark.executor.memory": ("executors", "memory"),
    "spark.executor.instances": ("executors", "count"),
}


class Driver(Part):
    """The Spark driver: vCPUs and heap (Spark's own notation, 512m or 4g)."""

    cores: int = Field(default=1, ge=1, le=64)
    memory: Memory = "1g"


class Executors(Part):
    """The Spark executors: vCPUs and heap of each, and how many."""

    cores: int = Field(default=2, ge=1, le=64)
    memory: Memory = "2g"
    count: int = Field(default=2, ge=1, le=1000)


class Resources(Part):
    """What a run asks of its place. A `size` gives every number that is not said beside it."""

    size: Size | None = None
    driver: Driver = Driver()
    executors: Executors = Executors()

    @model_validator(mode="before")
    @classmethod
    def _of_size(cls, data: Any) -> Any:
        """The size's numbers below those that are said; what is wrong in either is told by the fields."""
        if not isinstance(data, Mapping) or data.get("size") not in get_args(Size):
            return data
        filled = dict(data)
        for part, numbers in SIZES[data["size"]].items():
            said = data.get(part, {})
            filled[part] = {**numbers, **said} if isinstance(said, Mapping) else said
        return filled


def mebibytes(memory: str) -> int:
    """Spark's notation in MiB: 512m, 4g."""
    return int(memory[:-1]) * (1024 if memory[-1] == "g" else 1)


def unfit_for_serverless(resources: Resources) -> Iterable[tuple[str, str]]:
    """What no worker of EMR Serverless can hold: key below `resources`, and what is wrong.

    Less than a worker's least memory is no mistake: the worker is larger then. AWS' own samples run drivers of 1 GB:
    https://github.com/aws-samples/emr-serverless-samples/pull/55
    """
    for name, part in (("driver", resources.driver), ("executors", resources.executors)):
        allowed = WORKER_MEMORY.get(part.cores)
        if allowed is None:
            yield (
                f"{name}.cores",
                f"is {part.cores}; a worker of EMR Serverless has {', '.join(map(str, WORKER_MEMORY))} vCPUs",
            )
            continue
        heap = mebibytes(part.memory)
        whole = heap + max(LEAST_OVERHEAD_MB, int(heap * OVERHEAD))
        if whole > allowed[-1] * 1024:
            yield (
                f"{name}.memory",
                f"is {part.memory}, with Spark's overhead {whole / 1024:.1f} GB; a worker of {part.cores} vCPUs of "
                f"EMR Serverless has {allowed[0]} to {allowed[-1]} GB",
            )

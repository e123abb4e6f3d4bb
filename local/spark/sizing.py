"""How large a node of the local YARN is, and how many there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facts.instances import instance
from local.contracts import Instance

# A NodeManager has a quarter of the memory that EMR gives YARN on the instance, so that a small cluster fits a
# laptop and a job that fits a node there still has room here. Cores are not scaled: a vcore reserves nothing,
# and an executor of two cores must be placeable where EMR would place it.
MEMORY_FACTOR = 0.25
# What EMR leaves to YARN of a node's memory: 12,288 of 16,384 MiB on m5.xlarge, its yarn-site defaults.
YARN_SHARE = 0.75
MAX_NODES = (
    3  # NodeManagers on the whole machine, however large the fleets are; a running cluster has one at least
)
OVERHEAD = 0.1875  # spark.yarn.executor.memoryOverheadFactor of EMR since 5.28
_MASTER_SHARE = 1 / 12
_LEAST_OVERHEAD_MB = 384  # spark.executor.minMemoryOverhead
_LEAST_HEAP_MB = 512  # Spark refuses to start with less than 450 MiB
DEFAULT_HEAP = "1g"  # of driver and executor, Spark's own
HEAPS = ("spark.executor.memory", "spark.driver.memory")
MEMORY = (
    *HEAPS, "spark.executor.memoryOverhead", "spark.driver.memoryOverhead", "spark.executor.pyspark.memory"
)  # fmt: skip
_SIZE = re.compile(r"(?P<number>\d+)(?:(?P<unit>[mg])b?)?", re.IGNORECASE)
_STEP_MB = 32  # EMR's yarn.scheduler.minimum-allocation-mb


@dataclass(frozen=True, kw_only=True)
class NodeSize:
    """What YARN may give away on one node."""

    memory_mb: int
    vcores: int


def node_size(instance_type: str) -> NodeSize:
    """The size of the NodeManager that stands for an instance of this type. Raises UserError if it is unknown."""
    facts = instance(instance_type)
    memory = facts.memory_gib * 1024 * YARN_SHARE * MEMORY_FACTOR
    return NodeSize(memory_mb=max(_STEP_MB, int(memory) // _STEP_MB * _STEP_MB), vcores=facts.vcpu)


def executor(instance_types: Sequence[str]) -> dict[str, str]:
    """What maximizeResourceAllocation sets: one executor a node, as large as the smallest of these types allows.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html says what is computed, not how. Of a
    node's memory a twelfth stays for the application master, and 18.75 % of an executor is its overhead: that gives
    the 9,486 MB that EMR has on m5.xlarge, and its 18,971 MB on r5.xlarge.
    """
    sizes = [node_size(name) for name in instance_types]
    memory, cores = min(size.memory_mb for size in sizes), min(size.vcores for size in sizes)
    heap = int(memory * (1 - _MASTER_SHARE) / (1 + OVERHEAD))
    return {
        "spark.executor.instances": str(len(sizes)),
        "spark.executor.cores": str(cores),
        "spark.executor.memory": f"{heap}M",
        "spark.executor.memoryOverheadFactor": str(OVERHEAD),
        "spark.default.parallelism": str(2 * cores * len(sizes)),
    }


def fitting(conf: Mapping[str, str], instance_types: Sequence[str]) -> dict[str, str]:
    """Spark's properties with their memory brought down as nodes are, when nodes of these types do not hold it.

    What is written for real nodes then keeps its proportions, and what EMR places, beside what, is placed here as well.
    What fits is left as it is said. What no real node holds is brought down, fits none here, and is for YARN to refuse.
    """
    rooms = [node_size(name).memory_mb for name in instance_types]
    if _placed(conf, rooms):
        return dict(conf)
    whole = {**dict.fromkeys(HEAPS, DEFAULT_HEAP), **conf}
    sizes = {key: size for key in MEMORY if (size := _megabytes(whole.get(key, ""))) is not None}
    small = whole | {
        key: f"{min(size, max(_LEAST_HEAP_MB, scaled_mb(size)) if key in HEAPS else scaled_mb(size))}m"
        for key, size in sizes.items()
    }
    if not _placed(small, rooms) and _placed(conf, [int(room / MEMORY_FACTOR) for room in rooms]):
        return _squeezed(small, rooms)
    return small


def _placed(conf: Mapping[str, str], rooms: Sequence[int]) -> bool:
    """Whether nodes with so much room hold the driver and an executor."""
    driver, executor = (_container_mb(conf, of) for of in ("driver", "executor"))
    return max(driver, executor) <= max(rooms) and (len(rooms) > 1 or driver + executor <= rooms[0])


def _squeezed(small: dict[str, str], rooms: Sequence[int]) -> dict[str, str]:
    """With heaps that the nodes hold: Spark's least heap and overhead do not come down, a quarter may be too much."""
    found = dict(small)
    for of in ("driver", "executor"):
        heap = _megabytes(found[f"spark.{of}.memory"])
        if heap is None:
            continue
        other = _container_mb(found, "driver") if of == "executor" else _LEAST_HEAP_MB + _LEAST_OVERHEAD_MB
        room = max(rooms) - (other if len(rooms) == 1 else 0)
        beside = _container_mb(found, of) - heap
        most = min(room - beside, room / (1 + OVERHEAD)) if beside > _LEAST_OVERHEAD_MB else room - beside
        found[f"spark.{of}.memory"] = f"{max(_LEAST_HEAP_MB, min(heap, int(most) // _STEP_MB * _STEP_MB))}m"
    return found


def _container_mb(conf: Mapping[str, str], of: str) -> float:
    """What YARN is asked for, for the driver or an executor; 0 where Spark will not understand it."""
    heap = _megabytes(conf.get(f"spark.{of}.memory", DEFAULT_HEAP))
    if heap is None:
        return 0
    overhead = _megabytes(conf.get(f"spark.{of}.memoryOverhead", ""))
    beside = _megabytes(conf.get("spark.executor.pyspark.memory", "")) if of == "executor" else None
    return heap + (beside or 0) + (max(_LEAST_OVERHEAD_MB, heap * OVERHEAD) if overhead is None else overhead)


def _megabytes(size: str) -> int | None:
    """A size as Spark writes it: 512m, 9g, 9GB, and MiB without a unit; None for anything else."""
    found = _SIZE.fullmatch(size)
    return int(found["number"]) * (1024 if found["unit"] in ("g", "G") else 1) if found else None


def scaled_mb(configured_mb: int) -> int:
    """A memory size that a configuration has for a real node, as it is on a node here."""
    return max(_STEP_MB, int(configured_mb * MEMORY_FACTOR) // _STEP_MB * _STEP_MB)


def nodes(instances: Sequence[Instance], *, elsewhere: int = 0) -> list[Instance]:
    """The instances that get a NodeManager, when other clusters have `elsewhere` of them.

    Core before task, as YARN needs them; on a cluster of one instance the primary is the node, as on EMR.
    """
    workers = sorted((i for i in instances if i.role != "MASTER"), key=lambda i: i.role != "CORE")
    workers = workers or [i for i in instances if i.role == "MASTER"]
    return workers[: max(1, MAX_NODES - elsewhere)]

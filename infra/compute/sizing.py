"""How large executors, task managers and containers are on given instance types. Pure functions; MiB throughout.

YARN's memory on a node is EMR's own choice by instance type, so no yarn-site says it: a fleet of several types would
get one number for all. It is computed here to size what runs in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facts.instances import InstanceType, instance

# A quarter of a node's memory, at most 8 GiB, is kept from YARN: it gives the yarn.nodemanager.resource.memory-mb of
# m4.xlarge 12,288, m5.4xlarge 57,344, c5.12xlarge 90,112, r5.12xlarge 385,024 and the others of
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
KEPT_SHARE = 0.25
KEPT_AT_MOST_MB = 8192
# yarn.scheduler.minimum-allocation-mb of the same page: containers are multiples of it.
STEP_MB = 32
# "generally, it is advisable to set spark.executor.cores to 4 or 5": 4 leaves no core of 4, 8, 16 … over.
# https://github.com/aws/aws-emr-best-practices (Spark, BP 5.1.6); five on
# https://aws.amazon.com/blogs/big-data/best-practices-for-successfully-managing-memory-for-apache-spark-applications-on-amazon-emr/
EXECUTOR_CORES = 4
# EMR's spark.yarn.executor.memoryOverheadFactor (same place), and Spark's least overhead
# (https://spark.apache.org/docs/latest/configuration.html, spark.executor.minMemoryOverhead).
OVERHEAD = 0.1875
LEAST_OVERHEAD_MB = 384
# EMR's spark.driver.memory (2 GB) with a tenth of overhead, at least 384 MB, in YARN's steps: a node that runs a job's
# master must still have room for executors, or a small cluster waits for itself.
MASTER_HEAP_MB = 2048
MASTER_MB = 2432


@dataclass(frozen=True, kw_only=True)
class Node:
    """What YARN may give away on one node."""

    memory_mb: int
    vcores: int


@dataclass(frozen=True, kw_only=True)
class Container:
    """One executor or task manager: what it asks YARN for, and how much of that is heap."""

    cores: int
    memory_mb: int
    heap_mb: int


def node(one: InstanceType) -> Node:
    """What EMR gives YARN on an instance of this type, HBase not installed."""
    memory = int(one.memory_gib * 1024)
    kept = min(int(memory * KEPT_SHARE), KEPT_AT_MOST_MB)
    return Node(memory_mb=memory - kept, vcores=one.vcpu)


def nodes(names: Iterable[str]) -> list[Node]:
    """The nodes of these instance types, each once and in order."""
    return [node(instance(name)) for name in sorted(set(names))]


def shared(of: Sequence[Node], percent: int) -> list[Node]:
    """The nodes with that much of their memory, when something beside YARN needs the rest."""
    return [Node(memory_mb=_steps(one.memory_mb * percent // 100), vcores=one.vcores) for one in of]


def container(of: Sequence[Node], cores: int = EXECUTOR_CORES) -> Container:
    """The largest container of `cores` vCPUs (fewer on smaller nodes) that fills every one of the nodes by its cores.

    On each node as many fit as its vCPUs allow, with one job's master beside them.
    """
    cores = min(cores, *(one.vcores for one in of))
    memory = _steps(min((one.memory_mb - MASTER_MB) // (one.vcores // cores) for one in of))
    heap = min(int(memory / (1 + OVERHEAD)), memory - LEAST_OVERHEAD_MB)
    return Container(cores=cores, memory_mb=memory, heap_mb=heap)


def _steps(memory_mb: int) -> int:
    return memory_mb // STEP_MB * STEP_MB

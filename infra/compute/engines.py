"""Engines as typed profiles: what a cluster of one installs, and how it is configured. Pure functions.

Each property is what the engine needs to run well on the cluster's own instance types; what EMR sets itself and well is
left to it. Sources stand beside the numbers, here and in `infra.compute.sizing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from facts import releases
from infra.compute import sizing
from infra.compute.sizing import Node

Engine = Literal["spark", "spark_sql", "flink", "trino", "hive", "multi"]
Classes = dict[str, dict[str, str]]

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-glue.html, …/emr-hive-metastore-glue.html
GLUE = {
    "hive.metastore.client.factory.class": "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
}
# On a cluster of several engines YARN has this share of a node, Trino, which runs beside YARN, the rest. Ours.
YARN_PERCENT_BESIDE_TRINO = 50
# Trino's own default for query.max-memory-per-node is 0.3 of its heap
# (https://trino.io/docs/current/admin/properties-resource-management.html); beside YARN of what YARN leaves.
TRINO_QUERY_SHARE = 0.3
# Spark starts with no less than 450 MiB (UnifiedMemoryManager: 300 MiB reserved, one and a half times).
LEAST_HEAP_MB = 512
# Of a Tez container, the rest is the JVM's own: "must be 80 % to 90 % of container size",
# https://docs.cloudera.com/HDPDocuments/HDP3/HDP-3.1.4/performance-tuning/content/hive_optimization_and_planning_properties.html
TEZ_HEAP_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What an engine is configured for: the core and task nodes, and whether some of them can be taken away."""

    nodes: Sequence[Node]
    spot: bool
    speculative: bool


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One engine: EMR's names of what it installs, whether it reads Glue's catalog, and its classes."""

    applications: tuple[str, ...]
    glue: bool
    classes: Callable[[Ground], Classes]


def _spark(ground: Ground) -> Classes:
    one = sizing.container(ground.nodes)
    return {
        "spark-defaults": {
            "spark.executor.cores": str(one.cores),
            "spark.executor.memory": f"{one.heap_mb}m",
            "spark.executor.memoryOverheadFactor": str(sizing.OVERHEAD),
            "spark.driver.memory": f"{sizing.MASTER_HEAP_MB}m",
            # Blocks outlive an idle executor: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
            "spark.shuffle.service.enabled": "true",
            "spark.dynamicAllocation.enabled": "true",
            # Cached blocks hold a node for ever by default, and with it the bill: ten minutes. Ours.
            "spark.dynamicAllocation.cachedExecutorIdleTimeout": "600s",
            # Writes without renames: MagicCommitProtocol where S3A is (EMR's default from 7.10), the EMRFS committer
            # where a cluster goes back to EMRFS. Both are EMR's defaults; said, so that no job turns one off unseen.
            # https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-magic-commit-protocol.html
            # https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-committer-reqs.html
            "spark.sql.execution.datasources.SQLEmrOptimizedCommitProtocol.leverageMagicCommitProtocol": "true",
            "spark.sql.parquet.fs.optimized.committer.optimization-enabled": "true",
            # A second copy of a slow task costs a core, and may write twice what is no table: off unless asked for.
            "spark.speculation": str(ground.speculative).lower(),
        }
    }


def _spark_sql(ground: Ground) -> Classes:
    return merged(
        _spark(ground), {"spark-hive-site": dict(GLUE), "iceberg-defaults": {"iceberg.enabled": "true"}}
    )


def _flink(ground: Ground) -> Classes:
    """One slot a core; a task manager is as large as an executor would be.

    process.size is the container: https://nightlies.apache.org/flink/flink-docs-stable/docs/deployment/memory/mem_setup/
    """
    one = sizing.container(ground.nodes)
    return {
        "flink-conf": {
            "taskmanager.numberOfTaskSlots": str(one.cores),
            "taskmanager.memory.process.size": f"{one.memory_mb}m",
            "jobmanager.memory.process.size": f"{sizing.MASTER_MB}m",
        }
    }


def _trino(ground: Ground) -> Classes:
    """Glue's catalog; where nodes can be taken away, tasks are run again instead of whole queries.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/trino-ft.html (without properties, spooling is on HDFS)
    """
    glue: Classes = {"trino-connector-hive": {"hive.metastore": "glue"}}
    if not ground.spot:
        return glue
    return {**glue, "trino-config": {"retry-policy": "TASK"}, "trino-exchange-manager": {}}


def _hive(ground: Ground) -> Classes:
    """Tez with a container a core.

    The S3 committer of Hive is EMRFS's, which is not the default any more, so it is not asked for:
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/hive-optimized-committer.html
    """
    one = sizing.container(ground.nodes, cores=1)
    return {
        "hive-site": {
            **GLUE,
            "hive.execution.engine": "tez",
            "hive.tez.container.size": str(one.memory_mb),
            "hive.tez.java.opts": f"-Xmx{int(one.memory_mb * TEZ_HEAP_SHARE)}m",
        },
        "tez-site": {"tez.am.resource.memory.mb": str(sizing.MASTER_MB)},
    }


def _multi(ground: Ground) -> Classes:
    """Every engine on one cluster: YARN and Trino share each node, and the smallest node says how."""
    smallest = _beside_trino(ground.nodes)
    yarn = smallest.memory_mb
    beside = min(one.memory_mb for one in ground.nodes) - yarn
    same = replace(ground, nodes=[smallest])
    return merged(
        _spark_sql(same),
        _hive(same),
        _flink(same),
        _trino(same),
        {
            # One number for all types, which is right on the smallest and safe on the others.
            "yarn-site": {
                "yarn.nodemanager.resource.memory-mb": str(yarn),
                "yarn.scheduler.maximum-allocation-mb": str(yarn),
            },
            "trino-config": {"query.max-memory-per-node": f"{int(beside * TRINO_QUERY_SHARE)}MB"},
        },
    )


def _beside_trino(of: Sequence[Node]) -> Node:
    """What YARN has on every node, when Trino runs beside it."""
    halves = sizing.shared(of, YARN_PERCENT_BESIDE_TRINO)
    return Node(memory_mb=min(one.memory_mb for one in halves), vcores=min(one.vcores for one in halves))


PROFILES: Mapping[Engine, Profile] = {
    "spark": Profile(applications=("Spark",), glue=False, classes=_spark),
    "spark_sql": Profile(applications=("Spark",), glue=True, classes=_spark_sql),
    "flink": Profile(applications=("Flink",), glue=False, classes=_flink),
    "trino": Profile(applications=("Trino",), glue=True, classes=_trino),
    "hive": Profile(applications=("Hive", "Tez"), glue=True, classes=_hive),
    "multi": Profile(applications=("Spark", "Hive", "Tez", "Flink", "Trino"), glue=True, classes=_multi),
}


def merged(*several: Classes) -> Classes:
    """The classes together; of a property that stands twice the later one counts."""
    together: Classes = {}
    for classes in several:
        for name, properties in classes.items():
            together[name] = {**together.get(name, {}), **properties}
    return together


def cramped(engine: Engine, of: Sequence[Node]) -> str | None:
    """Why the nodes are too small for the engine; None when they are not."""
    heap = sizing.container([_beside_trino(of)] if engine == "multi" else of).heap_mb
    if heap >= LEAST_HEAP_MB:
        return None
    return (
        f"engine: '{engine}' would have executors of {heap} MB on the smallest core or task type; "
        f"at least {LEAST_HEAP_MB} are needed, so take larger types"
    )


def refusal(engine: Engine, label: str) -> str | None:
    """Why a release cannot have the engine, with the releases that can; None when it can."""
    wanted = PROFILES[engine].applications
    lacking = [name for name in wanted if name not in releases.release(label).applications]
    if not lacking:
        return None
    able = [one for one in releases.labels() if set(wanted) <= set(releases.release(one).applications)]
    return (
        f"engine: is '{engine}', but {label} has no {', '.join(lacking)}; "
        f"releases that have it: {', '.join(able) or 'none that the facts know'}"
    )

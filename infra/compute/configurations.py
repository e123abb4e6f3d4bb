"""What a cluster's software is told: EMR's configuration classes, from settings. A pure function."""

from __future__ import annotations

from typing import Any

from infra.cluster_settings import ClusterSettings
from infra.compute import engines, queues, sizing

# A node that is to go is drained this long before it is stopped: longer than the longest task (30 minutes here).
GRACEFUL_DECOMMISSION_SECONDS = 3600

SPARK_DEFAULTS = {
    "spark.dynamicAllocation.enabled": "true",
    # An executor on a node that goes hands its blocks on before it does: the shuffle is not computed again.
    "spark.decommission.enabled": "true",
    "spark.storage.decommission.enabled": "true",
    "spark.storage.decommission.shuffleBlocks.enabled": "true",
    "spark.storage.decommission.rddBlocks.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
}
# Task nodes come and go, on spot above all: a job survives the loss of an executor, not of its application master.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html: off since EMR 6.
MASTERS_ON_CORE = {
    "yarn.node-labels.enabled": "true",
    "yarn.node-labels.am.default-node-label-expression": "CORE",
}


def configurations(cluster: ClusterSettings) -> list[dict[str, Any]]:
    """EMR's configuration objects, as `configurations_json` takes them.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
    """
    labels = ("CORE",) if cluster.task else ()
    graceful = str(GRACEFUL_DECOMMISSION_SECONDS)
    classes = engines.merged(
        {
            "spark-defaults": dict(SPARK_DEFAULTS),
            "yarn-site": {
                "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs": graceful,
                **(MASTERS_ON_CORE if labels else {}),
            },
            "hdfs-site": {"dfs.replication": str(cluster.hdfs_replication)},
        },
        _of_the_engine(cluster),
        {"spark-defaults": dict(cluster.spark)},
    )
    if cluster.queues:
        classes["capacity-scheduler"] = queues.capacity_scheduler(cluster.queues, labels)
    return [{"Classification": name, "Properties": properties} for name, properties in classes.items()]


def _of_the_engine(cluster: ClusterSettings) -> engines.Classes:
    if cluster.engine is None:
        return {}
    ground = engines.Ground(
        nodes=sizing.nodes(cluster.worker_types()),
        spot=bool(cluster.task and cluster.task.spot_units),
        speculative=cluster.speculative_execution,
    )
    return engines.PROFILES[cluster.engine].classes(ground)

"""What a cluster's software is told: EMR's configuration classes, from settings. A pure function."""

from __future__ import annotations

from typing import Any

from infra.compute import engines, queues, sizing
from infra.settings.cluster import ClusterSettings
from infra.settings.image import repository

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
        {"spark-defaults": _in_containers(cluster.image)},
        {"spark-defaults": dict(cluster.spark)},
    )
    if cluster.queues:
        classes["capacity-scheduler"] = queues.capacity_scheduler(cluster.queues, labels)
    said: list[dict[str, Any]] = [
        {"Classification": name, "Properties": properties} for name, properties in classes.items()
    ]
    return [*said, _docker(cluster.image)] if cluster.image else said


def _in_containers(image: str | None) -> dict[str, str]:
    """Spark's application master and executors in containers of `image`.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-docker.html
    """
    if image is None:
        return {}
    environment = {
        "YARN_CONTAINER_RUNTIME_TYPE": "docker",
        "YARN_CONTAINER_RUNTIME_DOCKER_IMAGE": image,
        # The user that a container runs as is the node's; AWS's own example mounts it so.
        "YARN_CONTAINER_RUNTIME_DOCKER_MOUNTS": "/etc/passwd:/etc/passwd:ro",
    }
    return {
        f"{of}.{key}": value
        for of in ("spark.executorEnv", "spark.yarn.appMasterEnv")
        for key, value in environment.items()
    }


def _docker(image: str) -> dict[str, Any]:
    """The one registry that containers may come from, none of them privileged. That it is ECR's has YARN log in.

    AWS asks for both lists of registries; the second counts only where privileged containers are on.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-docker.html
    """
    registry = repository(image).registry
    return {
        "Classification": "container-executor",
        "Properties": {},
        "Configurations": [
            {
                "Classification": "docker",
                "Properties": {
                    "docker.trusted.registries": registry,
                    "docker.privileged-containers.registries": registry,
                    "docker.privileged-containers.enabled": "false",
                },
            }
        ],
    }


def _of_the_engine(cluster: ClusterSettings) -> engines.Classes:
    if cluster.engine is None:
        return {}
    ground = engines.Ground(
        nodes=sizing.nodes(cluster.worker_types()),
        spot=bool(cluster.task and cluster.task.spot_units),
        speculative=cluster.speculative_execution,
    )
    return engines.PROFILES[cluster.engine].classes(ground)

"""The metrics that EMR publishes of a cluster, from what its YARN says.

Names and meanings: https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html; capacities with
managed scaling: …/managed-scaling-metrics.html. Of HDFS and of MapReduce there is nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloud.emr.model import Cluster
from local.contracts import InstanceRole, YarnMetrics

NAMESPACE = "AWS/ElasticMapReduce"
SECONDS, MANAGED_SECONDS = 300.0, 60.0  # how often; the second with managed scaling
_IDLE = YarnMetrics(
    nodes_active=0, apps_running=0, apps_pending=0, containers_allocated=0, containers_pending=0,
    containers_reserved=0, memory_total_mb=0, memory_available_mb=0, memory_allocated_mb=0, memory_reserved_mb=0,
    memory_pending_mb=0,
)  # fmt: skip
_ROLES: Mapping[str, tuple[InstanceRole, ...]] = {
    "Total": ("CORE", "TASK"),
    "Core": ("CORE",),
    "Task": ("TASK",),
}
_KINDS = {"InstanceFleetUnits": "Units", "Instances": "Nodes", "VCPU": "VCPU"}


def values(cluster: Cluster, load: YarnMetrics | None) -> dict[str, float]:
    """Each metric's value now; a cluster whose YARN was not needed yet has its memory free and nothing to do."""
    now = load or _IDLE
    free = 100.0 * now.memory_available_mb / now.memory_total_mb if now.memory_total_mb else 100.0
    found: dict[str, float] = {
        "IsIdle": float(not cluster.open_steps() and not now.apps_running and not now.containers_allocated),
        "AppsRunning": now.apps_running,
        "AppsPending": now.apps_pending,
        "ContainerAllocated": now.containers_allocated,
        "ContainerPending": now.containers_pending,
        "ContainerReserved": now.containers_reserved,
        # "ContainerPending / ContainerAllocated"; where nothing is allocated, ContainerPending
        "ContainerPendingRatio": now.containers_pending / (now.containers_allocated or 1),
        "YARNMemoryAvailablePercentage": free,
    }
    if load is not None:
        found |= {
            "MRActiveNodes": load.nodes_active,
            "MemoryTotalMB": load.memory_total_mb,
            "MemoryAvailableMB": load.memory_available_mb,
            "MemoryAllocatedMB": load.memory_allocated_mb,
            "MemoryReservedMB": load.memory_reserved_mb,
        }
    return found | _capacities(cluster)


def _capacities(cluster: Cluster) -> dict[str, float]:
    """What managed scaling asks for and what runs; only with it, and not where it counts cores."""
    policy = cluster.managed_scaling_policy
    if policy is None or policy["ComputeLimits"]["UnitType"] == "VCPU":
        return {}
    kind, found = _KINDS[policy["ComputeLimits"]["UnitType"]], {}
    for name, roles in _ROLES.items():
        pools = [pool for pool in cluster.pools if pool.role in roles]
        found[f"{name}{kind}Requested"] = float(sum(sum(pool.targets.values()) for pool in pools))
        running = sum(pool.provisioned("ON_DEMAND") + pool.provisioned("SPOT") for pool in pools)
        found[f"{name}{kind}Running"] = float(running)
    return found


def publish(cluster: Cluster, found: Mapping[str, float], at: datetime) -> None:
    """Put the values into CloudWatch, of the account and region of the cluster."""
    when = at.astimezone(UTC).replace(tzinfo=None)
    dimensions = [{"Name": "JobFlowId", "Value": cluster.id}]
    data: list[dict[str, Any]] = [
        {"MetricName": name, "Value": value, "Dimensions": dimensions, "Timestamp": when, "Unit": _unit(name)}
        for name, value in found.items()
    ]
    backend_of(cluster).put_metric_data(NAMESPACE, data)


def backend_of(cluster: Cluster) -> Any:
    """moto's CloudWatch of the account and region of the cluster."""
    from moto.cloudwatch.models import cloudwatch_backends

    return cloudwatch_backends[cluster.arn.split(":")[4]][cluster.region]


def _unit(name: str) -> str:
    return "Percent" if name.endswith("Percentage") else "None" if name == "IsIdle" else "Count"

"""EMR Serverless, EMR on EKS."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_WORKER = {"cpu": "2 vCPU", "memory": "4 GB"}
_MORE = {"cpu": "4 vCPU", "memory": "8 GB"}


def _capacity(kind: str, count: int) -> dict[str, object]:
    config = {"workerCount": count, "workerConfiguration": _WORKER}
    return {"initialCapacityType": kind, "initialCapacityConfig": config}


EXAMPLES: dict[str, Example] = {
    "application": Example(
        type="aws:emrserverless/application:Application",
        props={
            "releaseLabel": "emr-7.10.0",
            "type": "spark",
            "maximumCapacity": {"cpu": "16 vCPU", "memory": "64 GB"},
            "initialCapacities": [_capacity("Driver", 1)],
            "networkConfiguration": {"subnetIds": ["${subnet}"], "securityGroupIds": ["${group}"]},
            "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": 15},
            **TAGS,
        },
        change={
            "architecture": "ARM64",
            "autoStartConfiguration": {"enabled": False},
            "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": 30},
            "initialCapacities": [_capacity("Driver", 1), _capacity("Executor", 2)],
            "interactiveConfiguration": {"livyEndpointEnabled": True, "studioEnabled": False},
            "maximumCapacity": {"cpu": "32 vCPU", "memory": "128 GB"},
            "monitoringConfiguration": {"managedPersistenceMonitoringConfiguration": {"enabled": True}},
            "networkConfiguration": {"subnetIds": ["${other-subnet}"], "securityGroupIds": ["${group}"]},
            "releaseLabel": "emr-7.12.0",
            "runtimeConfigurations": [{"classification": "spark-defaults", "properties": {"spark.x": "1"}}],
            "schedulerConfiguration": {"maxConcurrentRuns": 5, "queueTimeoutMinutes": 60},
            **NEW_TAGS,
        },
        replace={"name": "another"},
    ),
    "virtual-cluster": Example(
        type="aws:emrcontainers/virtualCluster:VirtualCluster",
        props={
            "containerProvider": {
                "id": "example",
                "type": "EKS",
                "info": {"eksInfo": {"namespace": "${log-group}"}},
            },
            **TAGS,
        },
        change=NEW_TAGS,
        replace={
            "containerProvider": {
                "id": "example",
                "type": "EKS",
                "info": {"eksInfo": {"namespace": "other-${log-group}"}},
            }
        },
    ),
}

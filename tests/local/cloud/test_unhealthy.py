"""Nodes that cannot work any more: replaced where the cluster says so, else left as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.test_managed_scaling import load


def nodes(cloud: Cloud, cluster_id: str, role: str = "CORE") -> dict[str, Any]:
    found = cloud.client("emr").list_instances(ClusterId=cluster_id, InstanceFleetType=role)["Instances"]
    return {one["Id"]: one["Status"] for one in found}


def fall_ill(cloud: Cloud, cluster_id: str, node: str) -> None:
    """Have YARN call a node unhealthy, and let two minutes pass."""
    cloud.runner.loads[cluster_id] = replace(load(1), unhealthy=(node,))
    cloud.pass_time(120)
    cloud.runner.loads[cluster_id] = load(1)
    cloud.pass_time(120)


@pytest.mark.parametrize("switched_on", [True, False])
def test_a_sick_core_node_is_replaced_if_the_cluster_says_so(cloud: Cloud, switched_on: bool) -> None:
    cluster_id = cloud.ready(instances={"UnhealthyNodeReplacement": switched_on})
    sick = next(iter(nodes(cloud, cluster_id)))
    fall_ill(cloud, cluster_id, sick)
    found = nodes(cloud, cluster_id)
    running = [node for node, status in found.items() if status["State"] == "RUNNING"]
    assert len(running) == 2, "the target is met"
    assert (sick in running) is not switched_on
    if switched_on:
        assert found[sick]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
        assert ("lose", sick) in cloud.runner.calls


def test_the_primary_is_never_replaced(cloud: Cloud) -> None:
    cluster_id = cloud.ready(instances={"UnhealthyNodeReplacement": True})
    primary = next(iter(nodes(cloud, cluster_id, "MASTER")))
    fall_ill(cloud, cluster_id, primary)
    assert nodes(cloud, cluster_id, "MASTER")[primary]["State"] == "RUNNING"

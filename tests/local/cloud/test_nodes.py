"""Instance fleets and groups: what they provision, how they are resized, how they are shown."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.cloud.conftest import CORE, PRIMARY, Cloud

TASK = {
    "Name": "spot", "InstanceFleetType": "TASK", "TargetOnDemandCapacity": 1, "TargetSpotCapacity": 5,
    "InstanceTypeConfigs": [
        {"InstanceType": "m5.xlarge", "WeightedCapacity": 2, "BidPriceAsPercentageOfOnDemandPrice": 100.0,
         "EbsConfiguration": {"EbsBlockDeviceConfigs": [
             {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 64}, "VolumesPerInstance": 2}]}},
    ],
    "LaunchSpecifications": {
        "SpotSpecification": {"TimeoutDurationMinutes": 10, "TimeoutAction": "SWITCH_TO_ON_DEMAND",
                              "AllocationStrategy": "price-capacity-optimized"},
        "OnDemandSpecification": {"AllocationStrategy": "lowest-price"},
    },
}  # fmt: skip
GROUPS = {
    "InstanceFleets": [],
    "InstanceGroups": [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2, "Market": "SPOT"},
    ],
}


def fleets(cloud: Cloud, cluster_id: str) -> dict[str, Any]:
    """The fleets of a cluster by their types."""
    listed = cloud.client("emr").list_instance_fleets(ClusterId=cluster_id)["InstanceFleets"]
    return {f["InstanceFleetType"]: f for f in listed}


def provisioned(fleet: dict[str, Any]) -> tuple[int, int]:
    """On-demand and spot units that run."""
    return fleet["ProvisionedOnDemandCapacity"], fleet["ProvisionedSpotCapacity"]


def test_fleets_are_empty_while_provisioning_and_meet_their_targets_after(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    before = fleets(cloud, cluster_id)["CORE"]
    cloud.pass_time(10)
    after = fleets(cloud, cluster_id)["CORE"]

    assert (before["Status"]["State"], provisioned(before)) == ("PROVISIONING", (0, 0))
    assert (after["Status"]["State"], provisioned(after)) == ("RUNNING", (4, 0))


def test_a_task_fleet_joins_a_running_cluster_with_both_markets(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    added = emr.add_instance_fleet(ClusterId=cluster_id, InstanceFleet=TASK)
    cloud.pass_time(10)

    fleet = fleets(cloud, cluster_id)["TASK"]
    nodes = emr.list_instances(ClusterId=cluster_id, InstanceFleetId=added["InstanceFleetId"])["Instances"]
    assert fleet["Id"] == added["InstanceFleetId"]
    assert provisioned(fleet) == (2, 6)  # one node too much of each weight: the target is met, not missed
    assert sorted(n["Market"] for n in nodes) == ["ON_DEMAND", "SPOT", "SPOT", "SPOT"]
    assert fleet["LaunchSpecifications"] == TASK["LaunchSpecifications"]
    assert [d["Device"] for d in fleet["InstanceTypeSpecifications"][0]["EbsBlockDevices"]] == [
        "/dev/sdb", "/dev/sdc",
    ]  # fmt: skip
    assert cloud.runner.sizes[-1] == 1 + 2 + 4


def test_a_second_task_fleet_is_refused(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    emr.add_instance_fleet(ClusterId=cluster_id, InstanceFleet=TASK)
    with pytest.raises(ClientError, match="only one instance fleet of type TASK"):
        emr.add_instance_fleet(ClusterId=cluster_id, InstanceFleet=TASK)


@pytest.mark.parametrize(("target", "units", "gone"), [(8, 8, 0), (3, 4, 0), (2, 2, 1), (1, 2, 1)])
def test_a_fleet_is_resized_to_meet_its_target(cloud: Cloud, target: int, units: int, gone: int) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    core = fleets(cloud, cluster_id)["CORE"]["Id"]
    change = {"InstanceFleetId": core, "TargetOnDemandCapacity": target, "TargetSpotCapacity": 0}
    emr.modify_instance_fleet(ClusterId=cluster_id, InstanceFleet=change)
    resizing = fleets(cloud, cluster_id)["CORE"]["Status"]["State"]
    cloud.pass_time(1)

    ended = emr.list_instances(ClusterId=cluster_id, InstanceStates=["TERMINATED"])["Instances"]
    fleet = fleets(cloud, cluster_id)["CORE"]
    assert (resizing, fleet["Status"]["State"]) == ("RESIZING", "RUNNING")
    assert fleet["TargetOnDemandCapacity"] == target
    assert (provisioned(fleet), len(ended)) == ((units, 0), gone)


def test_a_task_fleet_can_be_emptied_but_a_core_fleet_and_a_primary_cannot(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    emr.add_instance_fleet(ClusterId=cluster_id, InstanceFleet=TASK)
    cloud.pass_time(10)
    found = fleets(cloud, cluster_id)

    def empty(role: str) -> None:
        change = {
            "InstanceFleetId": found[role]["Id"], "TargetOnDemandCapacity": 0, "TargetSpotCapacity": 0,
        }  # fmt: skip
        emr.modify_instance_fleet(ClusterId=cluster_id, InstanceFleet=change)
        cloud.pass_time(1)

    empty("TASK")
    assert provisioned(fleets(cloud, cluster_id)["TASK"]) == (0, 0)
    for role in ("CORE", "MASTER"):
        with pytest.raises(ClientError):
            empty(role)
    assert provisioned(fleets(cloud, cluster_id)["CORE"]) == (4, 0)


def test_six_types_need_an_allocation_strategy(cloud: Cloud) -> None:
    sizes = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
    six = {**CORE, "InstanceTypeConfigs": [{"InstanceType": f"m5.{size}"} for size in sizes]}
    with pytest.raises(
        ClientError, match="has 6 instance types; at most 5 are allowed without an allocation"
    ):
        cloud.launch(instances={"InstanceFleets": [PRIMARY, six]})

    strategy = {"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}}
    assert cloud.launch(instances={"InstanceFleets": [PRIMARY, {**six, "LaunchSpecifications": strategy}]})


def test_instances_are_listed_by_fleet_type_and_state(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    (primary,) = emr.list_instances(ClusterId=cluster_id, InstanceFleetType="MASTER")["Instances"]
    core = emr.list_instances(
        ClusterId=cluster_id, InstanceFleetType="CORE", InstanceStates=["RUNNING"]
    )["Instances"]  # fmt: skip
    cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]

    assert primary["Id"].startswith("ci-")
    assert primary["Ec2InstanceId"].startswith("i-")
    assert primary["InstanceFleetId"] == fleets(cloud, cluster_id)["MASTER"]["Id"]
    assert cluster["MasterPublicDnsName"] == primary["PrivateDnsName"]
    assert cluster["InstanceCollectionType"] == "INSTANCE_FLEET"
    assert [n["InstanceType"] for n in core] == ["m5.xlarge", "m5.xlarge"]


def test_groups_are_shown_resized_and_told_apart_from_fleets(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready(instances=GROUPS)
    groups = {
        g["InstanceGroupType"]: g for g in emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    }
    assert (groups["CORE"]["RunningInstanceCount"], groups["CORE"]["Market"]) == (2, "SPOT")

    change = [{"InstanceGroupId": groups["CORE"]["Id"], "InstanceCount": 5}]
    emr.modify_instance_groups(ClusterId=cluster_id, InstanceGroups=change)
    cloud.pass_time(1)
    running = emr.list_instances(ClusterId=cluster_id, InstanceGroupTypes=["CORE"])["Instances"]
    assert len(running) == 5
    with pytest.raises(ClientError, match=r"uses instance groups. .* Use the ListInstanceGroups request"):
        emr.list_instance_fleets(ClusterId=cluster_id)
    with pytest.raises(ClientError, match=r"uses instance fleets. .* Use the ListInstanceFleets request"):
        emr.list_instance_groups(ClusterId=cloud.launch())


def test_a_task_group_joins_a_running_cluster_and_a_second_core_group_does_not(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready(instances=GROUPS)
    group = {"InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 2}
    added = emr.add_instance_groups(JobFlowId=cluster_id, InstanceGroups=[group])["InstanceGroupIds"]
    cloud.pass_time(1)
    with pytest.raises(ClientError, match="CORE"):
        emr.add_instance_groups(JobFlowId=cluster_id, InstanceGroups=[{**group, "InstanceRole": "CORE"}])

    groups = {g["Id"]: g for g in emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]}
    assert (groups[added[0]]["InstanceGroupType"], groups[added[0]]["RunningInstanceCount"]) == ("TASK", 2)


def test_types_and_a_count_make_groups(cloud: Cloud) -> None:
    simple = {
        "InstanceFleets": [], "MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "m5.2xlarge", "InstanceCount": 3,
    }  # fmt: skip
    cluster_id = cloud.ready(instances=simple)
    nodes = cloud.client("emr").list_instances(ClusterId=cluster_id)["Instances"]

    assert sorted(n["InstanceType"] for n in nodes) == ["m5.2xlarge", "m5.2xlarge", "m5.xlarge"]


def test_a_groups_scaling_policy_is_kept_and_shown(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready(instances=GROUPS)
    core = emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"][1]["Id"]
    policy = {
        "Constraints": {"MinCapacity": 1, "MaxCapacity": 4},
        "Rules": [{
            "Name": "out",
            "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 1, "CoolDown": 300}},
            "Trigger": {"CloudWatchAlarmDefinition": {
                "ComparisonOperator": "LESS_THAN", "MetricName": "YARNMemoryAvailablePercentage", "Period": 300,
                "Threshold": 15.0}},
        }],
    }  # fmt: skip
    emr.put_auto_scaling_policy(ClusterId=cluster_id, InstanceGroupId=core, AutoScalingPolicy=policy)
    shown = emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"][1]["AutoScalingPolicy"]
    emr.remove_auto_scaling_policy(ClusterId=cluster_id, InstanceGroupId=core)

    assert shown == {"Status": {"State": "ATTACHED"}, **policy}
    assert "AutoScalingPolicy" not in emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"][1]


LIMITS = {"UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 10}


def test_a_managed_scaling_policy_is_put_got_and_removed(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.launch(ManagedScalingPolicy={"ComputeLimits": LIMITS})
    assert emr.get_managed_scaling_policy(ClusterId=cluster_id)["ManagedScalingPolicy"] == {
        "ComputeLimits": LIMITS
    }

    more = {"ComputeLimits": {**LIMITS, "MaximumCoreCapacityUnits": 4}}
    emr.put_managed_scaling_policy(ClusterId=cluster_id, ManagedScalingPolicy=more)
    assert emr.get_managed_scaling_policy(ClusterId=cluster_id)["ManagedScalingPolicy"] == more
    emr.remove_managed_scaling_policy(ClusterId=cluster_id)
    assert "ManagedScalingPolicy" not in emr.get_managed_scaling_policy(ClusterId=cluster_id)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"MinimumCapacityUnits": 11}, "minimum must be positive and not above the maximum"),
        ({"UnitType": "Instances"}, "UnitType Instances does not fit a cluster that uses instance fleets"),
        ({"MaximumCoreCapacityUnits": 11}, "MaximumCoreCapacityUnits is 11; it must be between 0 and"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(cloud: Cloud, limits: Any, message: str) -> None:
    cluster_id = cloud.launch()
    with pytest.raises(ClientError, match=message):
        cloud.client("emr").put_managed_scaling_policy(
            ClusterId=cluster_id, ManagedScalingPolicy={"ComputeLimits": {**LIMITS, **limits}}
        )

"""EC2 that has not all that is asked for: fleets that wait, switch, or end; zones chosen by what they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from facts import prices
from facts.errors import UserError
from tests.local.cloud.conftest import CORE, PRIMARY, Cloud

MINUTE = 60.0


@pytest.fixture(autouse=True)
def _plenty_again(cloud: Cloud) -> Iterator[None]:
    yield
    order(cloud, reset=True)


def order(cloud: Cloud, **words: Any) -> Any:
    return cloud.server.control.market.order(words)


def spot(action: str = "SWITCH_TO_ON_DEMAND", *types: str, **more: Any) -> dict[str, Any]:
    """A task fleet that wants four units of spot and waits ten minutes for them."""
    specification = {
        "TimeoutDurationMinutes": 10,
        "TimeoutAction": action,
        "AllocationStrategy": "lowest-price",
    }
    return {
        "InstanceFleetType": "TASK",
        "TargetSpotCapacity": 4,
        "InstanceTypeConfigs": [{"InstanceType": name} for name in types or ("m5.xlarge",)],
        "LaunchSpecifications": {"SpotSpecification": specification},
        **more,
    }


def launch(cloud: Cloud, *fleets: dict[str, Any], **changes: Any) -> str:
    return cloud.launch(instances={"InstanceFleets": [PRIMARY, CORE, *fleets], **changes})


def fleet(cloud: Cloud, cluster_id: str, role: str = "TASK") -> Any:
    fleets = cloud.client("emr").list_instance_fleets(ClusterId=cluster_id)["InstanceFleets"]
    return next(one for one in fleets if one["InstanceFleetType"] == role)


def types(cloud: Cloud, cluster_id: str, role: str = "TASK") -> list[str]:
    found = cloud.client("emr").list_instances(
        ClusterId=cluster_id, InstanceFleetType=role, InstanceStates=["RUNNING"]
    )
    return sorted(one["InstanceType"] for one in found["Instances"])


def test_what_one_type_has_not_another_gives(cloud: Cloud) -> None:
    order(cloud, instance_type="m5.xlarge", nodes=3)
    cluster_id = launch(cloud, spot("TERMINATE_CLUSTER", "m5.xlarge", "m6in.xlarge"))
    cloud.pass_time(1)
    assert types(cloud, cluster_id) == ["m5.xlarge"] * 3 + ["m6in.xlarge"]


def test_a_cluster_waits_for_spot_and_starts_when_there_is_some(cloud: Cloud) -> None:
    order(cloud, nodes=0)
    cluster_id = launch(cloud, spot())
    cloud.pass_time(5 * MINUTE)
    assert cloud.state(cluster_id) == "STARTING"
    order(cloud, nodes=10)
    cloud.pass_time(MINUTE)
    assert cloud.state(cluster_id) == "WAITING"
    assert fleet(cloud, cluster_id)["ProvisionedSpotCapacity"] == 4


def test_after_the_time_out_it_is_on_demand_and_targets_stay(cloud: Cloud) -> None:
    order(cloud, nodes=1)
    cluster_id = launch(cloud, spot())
    cloud.pass_time(9 * MINUTE)
    assert cloud.state(cluster_id) == "STARTING"
    cloud.pass_time(2 * MINUTE)
    assert cloud.state(cluster_id) == "WAITING"
    told = fleet(cloud, cluster_id)
    assert (told["ProvisionedSpotCapacity"], told["ProvisionedOnDemandCapacity"]) == (1, 3)
    assert (told["TargetSpotCapacity"], told["TargetOnDemandCapacity"]) == (4, 0)


def test_or_the_cluster_ends_with_emrs_reason(cloud: Cloud) -> None:
    order(cloud, nodes=0)
    cluster_id = launch(cloud, spot("TERMINATE_CLUSTER"))
    cloud.pass_time(11 * MINUTE)
    status = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
    assert status["State"] == "TERMINATED_WITH_ERRORS"
    assert status["StateChangeReason"]["Code"] == "INSTANCE_FLEET_TIMEOUT"
    assert "4 of 4 units of Spot capacity" in status["StateChangeReason"]["Message"]


def test_no_capacity_on_demand_ends_the_launch(cloud: Cloud) -> None:
    order(cloud, market="ON_DEMAND", instance_type="m5.xlarge", nodes=2)
    cluster_id = launch(cloud)
    cloud.pass_time(1)
    status = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
    assert status["State"] == "TERMINATED_WITH_ERRORS"
    assert status["ErrorDetails"][0]["ErrorCode"] == "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ"
    assert "CORE nodes on demand: 2 units are missing" in status["StateChangeReason"]["Message"]


def test_a_resize_gets_what_there_is_and_gives_up_when_its_fleet_says_so(cloud: Cloud) -> None:
    limited = spot(ResizeSpecifications={"SpotResizeSpecification": {"TimeoutDurationMinutes": 5}})
    cluster_id = launch(cloud, limited)
    cloud.pass_time(1)
    order(cloud, nodes=6)
    change = {"InstanceFleetId": fleet(cloud, cluster_id)["Id"], "TargetSpotCapacity": 9}
    cloud.client("emr").modify_instance_fleet(ClusterId=cluster_id, InstanceFleet=change)
    cloud.pass_time(MINUTE)
    told = fleet(cloud, cluster_id)
    assert (told["Status"]["State"], told["ProvisionedSpotCapacity"]) == ("RESIZING", 6)
    cloud.pass_time(5 * MINUTE)
    assert fleet(cloud, cluster_id)["Status"]["State"] == "RUNNING"
    order(cloud, nodes=100)
    cloud.pass_time(10 * MINUTE)
    assert fleet(cloud, cluster_id)["ProvisionedSpotCapacity"] == 6, "it is not tried again"


def test_a_bid_below_the_price_gets_nothing(cloud: Cloud) -> None:
    low = spot()
    low["InstanceTypeConfigs"] = [{"InstanceType": "m5.xlarge", "BidPriceAsPercentageOfOnDemandPrice": 10.0}]
    cluster_id = launch(cloud, low)
    cloud.pass_time(MINUTE)
    # Not all of the regions that the tests go through have prices; without a price no bid is too low.
    priced = cloud.region in prices.regions()
    assert cloud.state(cluster_id) == ("STARTING" if priced else "WAITING")


def test_of_several_subnets_the_zone_is_taken_that_has_the_nodes(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = [z["ZoneName"] for z in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for n, zone in enumerate(zones)
    ]
    order(cloud, zone=zones[0], nodes=1)
    cluster_id = launch(cloud, spot(), Ec2SubnetIds=subnets)
    cloud.pass_time(1)
    told = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Ec2InstanceAttributes"]
    assert (told["Ec2AvailabilityZone"], told["Ec2SubnetId"]) == (zones[1], subnets[1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"market": "FUTURES"}, "market is 'FUTURES'; it must be ON_DEMAND or SPOT"),
        ({"nodes": -1}, "nodes is -1; it must be a whole number from 0 to 100000"),
        ({"nodes": 1, "zone": 5}, "zone is 5; it must be a name"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(cloud: Cloud, words: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        order(cloud, **words)


def test_it_tells_what_is_used_free_and_for_how_much(cloud: Cloud) -> None:
    cluster_id = launch(cloud, spot())
    cloud.pass_time(1)
    zone = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Ec2InstanceAttributes"]
    told = order(cloud, instance_type="m5.xlarge", nodes=50)
    (row,) = [
        one for one in told["used"]
        if (one["zone"], one["market"]) == (zone["Ec2AvailabilityZone"], "SPOT")
    ]  # fmt: skip
    assert row["nodes"] + row["free"] == 50

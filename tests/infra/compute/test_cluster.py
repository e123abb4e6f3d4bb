"""The cluster as it is registered, and the pure functions behind it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pulumi.runtime.mocks import MockMonitor

from infra.compute import fleets
from infra.compute.configurations import configurations
from infra.settings.fleet import FleetSettings
from infra.settings.loader import from_config, parse
from tests.infra.recording import Recorder, run_program, stack_config, wire_config

Run = tuple[Recorder, dict[str, Any]]
TYPE = {"name": "m5.xlarge", "units": 2, "max_price_percent": 80}


def fleet(**changes: Any) -> FleetSettings:
    return FleetSettings.model_validate({"types": [TYPE], "on_demand_units": 2, **changes})


def test_a_type_says_its_weight_and_disks_and_a_price_only_where_spot_is_bought() -> None:
    (plain,) = fleets.type_configs(fleet(volume_gib=100, volumes=2))
    assert plain == {
        "instance_type": "m5.xlarge",
        "weighted_capacity": 2,
        "ebs_configs": [{"size": 100, "type": "gp3", "volumes_per_instance": 2}],
    }
    (spot,) = fleets.type_configs(fleet(spot_units=2))
    assert spot["bid_price_as_percentage_of_on_demand_price"] == 80.0


@pytest.mark.parametrize(
    ("changes", "markets"),
    [
        ({}, {"on_demand_specifications"}),
        ({"spot_units": 2}, {"on_demand_specifications", "spot_specifications"}),
        ({"spot_units": 2, "spot_allocation": None}, {"on_demand_specifications"}),
        ({"on_demand_units": 0, "spot_units": 2}, {"spot_specifications"}),
        ({"on_demand_allocation": None}, set()),
    ],
)
def test_each_market_that_is_bought_in_is_specified(changes: dict[str, Any], markets: set[str]) -> None:
    assert set(fleets.launch_specifications(fleet(**changes)) or {}) == markets


def test_spot_that_does_not_come_is_bought_on_demand_soon() -> None:
    found = fleets.launch_specifications(fleet(spot_units=2, spot_timeout_minutes=7))
    assert found is not None
    assert found["spot_specifications"] == [
        {
            "allocation_strategy": "price-capacity-optimized",
            "timeout_action": "SWITCH_TO_ON_DEMAND",
            "timeout_duration_minutes": 7,
        }
    ]


def test_the_stack_may_overrule_sparks_defaults_and_sets_replication() -> None:
    tree = from_config(wire_config(stack_config("prod")))
    tree["clusters"]["main"]["spark"] = {"spark.dynamicAllocation.enabled": "false", "spark.x": "1"}
    by_class = {c["Classification"]: c["Properties"] for c in configurations(parse(tree).clusters["main"])}
    assert by_class["spark-defaults"]["spark.dynamicAllocation.enabled"] == "false"
    assert by_class["spark-defaults"]["spark.x"] == "1"
    assert by_class["hdfs-site"] == {"dfs.replication": "2"}


def test_an_engine_configures_its_cluster_and_the_stack_has_the_last_word() -> None:
    tree = from_config(wire_config(stack_config("prod")))
    tree["clusters"]["main"]["spark"] = {"spark.executor.cores": "2"}
    by_class = {c["Classification"]: c["Properties"] for c in configurations(parse(tree).clusters["main"])}
    assert (
        by_class["spark-defaults"]["spark.executor.memory"] == "9323m"
    )  # half of a 2xlarge, less its overhead
    assert by_class["spark-defaults"]["spark.executor.cores"] == "2"
    assert by_class["capacity-scheduler"]["yarn.scheduler.capacity.root.queues"] == "analytics,default"


def test_an_engine_without_spark_tells_spark_nothing_of_its_sizes() -> None:
    tree = from_config(wire_config(stack_config("prod")))
    tree["clusters"]["main"].update(release="emr-7.13.0", engine="trino", applications=[])
    cluster = parse(tree).clusters["main"]
    by_class = {c["Classification"]: c["Properties"] for c in configurations(cluster)}
    assert cluster.applications == ("Trino",)
    assert "spark.executor.memory" not in by_class["spark-defaults"]
    assert by_class["trino-config"] == {"retry-policy": "TASK"}


def test_application_masters_stay_off_task_nodes() -> None:
    tree = from_config(wire_config(stack_config("prod")))
    expression = "yarn.node-labels.am.default-node-label-expression"
    with_tasks = parse(tree).clusters["main"]
    assert with_tasks.task is not None
    (site,) = [c for c in configurations(with_tasks) if c["Classification"] == "yarn-site"]
    assert site["Properties"][expression] == "CORE"
    (site,) = [
        c
        for c in configurations(with_tasks.model_copy(update={"task": None}))
        if c["Classification"] == "yarn-site"
    ]
    assert expression not in site["Properties"]


def test_dev_has_its_fleets_scaling_idle_end_and_encrypted_logs(dev: Run) -> None:
    made, _ = dev
    cluster = made.one("Cluster", "main").inputs
    assert cluster["masterInstanceFleet"]["targetOnDemandCapacity"] == 1
    assert (
        cluster["coreInstanceFleet"]["targetOnDemandCapacity"],
        cluster["coreInstanceFleet"]["targetSpotCapacity"],
    ) == (1, 0)
    assert cluster["keepJobFlowAliveWhenNoSteps"]
    assert cluster["autoTerminationPolicy"] == {"idleTimeout": 3600}
    assert cluster["logUri"] == "s3://emr-dev-logs-111111111111-us-east-1/elasticmapreduce/"
    assert cluster["logEncryptionKmsKeyId"].endswith("key/logs")
    assert cluster["ec2Attributes"]["serviceAccessSecurityGroup"] == "service-id"
    task = made.one("InstanceFleet", "main-task").inputs
    assert (task["targetOnDemandCapacity"], task["targetSpotCapacity"]) == (0, 1)
    assert len(task["instanceTypeConfigs"]) == 10
    (limits,) = made.one("ManagedScalingPolicy", "main-scaling").inputs["computeLimits"]
    assert limits == {
        "unitType": "InstanceFleetUnits",
        "minimumCapacityUnits": 2,
        "maximumCapacityUnits": 4,
        "maximumCoreCapacityUnits": 2,
        "maximumOndemandCapacityUnits": 2,
    }


def _requests(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]) -> dict[str, Any]:
    """What the engine is asked for, by the resource's type and name."""
    asked: dict[str, Any] = {}
    real: Any = MockMonitor.RegisterResource

    def register(self: MockMonitor, request: Any) -> Any:
        asked[f"{request.type.split(':')[-1]} {request.name}"] = request
        return real(self, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", register)
    run_program("dev", config)
    return asked


def test_targets_that_scaling_moves_are_not_moved_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _requests(monkeypatch, stack_config("dev"))
    assert list(asked["Cluster main"].ignoreChanges) == [
        "coreInstanceFleet.targetOnDemandCapacity",
        "coreInstanceFleet.targetSpotCapacity",
    ]
    assert list(asked["InstanceFleet main-task"].ignoreChanges) == [
        "targetOnDemandCapacity",
        "targetSpotCapacity",
    ]


@pytest.mark.parametrize(("reset", "core", "task"), [("none", 2, 2), ("task", 2, 0), ("all", 0, 0)])
def test_a_reset_gives_the_fleets_their_targets_back(
    monkeypatch: pytest.MonkeyPatch, reset: str, core: int, task: int
) -> None:
    config = copy.deepcopy(stack_config("dev"))
    config["emr:clusters"]["main"]["scaling"]["reset_targets"] = reset
    asked = _requests(monkeypatch, config)
    assert len(asked["Cluster main"].ignoreChanges) == core
    assert len(asked["InstanceFleet main-task"].ignoreChanges) == task


def test_without_scaling_the_stack_file_says_the_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    config = copy.deepcopy(stack_config("dev"))
    del config["emr:clusters"]["main"]["scaling"]
    asked = _requests(monkeypatch, config)
    assert "ManagedScalingPolicy main-scaling" not in asked
    assert not asked["Cluster main"].ignoreChanges
    assert not asked["InstanceFleet main-task"].ignoreChanges


def test_the_cluster_waits_for_what_its_nodes_need(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _requests(monkeypatch, stack_config("dev"))
    waited = {urn.rsplit("::", 1)[1] for urn in asked["Cluster main"].dependencies}
    assert {
        "s3",
        "kms",
        "sts",
        "node",
        "service",
        "job-nightly-etl",
        "event-logs",
        "primary-to-service-9443",
    } <= waited
    assert {"private-us-east-1a", "private-us-east-1b"} <= waited


def test_two_clusters_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    config = copy.deepcopy(stack_config("dev"))
    config["emr:clusters"]["adhoc"] = copy.deepcopy(config["emr:clusters"]["main"])
    made, platform = run_program("dev", config)
    assert {c["name"] for c in platform["clusters"].values()} == {"emr-dev-main", "emr-dev-adhoc"}
    assert json.loads(made.one("Cluster", "adhoc").inputs["configurationsJson"])

"""Instance groups and rules of one's own: no pair that undoes itself, and documents that EMR takes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from infra.compute import groups
from infra.naming import Names
from infra.security import autoscaling
from infra.settings.autoscale import (
    AutoscaleSettings,
    ScaleInSettings,
    ScaleOutSettings,
    available,
    flapping,
)
from infra.settings.loader import from_config, parse
from tests.infra.recording import run_program, stack_config, wire_config

OUT = {"metric": "YARNMemoryAvailablePercentage", "threshold": 15, "cooldown_seconds": 600}
IN = {"available_percent": 75, "cooldown_seconds": 600}
RULES = {"minimum_nodes": 2, "maximum_nodes": 10, "scale_out": [OUT], "scale_in": IN}
TYPE = [{"name": "m5.xlarge"}]


def with_groups(**changes: Any) -> dict[str, Any]:
    """dev's configuration with its cluster as groups."""
    config = copy.deepcopy(stack_config("dev"))
    main = config["emr:clusters"]["main"]
    del main["scaling"]
    main.update(
        nodes="groups",
        primary={"on_demand_units": 1, "types": TYPE},
        core={"on_demand_units": 2, "types": TYPE},
        task={"spot_units": 2, "types": TYPE},
        autoscale={"task": RULES},
        **changes,
    )
    return config


def rules(**changes: Any) -> AutoscaleSettings:
    return AutoscaleSettings.model_validate({**RULES, **changes}, strict=False)


def test_the_usual_policy_does_not_flap() -> None:
    assert rules().scale_in.available_percent == 75


@given(
    threshold=st.floats(1, 60),
    back=st.floats(30, 99),
    minimum=st.integers(1, 20),
    span=st.integers(0, 40),
    more=st.integers(1, 10),
    fewer=st.integers(1, 10),
)
def test_rules_that_pass_never_lead_into_each_other(
    threshold: float, back: float, minimum: int, span: int, more: int, fewer: int
) -> None:
    rule = ScaleOutSettings(
        metric="YARNMemoryAvailablePercentage", threshold=threshold, nodes=more, cooldown_seconds=300
    )
    scale_in = ScaleInSettings(available_percent=back, nodes=fewer, cooldown_seconds=300)
    maximum = minimum + span
    if list(flapping(rule, scale_in, minimum, maximum)):
        return
    assert threshold < back
    for nodes in range(minimum, maximum + 1):
        grown, shrunk = min(nodes + more, maximum), max(nodes - fewer, minimum)
        # Just where a rule holds, its own activity does not bring the metric to where the other holds.
        assert grown == nodes or available(threshold, nodes, grown) <= back + 1e-9
        assert shrunk == nodes or available(back, nodes, shrunk) >= threshold - 1e-9


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"scale_out": [{**OUT, "threshold": 75}]},
            "scale_out[0].threshold: is 75, and scale_in.available_percent 75",
        ),
        (
            {"minimum_nodes": 1, "scale_out": [{**OUT, "nodes": 5}]},
            "scale_out[0].threshold: is 15; 5 more than 1 nodes leave 86 %, above scale_in.available_percent (75)",
        ),
        (
            {"scale_in": {**IN, "available_percent": 60, "nodes": 4}},
            "scale_out[0].threshold: is 15; 3 fewer than 5 nodes bring the memory left from 60 to 0 %, which adds",
        ),
        ({"minimum_nodes": 11}, "minimum_nodes: is 11, above maximum_nodes (10)"),
        (
            {"scale_out": [{**OUT, "cooldown_seconds": 60}]},
            "scale_out[0].cooldown_seconds: is 60; must be at least 300",
        ),
        (
            {"scale_out": [{key: value for key, value in OUT.items() if key != "cooldown_seconds"}]},
            "scale_out[0].cooldown_seconds: is missing",
        ),
        ({"scale_out": []}, "scale_out: is []; must have at least 1 entries"),
        ({"scale_in": None}, "scale_in: is null; must be a mapping"),
        ({"scale_out": [{**OUT, "metric": "HDFSUtilization"}]}, "scale_out[0].metric: is"),
    ],
)
def test_pairs_that_flap_and_what_is_missing_are_told(changes: dict[str, Any], said: str) -> None:
    config = with_groups()
    config["emr:clusters"]["main"]["autoscale"]["task"] = {**RULES, **changes}
    with pytest.raises(UserError) as refusal:
        parse(from_config(wire_config(config)))
    (line,) = str(refusal.value).splitlines()[1:]
    assert line.strip().startswith(f"emr:clusters.main.autoscale.task.{said}"), line


def test_a_group_on_spot_needs_a_price_to_bid() -> None:
    config = with_groups()
    config["aws:region"] = "sa-east-1"
    config["emr:network"]["zones"] = ["sa-east-1a", "sa-east-1b"]
    del config["emr:cost"]
    with pytest.raises(UserError, match=r"task\.types: prices: the region 'sa-east-1' is not known"):
        parse(from_config(wire_config(config)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nodes": "fleets"}, "autoscale: has rules for task, but nodes is 'fleets'"),
        (
            {
                "scaling": {
                    "minimum_units": 2,
                    "maximum_units": 8,
                    "maximum_core_units": 2,
                    "maximum_on_demand_units": 4,
                }
            },
            "autoscale: stands beside scaling; a cluster scales by rules of its own or by EMR's",
        ),
        (
            {"core": {"on_demand_units": 2, "types": [*TYPE, {"name": "m5a.xlarge"}]}},
            "core.types: has 2 types, the first of 1 units, but an instance group has one",
        ),
        (
            {"task": {"spot_units": 1, "on_demand_units": 1, "types": TYPE}},
            "task.spot_units: is 1 beside on_demand_units (1), but an instance group is on",
        ),
        ({"task": None}, "autoscale.task: there is no task group to scale"),
        (
            {"task": {"spot_units": 20, "types": TYPE}},
            "autoscale.task.minimum_nodes: is 2, and maximum_nodes is 10, but the group begins with 20 nodes",
        ),
        (
            {
                "hdfs_replication": 2,
                "autoscale": {"core": {**RULES, "minimum_nodes": 1, "scale_out": [{**OUT, "threshold": 10}]}},
            },
            "autoscale.core.minimum_nodes: is 1, below hdfs_replication (2)",
        ),
        ({"ephemeral": True}, "nodes: is 'groups', but an ephemeral cluster is launched as fleets"),
    ],
)
def test_groups_and_fleets_are_not_mixed_up(changes: dict[str, Any], said: str) -> None:
    config = with_groups()
    main = config["emr:clusters"]["main"]
    main.update(changes)
    with pytest.raises(UserError) as refusal:
        parse(from_config(wire_config(config)))
    lines = [line.strip() for line in str(refusal.value).splitlines()[1:]]
    assert any(line.startswith(f"emr:clusters.main.{said}") for line in lines), lines


def test_the_policy_is_one_that_emr_takes() -> None:
    pending = {"metric": "ContainerPendingRatio", "threshold": 0.75, "cooldown_seconds": 300}
    document = groups.policy(rules(scale_out=[OUT, pending]))
    shape: Any = get_session().get_service_model("emr").shape_for("AutoScalingPolicy")
    report: Any = ParamValidator().validate(document, shape)
    assert report.generate_report() == ""
    adjustments = [
        rule["Action"]["SimpleScalingPolicyConfiguration"]["ScalingAdjustment"] for rule in document["Rules"]
    ]
    assert adjustments == [1, 1, -1]
    alarms = [rule["Trigger"]["CloudWatchAlarmDefinition"] for rule in document["Rules"]]
    assert [alarm["ComparisonOperator"] for alarm in alarms] == ["LESS_THAN", "GREATER_THAN", "GREATER_THAN"]


def test_a_cluster_of_groups_has_its_role_and_lets_the_scaled_group_be() -> None:
    made, _ = run_program("dev", with_groups())
    cluster = made.one("Cluster", "main").inputs
    assert cluster["masterInstanceGroup"]["instanceCount"] == 1
    assert cluster["coreInstanceGroup"]["instanceCount"] == 2
    assert "coreInstanceFleet" not in cluster
    assert cluster["autoscalingRole"].endswith("role/emr-dev-autoscaling")
    assert cluster["ec2Attributes"]["subnetId"] == "private-us-east-1a-id"
    task = made.one("InstanceGroup", "main-task").inputs
    assert task["bidPrice"] == "0.192"
    assert json.loads(task["autoscalingPolicy"])["Constraints"] == {"MinCapacity": 2, "MaxCapacity": 10}


def test_managed_scaling_counts_groups_in_nodes_and_wants_no_role_of_its_own() -> None:
    config = with_groups()
    main = config["emr:clusters"]["main"]
    del main["autoscale"]
    main["scaling"] = {
        "minimum_units": 2, "maximum_units": 8, "maximum_core_units": 2, "maximum_on_demand_units": 4,
    }  # fmt: skip
    made, _ = run_program("dev", config)
    (limits,) = made.one("ManagedScalingPolicy", "main-scaling").inputs["computeLimits"]
    assert limits["unitType"] == "Instances"
    assert "autoscalingRole" not in made.one("Cluster", "main").inputs
    assert [role.name for role in made.of("Role") if role.name == "autoscaling"] == []


def test_the_scaling_role_resizes_groups_of_this_stack_and_nothing_else() -> None:
    names = Names(stack="dev", region="us-east-1", account_id="111111111111")
    found = autoscaling.needs(names)
    (resize,) = [one for one in found if "elasticmapreduce:ModifyInstanceGroups" in one.actions]
    assert resize.condition == {"StringEquals": {"elasticmapreduce:ResourceTag/stack": "dev"}}
    (trust,) = json.loads(autoscaling.trust(names))["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111111111111"}

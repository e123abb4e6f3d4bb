"""Instance groups as the provider wants them: one type each, and custom autoscaling. Pure functions."""

from __future__ import annotations

import json
from typing import Any

from facts import prices
from infra.compute.fleets import VOLUME_TYPE
from infra.settings.autoscale import MEMORY, PERIOD_SECONDS, AutoscaleSettings
from infra.settings.fleet import FleetSettings, InstanceTypeSettings

NAMESPACE = "AWS/ElasticMapReduce"
UNITS = {"YARNMemoryAvailablePercentage": "PERCENT", "ContainerPendingRatio": "COUNT"}


def group(role: str, fleet: FleetSettings, autoscale: AutoscaleSettings | None) -> dict[str, Any]:
    """A group of `role` from a fleet of one type in one market; its target is a number of nodes."""
    (entry,) = fleet.types
    made: dict[str, Any] = {
        "name": role,
        "instance_type": entry.name,
        "instance_count": fleet.target_units,
        "ebs_configs": [
            {"size": fleet.volume_gib, "type": VOLUME_TYPE, "volumes_per_instance": fleet.volumes}
        ],
    }
    if autoscale:
        made["autoscaling_policy"] = json.dumps(policy(autoscale), sort_keys=True)
    return made


def bid(entry: InstanceTypeSettings, region: str) -> str:
    """The most that a node on spot may cost an hour, in US dollars: groups know no percentage.

    Raises UserError when the facts have no price.
    """
    on_demand = prices.price(entry.name, region).ec2_usd_per_hour
    return f"{on_demand * entry.max_price_percent / 100:.3f}"


def policy(settings: AutoscaleSettings) -> dict[str, Any]:
    """EMR's document: https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoScalingPolicy.html"""
    rules = [
        _rule(
            f"out-{index}",
            rule.nodes,
            rule.cooldown_seconds,
            _alarm(
                rule.metric,
                "LESS_THAN" if rule.metric == MEMORY else "GREATER_THAN",
                rule.threshold,
                rule.periods,
            ),
        )
        for index, rule in enumerate(settings.scale_out)
    ]
    back = settings.scale_in
    alarm = _alarm(MEMORY, "GREATER_THAN", back.available_percent, back.periods)
    rules.append(_rule("in", -back.nodes, back.cooldown_seconds, alarm))
    return {
        "Constraints": {"MinCapacity": settings.minimum_nodes, "MaxCapacity": settings.maximum_nodes},
        "Rules": rules,
    }


def _rule(name: str, nodes: int, cooldown: int, alarm: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": name,
        "Action": {
            "SimpleScalingPolicyConfiguration": {
                "AdjustmentType": "CHANGE_IN_CAPACITY",
                "ScalingAdjustment": nodes,
                "CoolDown": cooldown,
            }
        },
        "Trigger": {"CloudWatchAlarmDefinition": alarm},
    }


def _alarm(metric: str, comparison: str, threshold: float, periods: int) -> dict[str, Any]:
    """Without the cluster as its dimension, which EMR adds and the provider takes away again when it reads.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/emr/cluster.go
    """
    return {
        "ComparisonOperator": comparison,
        "EvaluationPeriods": periods,
        "MetricName": metric,
        "Namespace": NAMESPACE,
        "Period": PERIOD_SECONDS,
        "Statistic": "AVERAGE",
        "Threshold": threshold,
        "Unit": UNITS[metric],
    }

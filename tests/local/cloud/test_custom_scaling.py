"""Groups' own scaling rules, and the metrics that they and alarms read."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud.emr.scaling.custom import judge
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.test_managed_scaling import NODE_MB, load

GROUPS = [
    {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": count}
    for role, count in (("MASTER", 1), ("CORE", 1), ("TASK", 2))
]


def rule(name: str, compare: str, threshold: float, by: int, **more: Any) -> dict[str, Any]:
    """A rule on the free share of YARN's memory; `more` goes into its action."""
    alarm = {
        "ComparisonOperator": compare, "MetricName": "YARNMemoryAvailablePercentage", "Period": 300,
        "Threshold": threshold, "EvaluationPeriods": 1, "Unit": "PERCENT",
    }  # fmt: skip
    action = {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": by, "CoolDown": 300, **more}}
    return {"Name": name, "Action": action, "Trigger": {"CloudWatchAlarmDefinition": alarm}}


def policy(*rules: dict[str, Any], low: int = 1, high: int = 10) -> dict[str, Any]:
    return {"Constraints": {"MinCapacity": low, "MaxCapacity": high}, "Rules": list(rules)}


def _judged(
    rules: dict[str, Any], count: int = 4, since: float | None = None, seen: float | None = 5.0
) -> int | None:
    found = judge(rules, count, 10_000.0, since, lambda _alarm, _start, _end: seen)
    return None if found is None else found.count


@pytest.mark.parametrize(
    ("compare", "threshold", "holds"),
    [
        ("LESS_THAN", 5, False), ("LESS_THAN", 6, True), ("LESS_THAN_OR_EQUAL", 5, True),
        ("GREATER_THAN", 5, False), ("GREATER_THAN", 4, True), ("GREATER_THAN_OR_EQUAL", 5, True),
    ],
)  # fmt: skip
def test_a_rule_compares_as_it_says(compare: str, threshold: float, holds: bool) -> None:
    assert _judged(policy(rule("r", compare, threshold, 1))) == (5 if holds else None)


@pytest.mark.parametrize(
    ("kind", "by", "count"),
    [
        ("CHANGE_IN_CAPACITY", 2, 6), ("CHANGE_IN_CAPACITY", -3, 1), ("EXACT_CAPACITY", 7, 7),
        ("PERCENT_CHANGE_IN_CAPACITY", 60, 6), ("PERCENT_CHANGE_IN_CAPACITY", 10, 5),
        ("PERCENT_CHANGE_IN_CAPACITY", -10, 3), ("CHANGE_IN_CAPACITY", 100, 10), ("CHANGE_IN_CAPACITY", -100, 1),
    ],
)  # fmt: skip
def test_an_adjustment_counts_as_it_says_and_stays_in_bounds(kind: str, by: int, count: int) -> None:
    assert _judged(policy(rule("r", "LESS_THAN", 15, by, AdjustmentType=kind))) == count


def test_nothing_changes_while_it_cools_down_or_nothing_is_known() -> None:
    more = policy(rule("more", "LESS_THAN", 15, 1))
    assert _judged(more, since=299) is None
    assert _judged(more, since=300) == 5
    assert _judged(more, seen=None) is None
    assert _judged(more, count=10) is None


def test_all_periods_must_be_beyond_the_threshold() -> None:
    more = rule("more", "LESS_THAN", 15, 1)
    more["Trigger"]["CloudWatchAlarmDefinition"]["EvaluationPeriods"] = 2
    seen = {9700.0: 5.0, 9400.0: 50.0}
    assert judge(policy(more), 4, 10_000.0, None, lambda _a, start, _e: seen[start]) is None
    seen[9400.0] = 6.0
    assert judge(policy(more), 4, 10_000.0, None, lambda _a, start, _e: seen[start]) is not None


# On the test clock


def _grouped(cloud: Cloud) -> tuple[str, str]:
    """A cluster of groups and its task group."""
    cluster = cloud.ready(instances={"InstanceFleets": [], "InstanceGroups": GROUPS})
    groups = cloud.client("emr").list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    return cluster, next(group["Id"] for group in groups if group["InstanceGroupType"] == "TASK")


def _requested(cloud: Cloud, cluster: str, group: str) -> int:
    groups = cloud.client("emr").list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    return int(next(one["RequestedInstanceCount"] for one in groups if one["Id"] == group))


def _minutes(cloud: Cloud, minutes: int) -> None:
    for _ in range(minutes):
        cloud.pass_time(60)


def test_a_group_follows_its_rules_with_cooldown(cloud: Cloud) -> None:
    cluster, group = _grouped(cloud)
    rules = policy(
        rule("more", "LESS_THAN", 15, 1, CoolDown=600), rule("less", "GREATER_THAN", 75, -1), high=4
    )
    cloud.client("emr").put_auto_scaling_policy(
        ClusterId=cluster, InstanceGroupId=group, AutoScalingPolicy=rules
    )
    cloud.runner.loads[cluster] = load(3, used=3 * NODE_MB)
    _minutes(cloud, 6)
    first = _requested(cloud, cluster, group)
    _minutes(cloud, 5)
    cooling = _requested(cloud, cluster, group)
    _minutes(cloud, 30)
    full = _requested(cloud, cluster, group)
    cloud.runner.loads[cluster] = load(5)
    _minutes(cloud, 40)

    assert [first, cooling, full, _requested(cloud, cluster, group)] == [3, 3, 4, 1]
    told = next(one for one in cloud.server.control.overview() if one["id"] == cluster)["scaling"]
    assert told[0]["reason"] == (  # type: ignore[index]
        "automatic scaling by rule more: YARNMemoryAvailablePercentage was 0"
    )


def test_emrs_metrics_are_in_cloudwatch(cloud: Cloud) -> None:
    cluster, _ = _grouped(cloud)
    cloud.runner.loads[cluster] = load(3, used=NODE_MB * 3 // 4, pending=4096)
    cloud.add_steps(cluster, "one")
    _minutes(cloud, 11)
    cloudwatch = cloud.client("cloudwatch")
    start = cloud.server.plane.now().timestamp() - 900

    def values(name: str) -> list[float]:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/ElasticMapReduce", MetricName=name, Statistics=["Average"], Period=300,
            Dimensions=[{"Name": "JobFlowId", "Value": cluster}], StartTime=start, EndTime=start + 1200,
        )  # fmt: skip
        points = sorted(answer["Datapoints"], key=lambda point: str(point["Timestamp"]))
        return [point["Average"] for point in points]

    assert values("YARNMemoryAvailablePercentage")[-1] == 75.0
    assert values("ContainerPendingRatio")[-1] == 2.0
    assert values("IsIdle")[-1] == 0.0
    assert set(values("MemoryTotalMB")) == {3.0 * NODE_MB}
    assert len(values("AppsRunning")) >= 2
    assert values("TotalNodesRequested") == [], "only with managed scaling"

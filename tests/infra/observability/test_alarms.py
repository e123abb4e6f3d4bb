"""The alarms of a cluster: what is watched, for how long, and where it goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import Names
from infra.observability import cluster_alarms, topics
from infra.settings.loader import from_config, parse
from tests.infra.recording import Recorder, stack_config, wire_config

Run = tuple[Recorder, dict[str, Any]]


def found(**changes: Any) -> dict[str, cluster_alarms.Alarm]:
    tree = from_config(wire_config(stack_config("dev")))
    tree["clusters"]["main"].update(changes)
    for key in [key for key, value in changes.items() if value is None]:
        del tree["clusters"]["main"][key]
    return {alarm.name: alarm for alarm in cluster_alarms.alarms(parse(tree).clusters["main"])}


def test_five_things_are_watched_and_one_of_them_only_with_scaling() -> None:
    assert set(found()) == {"unhealthy-nodes", "hdfs-full", "idle", "backlog", "capacity-not-reached"}
    assert set(found(scaling=None)) == {"unhealthy-nodes", "hdfs-full", "idle", "backlog"}


@pytest.mark.parametrize(("seconds", "minutes"), [(60, 30), (900, 30), (3600, 75), (604_800, 10_095)])
def test_idle_is_told_when_the_cluster_should_be_gone(seconds: int, minutes: int) -> None:
    assert found(idle_timeout_seconds=seconds)["idle"].minutes == minutes


def test_capacity_is_waited_for_as_long_as_spot_is() -> None:
    assert found()["capacity-not-reached"].minutes == 10 + cluster_alarms.START_MINUTES


@given(minutes=st.integers(1, 20_000))
def test_a_window_is_long_enough_and_allowed(minutes: int) -> None:
    period, periods = cluster_alarms.window(minutes)
    assert periods * period <= cluster_alarms.MOST_SECONDS[period]
    most = cluster_alarms.MOST_SECONDS[cluster_alarms.HOUR_SECONDS]
    assert periods * period >= min(minutes * 60, most)


def test_each_alarm_goes_to_the_topic_of_its_severity_and_says_what_it_means(dev: Run) -> None:
    made, platform = dev
    for alarm in found().values():
        inputs = made.one("MetricAlarm", f"main-{alarm.name}").inputs
        assert inputs["name"] == f"emr-dev-main-{alarm.name}"
        assert inputs["alarmActions"] == inputs["okActions"] == [platform["topics"][alarm.severity]]
        assert inputs["alarmDescription"] == f"main: {alarm.meaning}"
        assert inputs["treatMissingData"] == "notBreaching"
        if alarm.minus is None:
            assert inputs["dimensions"] == {"JobFlowId": "main-id"}
            assert (inputs["metricName"], inputs["threshold"]) == (alarm.metric, alarm.above)


def test_capacity_is_a_difference_of_two_metrics(dev: Run) -> None:
    inputs = dev[0].one("MetricAlarm", "main-capacity-not-reached").inputs
    first, asked, there = inputs["metricQueries"]
    assert first["expression"] == f"{asked['id']} - {there['id']}"
    assert [one["metric"]["metricName"] for one in (asked, there)] == [
        "TotalUnitsRequested",
        "TotalUnitsRunning",
    ]
    assert [one.get("returnData", False) for one in inputs["metricQueries"]] == [True, False, False]


def test_topics_are_sealed_and_only_this_stacks_alarms_may_publish(dev: Run) -> None:
    made, _ = dev
    for severity in ("page", "ticket"):
        assert made.one("Topic", severity).inputs["kmsMasterKeyId"].endswith("key/logs")
    names = Names(stack="dev", region="us-east-1", account_id="111111111111")
    policy = topics.topic_policy(names, "arn:aws:sns:us-east-1:111111111111:emr-dev-page")
    assert '"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:emr-dev-*"' in policy
    assert '"aws:SourceAccount": "111111111111"' in policy

"""What a change of an alarm's state is told as: to a topic, and to EventBridge.

Fields of the notification: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html;
of the event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any


@dataclass(frozen=True)
class State:
    """A state of an alarm with its reason."""

    value: str
    reason: str
    data: str
    at: datetime

    @classmethod
    def of(cls, alarm: Any) -> State:
        """The state that moto's `alarm` has now."""
        return cls(
            alarm.state_value, alarm.state_reason, alarm.state_reason_data, alarm.state_updated_timestamp
        )


def subject(alarm: Any) -> str:
    """The subject of the notification; SNS takes less than a hundred characters."""
    return f'{alarm.state_value}: "{alarm.name}" in {_region(alarm.region_name)}'[:99]


def notification(alarm: Any, before: State, account: str, children: Iterable[Any]) -> dict[str, Any]:
    """The message to a topic; `children` are the alarms that a composite alarm asks."""
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": stamp(alarm.state_updated_timestamp),
        "Region": _region(alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before.value,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is None:
        return {**message, "Trigger": _trigger(alarm)}
    triggering = [
        {"Arn": c.alarm_arn, "State": {"Value": c.state_value, "Timestamp": stamp(c.state_updated_timestamp)}}
        for c in children
    ]
    return {**message, "AlarmRule": alarm.rule, "TriggeringChildren": triggering}


def event_detail(alarm: Any, before: State) -> dict[str, Any]:
    """The detail of the event "CloudWatch Alarm State Change"."""
    configuration: dict[str, Any] = {"description": alarm.description}
    if alarm.rule is None:
        configuration["metrics"] = _metrics(alarm)
    else:
        configuration["alarmRule"] = alarm.rule
    return {
        "alarmName": alarm.name,
        "configuration": {k: v for k, v in configuration.items() if v is not None},
        "previousState": _shown(before),
        "state": _shown(State.of(alarm)),
    }


def value_at(alarm: Any) -> dict[str, str]:
    """The state of an alarm, and since when, as the data of a composite alarm's reason has it."""
    return {"value": alarm.state_value, "timestamp": stamp(alarm.state_updated_timestamp)}


def stamp(moment: datetime) -> str:
    """A time as CloudWatch writes it: milliseconds and an offset without a colon."""
    utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def _shown(state: State) -> dict[str, str]:
    shown = {"value": state.value, "reason": state.reason, "timestamp": stamp(state.at)}
    return shown if state.data in ("{}", "", None) else {**shown, "reasonData": state.data}


def _trigger(alarm: Any) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.datapoints_to_alarm:
        trigger["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    if alarm.metric_data_queries:
        return {**trigger, "Metrics": [_query(query) for query in alarm.metric_data_queries]}
    kind = "Statistic" if alarm.statistic else "ExtendedStatistic"
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": kind,
        kind: alarm.statistic.upper() if alarm.statistic else alarm.extended_statistic,
        "Unit": alarm.unit,
        "Dimensions": [{"value": d.value, "name": d.name} for d in alarm.dimensions],
        **trigger,
    }


def _query(query: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Id": query.id,
        "Label": query.label,
        "ReturnData": query.return_data is not False,
    }
    if query.metric_stat is None:
        return {**shown, "Expression": query.expression}
    metric = query.metric_stat.metric
    dimensions = [{"value": d.value, "name": d.name} for d in metric.dimensions]
    named = {"Namespace": metric.namespace, "MetricName": metric.metric_name, "Dimensions": dimensions}
    stat = {"Metric": named, "Period": query.metric_stat.period, "Stat": query.metric_stat.stat}
    return {**shown, "MetricStat": stat}


def _metrics(alarm: Any) -> list[dict[str, Any]]:
    if not alarm.metric_data_queries:
        stat = alarm.statistic or alarm.extended_statistic
        metric = _event_metric(alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.period, stat)
        return [{"id": "m1", "metricStat": metric, "returnData": True}]
    return [_event_query(query) for query in alarm.metric_data_queries]


def _event_query(query: Any) -> dict[str, Any]:
    shown = {"id": query.id, "returnData": query.return_data is not False}
    stat = query.metric_stat
    if stat is None:
        return {**shown, "expression": query.expression}
    of = stat.metric
    metric = _event_metric(of.namespace, of.metric_name, of.dimensions, stat.period, stat.stat)
    return {**shown, "metricStat": metric}


def _event_metric(namespace: str, name: str, dimensions: Any, period: Any, stat: str) -> dict[str, Any]:
    metric = {"namespace": namespace, "name": name, "dimensions": {d.name: d.value for d in dimensions}}
    return {"metric": metric, "period": period, "stat": stat}


@cache
def _region(code: str) -> str:
    """The name that the console gives a region: "US East (N. Virginia)"; its code where it has none."""
    from botocore.session import get_session

    for partition in get_session().get_data("endpoints")["partitions"]:
        if code in partition["regions"]:
            return str(partition["regions"][code]["description"])
    return code

"""Alarms of one cluster on EC2: what is watched is data with its source, one alarm a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.observability.topics import Severity
from infra.settings.cluster import ClusterSettings

NAMESPACE = "AWS/ElasticMapReduce"
# EMR publishes every five minutes: https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
PERIOD_SECONDS = 300
HOUR_SECONDS = 3600
# Periods together are at most a day, or seven when each has an hour or more:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
MOST_SECONDS = {PERIOD_SECONDS: 86_400, HOUR_SECONDS: 604_800}
# How long a cluster may be idle past the time at which it should have ended itself. Ours.
IDLE_GRACE_MINUTES = 15
# "for example, you might raise an alarm on this value if it has been 1 for thirty minutes or longer" (same page).
LEAST_IDLE_MINUTES = 30
# A node's start beyond the wait for spot, before capacity counts as not reached. Ours.
START_MINUTES = 15


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm: the metric, or an expression over some, is `above` for `minutes` on end."""

    name: str
    severity: Severity
    meaning: str  # what is wrong and where to look, for who is woken
    metric: str
    minus: str | None = None  # a second metric, taken from the first
    above: float
    minutes: int


def alarms(cluster: ClusterSettings) -> list[Alarm]:
    """What is watched of a cluster with these settings."""
    idle_minutes = max(LEAST_IDLE_MINUTES, -(-cluster.idle_timeout_seconds // 60) + IDLE_GRACE_MINUTES)
    found = [
        # "tracks when one or more core or task nodes run out of local disk storage and transition to UNHEALTHY" (same
        # page); a node that is replaced is unhealthy for some minutes, hence three periods.
        Alarm(
            name="unhealthy-nodes",
            severity="page",
            meaning="nodes are unhealthy, most often out of local disk: look at the largest containers' spills",
            metric="MRUnhealthyNodes",
            above=0,
            minutes=15,
        ),
        # "If this rises above an acceptable level for your application, such as 80% of capacity used" (same page).
        Alarm(
            name="hdfs-full",
            severity="page",
            meaning="HDFS is more than 80 % full: add core nodes, or move data to S3",
            metric="HDFSUtilization",
            above=80,
            minutes=15,
        ),
        Alarm(
            name="idle",
            severity="ticket",
            meaning="the cluster is idle past its idle time-out and still costs money: why did it not end itself?",
            metric="IsIdle",
            above=0.5,  # it is 0 or 1
            minutes=idle_minutes,
        ),
        # 0.75 is the ratio at which the usual scale-out policy adds a node
        # (https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html); half an hour of it is a
        # backlog that scaling did not clear. Ours.
        Alarm(
            name="backlog",
            severity="ticket",
            meaning="containers have waited for half an hour: raise scaling.maximum_units, or find who took the queue",
            metric="ContainerPendingRatio",
            above=0.75,
            minutes=30,
        ),
    ]
    if cluster.scaling:  # the metrics are there with managed scaling only (managed-scaling-metrics.html)
        waits = [fleet.spot_timeout_minutes for fleet in cluster.fleets().values() if fleet.spot_units]
        found.append(
            Alarm(
                name="capacity-not-reached",
                severity="ticket",
                meaning="EC2 does not give the capacity that scaling asks for: more types, another size or zone",
                metric="TotalUnitsRequested",
                minus="TotalUnitsRunning",
                above=0,
                minutes=max(waits, default=0) + START_MINUTES,
            )
        )
    return found


def window(minutes: int) -> tuple[int, int]:
    """Seconds of a period and how many make `minutes` at least, as far as CloudWatch allows."""
    for seconds, most in MOST_SECONDS.items():
        periods = -(-minutes * 60 // seconds)
        if periods * seconds <= most:
            return seconds, periods
    return HOUR_SECONDS, MOST_SECONDS[HOUR_SECONDS] // HOUR_SECONDS


def queries(alarm: Alarm, period: int, dimensions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An alarm over the difference of two metrics, as CloudWatch's metric math."""
    metrics = [("asked", alarm.metric), ("there", alarm.minus)]
    return [
        {"id": "lacking", "expression": "asked - there", "label": "lacking", "return_data": True},
        *(
            {
                "id": name,
                "metric": {
                    "namespace": NAMESPACE,
                    "metric_name": metric,
                    "dimensions": dimensions,
                    "period": period,
                    "stat": "Minimum",
                },
            }
            for name, metric in metrics
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ClusterAlarmsArgs:
    """`topic_arns` by severity."""

    names: Names
    cluster: ClusterSettings
    cluster_id: pulumi.Input[str]
    topic_arns: Mapping[Severity, pulumi.Input[str]]


class ClusterAlarms(pulumi.ComponentResource):
    """The alarms of the cluster `name`. One that has ended has no metrics: no data is no alarm."""

    def __init__(
        self, name: str, args: ClusterAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:observability:ClusterAlarms", name, None, opts)
        self.names: Sequence[str] = [self._alarm(name, alarm, args) for alarm in alarms(args.cluster)]
        self.register_outputs({"names": list(self.names)})

    def _alarm(self, cluster: str, alarm: Alarm, args: ClusterAlarmsArgs) -> str:
        title = f"{args.names.prefix}-{cluster}-{alarm.name}"
        period, periods = window(alarm.minutes)
        dimensions = {"JobFlowId": args.cluster_id}
        topic = args.topic_arns[alarm.severity]
        watched: dict[str, Any] = (
            {"metric_queries": queries(alarm, period, dimensions)}
            if alarm.minus
            else {
                "namespace": NAMESPACE,
                "metric_name": alarm.metric,
                "dimensions": dimensions,
                "period": period,
                # True all the time, not once in it: a moment of backlog is no alarm.
                "statistic": "Minimum",
            }
        )
        aws.cloudwatch.MetricAlarm(
            f"{cluster}-{alarm.name}",
            name=title,
            alarm_description=f"{cluster}: {alarm.meaning}",
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.above,
            evaluation_periods=periods,
            treat_missing_data="notBreaching",
            alarm_actions=[topic],
            ok_actions=[topic],
            **watched,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return title

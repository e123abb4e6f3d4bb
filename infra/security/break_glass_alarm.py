"""Told at once: someone takes the break-glass role, as the account's audit trail has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names

METRIC = "BreakGlassTaken"


def taken(names: Names) -> str:
    """The pattern of the trail's events that say so, refused attempts included.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    role = names.role_arn("break-glass")
    return f'{{ ($.eventName = "AssumeRole") && ($.requestParameters.roleArn = "{role}") }}'


@dataclass(frozen=True, kw_only=True)
class BreakGlassAlarmArgs:
    """Which log group has the trail's events, and who is told."""

    names: Names
    trail_log_group: pulumi.Input[str]
    topic_arns: Sequence[pulumi.Input[str]]


class BreakGlassAlarm(pulumi.ComponentResource):
    """A metric from the trail's log group, and an alarm on its first count."""

    def __init__(
        self, name: str, args: BreakGlassAlarmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:security:BreakGlassAlarm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        title, namespace = args.names.role("break-glass-taken"), f"emr/{args.names.stack}"
        metric = aws.cloudwatch.LogMetricFilter(
            "break-glass-taken",
            name=title,
            log_group_name=args.trail_log_group,
            pattern=taken(args.names),
            metric_transformation={"name": METRIC, "namespace": namespace, "value": "1"},
            opts=child,
        )
        aws.cloudwatch.MetricAlarm(
            "break-glass-taken",
            name=title,
            alarm_description=f"Someone takes or tries to take the role {args.names.role('break-glass')}",
            namespace=namespace,
            metric_name=METRIC,
            statistic="Sum",
            period=60,
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            # No event, no metric: that is how it should be.
            treat_missing_data="notBreaching",
            alarm_actions=list(args.topic_arns),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[metric]),
        )
        self.register_outputs({})

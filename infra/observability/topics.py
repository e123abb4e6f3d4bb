"""Where alarms go: a topic for what wakes somebody, one for what waits until morning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import statements as iam

Severity = Literal["page", "ticket"]


def alarm_arns(names: Names) -> str:
    """The alarms of this stack, as a pattern: they carry its prefix."""
    return names.arn("cloudwatch", f"alarm:{names.prefix}-*")


def topic_policy(names: Names, topic_arn: str) -> str:
    """CloudWatch publishes for alarms of this stack, and nobody else does.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    statement = iam.trust(
        "AlarmsOfThisStack",
        {"Service": "cloudwatch.amazonaws.com"},
        iam.for_resources_of(names.account_id, alarm_arns(names)),
    )
    return iam.document({**statement, "Action": "sns:Publish", "Resource": topic_arn})


@dataclass(frozen=True, kw_only=True)
class TopicsArgs:
    """`key_arn` seals the messages: the logs key, whose policy lets CloudWatch use it for this stack's alarms."""

    names: Names
    key_arn: pulumi.Input[str]


class Topics(pulumi.ComponentResource):
    """One topic a severity, `arns` by it. Who listens subscribes to them; none is known here."""

    def __init__(self, name: str, args: TopicsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:observability:Topics", name, None, opts)
        self.arns: Mapping[Severity, pulumi.Output[str]] = {
            severity: self._topic(severity, args) for severity in get_args(Severity)
        }
        self.register_outputs({"arns": dict(self.arns)})

    def _topic(self, severity: Severity, args: TopicsArgs) -> pulumi.Output[str]:
        names = args.names
        topic = aws.sns.Topic(
            severity,
            name=f"{names.prefix}-{severity}",
            kms_master_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = aws.sns.TopicPolicy(
            severity,
            arn=topic.arn,
            policy=topic.arn.apply(lambda arn: topic_policy(names, arn)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # An alarm that fires before the policy stands would be lost.
        arn: pulumi.Output[str] = policy.arn
        return arn

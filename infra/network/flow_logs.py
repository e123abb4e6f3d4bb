"""Who talked to whom in the VPC: flow logs in an encrypted log group."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import statements as iam
from infra.security.needs import Need
from infra.security.role import Role, RoleArgs


def delivery_trust(names: Names) -> str:
    """VPC flow logs, for flow logs of this account."""
    return iam.service_trust(
        "vpc-flow-logs.amazonaws.com", names.account_id, names.arn("ec2", "vpc-flow-log/*")
    )


def delivery_needs(names: Names, group: str) -> tuple[Need, ...]:
    """Write into one log group.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    return (
        Need(
            name="WriteFlowLogs",
            why="Each network interface has its stream",
            actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(names.arn("logs", f"log-group:{group}"), names.arn("logs", f"log-group:{group}:*")),
        ),
        Need(
            name="FindTheGroup",
            why="The group is looked for before it is written to",
            actions=("logs:DescribeLogGroups",),
            resources=(names.arn("logs", "log-group:*"),),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """`key_arn` is the logs key; `boundary_arn` bounds the delivery role."""

    names: Names
    vpc_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    retention_days: int


class FlowLogs(pulumi.ComponentResource):
    """The log group, the role that writes it, and the flow log of all traffic, accepted and rejected."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:network:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        title = args.names.log_group("flow-logs")
        group = aws.cloudwatch.LogGroup(
            "flow-logs",
            name=title,
            kms_key_id=args.key_arn,
            retention_in_days=args.retention_days,
            opts=child,
        )
        role = Role(
            "flow-logs",
            RoleArgs(
                names=args.names,
                description="Delivers VPC flow logs",
                trust=delivery_trust(args.names),
                needs=delivery_needs(args.names, title),
                boundary_arn=args.boundary_arn,
            ),
            child,
        )
        aws.ec2.FlowLog(
            "flow-logs",
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        self.register_outputs({"group": group.name})

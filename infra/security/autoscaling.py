"""The role with which EMR scales instance groups by rules of the stack's own; only stacks with such rules have it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import statements as iam
from infra.tags import STACK_KEY


def trust(names: Names) -> str:
    """EMR and the scaling service behind it, for clusters of this account.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-automatic-scaling.html
    """
    clusters = iam.for_resources_of(names.account_id, names.arn("elasticmapreduce", "*"))
    services = ["application-autoscaling.amazonaws.com", "elasticmapreduce.amazonaws.com"]
    return iam.document(iam.trust("ScalingOfThisAccount", {"Service": services}, clusters))


def policy(names: Names) -> str:
    """What AmazonElasticMapReduceforAutoScalingRole has (same page), cut to this stack's clusters and this account."""
    return iam.document(
        iam.allow("SeeAlarms", ["cloudwatch:DescribeAlarms"], [names.arn("cloudwatch", "alarm:*")]),
        iam.allow(
            "ResizeGroups",
            ["elasticmapreduce:ListInstanceGroups", "elasticmapreduce:ModifyInstanceGroups"],
            [names.arn("elasticmapreduce", "cluster/*")],
            {"StringEquals": {f"elasticmapreduce:ResourceTag/{STACK_KEY}": names.stack}},
        ),
    )


@dataclass(frozen=True, kw_only=True)
class AutoscalingRoleArgs:
    """`boundary_arn` bounds the role."""

    names: Names
    boundary_arn: pulumi.Input[str]


class AutoscalingRole(pulumi.ComponentResource):
    """The role and its policy; `after` is what a cluster must wait for."""

    def __init__(
        self, name: str, args: AutoscalingRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:security:AutoscalingRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            "autoscaling",
            name=args.names.role("autoscaling"),
            description="Scales instance groups of EMR clusters",
            assume_role_policy=trust(args.names),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        self.after = aws.iam.RolePolicy(
            "autoscaling", name="autoscaling", role=role.name, policy=policy(args.names), opts=child
        )
        self.arn: pulumi.Output[str] = role.arn
        self.register_outputs({"arn": self.arn})

"""The role with which EMR scales instance groups by rules of the stack's own; only stacks with such rules have it."""

from __future__ import annotations

from infra.naming import Names
from infra.security import statements as iam
from infra.security.needs import Need
from infra.tags import STACK_KEY

SEE_ALARMS = ("cloudwatch:DescribeAlarms",)
RESIZE_GROUPS = ("elasticmapreduce:ListInstanceGroups", "elasticmapreduce:ModifyInstanceGroups")


def trust(names: Names) -> str:
    """EMR and the scaling service behind it, for clusters of this account.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-automatic-scaling.html
    """
    clusters = iam.for_resources_of(names.account_id, names.arn("elasticmapreduce", "*"))
    services = ["application-autoscaling.amazonaws.com", iam.EMR]
    return iam.document(iam.trust("ScalingOfThisAccount", {"Service": services}, clusters))


def needs(names: Names) -> tuple[Need, ...]:
    """What AmazonElasticMapReduceforAutoScalingRole has (same page), cut to this stack's clusters and this account."""
    return (
        Need(
            name="SeeAlarms",
            why="A rule fires by its alarm",
            actions=SEE_ALARMS,
            resources=(names.arn("cloudwatch", "alarm:*"),),
        ),
        Need(
            name="ResizeGroups",
            why="A rule that has fired changes its group's size",
            actions=RESIZE_GROUPS,
            resources=(names.arn("elasticmapreduce", "cluster/*"),),
            condition={"StringEquals": {f"elasticmapreduce:ResourceTag/{STACK_KEY}": names.stack}},
        ),
    )

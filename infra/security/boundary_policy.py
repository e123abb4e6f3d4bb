"""The permissions boundary of every role: the most that any of them can ever be given. A pure document.

It says nothing of what a role needs; it makes sure that a policy attached later cannot reach beyond this stack.
A managed policy holds at most 6,144 characters (IAM quotas), so it names kinds of resources by the stack's prefix.
"""

from __future__ import annotations

from infra.naming import Names
from infra.security import cluster_policies
from infra.security import statements as iam
from infra.security.job_policies import KeyArns

MAX_CHARACTERS = 6144


def boundary(names: Names, keys: KeyArns) -> str:
    """Buckets, keys, roles, log groups and clusters of this stack; machines of this account and region."""
    buckets = f"arn:{names.partition}:s3:::{names.prefix}-*-{names.account_id}-{names.region}"
    roles = names.role_arn("*")
    here = {"StringEquals": {"aws:RequestedRegion": names.region}}
    return iam.document(
        iam.allow("Buckets", ["s3:ListBucket"], [buckets]),
        iam.allow("Objects", iam.WRITE_OBJECTS, [f"{buckets}/*"]),
        iam.allow("Keys", [*iam.USE_KEY_FOR_DISKS, "kms:CreateGrant"], [keys.data, keys.logs, keys.volumes]),
        iam.allow("TakeRoles", ["sts:AssumeRole", "sts:TagSession"], [roles]),
        iam.allow(
            "PassRoles",
            ["iam:PassRole"],
            [roles],
            {
                "StringEquals": {
                    "iam:PassedToService": ["ec2.amazonaws.com", "elasticmapreduce.amazonaws.com"]
                }
            },
        ),
        iam.allow(
            "Logs",
            [
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [names.arn("logs", "log-group:*")],
        ),
        iam.allow(
            "Clusters",
            [
                "elasticmapreduce:AddJobFlowSteps",
                "elasticmapreduce:CancelSteps",
                "elasticmapreduce:DescribeCluster",
                "elasticmapreduce:DescribeStep",
                "elasticmapreduce:ListInstanceFleets",
                "elasticmapreduce:ListInstanceGroups",
                "elasticmapreduce:ListInstances",
                "elasticmapreduce:ListSteps",
                "elasticmapreduce:ModifyInstanceGroups",
            ],
            [names.arn("elasticmapreduce", "cluster/*")],
        ),
        iam.allow("Alarms", ["cloudwatch:DescribeAlarms"], [names.arn("cloudwatch", "alarm:*")]),
        iam.allow("LookAround", cluster_policies.DESCRIBE_EC2, ["*"], here),
        cluster_policies.look_at_vpcs(names),
        iam.allow("Machines", _machine_actions(names), _machine_resources(names)),
    )


def _machine_statements(names: Names) -> list[iam.Statement]:
    return [*cluster_policies.launch_statements(names), *cluster_policies.tagged_statements(names)]


def _machine_actions(names: Names) -> list[str]:
    return sorted({action for statement in _machine_statements(names) for action in statement["Action"]})


def _machine_resources(names: Names) -> list[str]:
    return sorted({arn for statement in _machine_statements(names) for arn in statement["Resource"]})

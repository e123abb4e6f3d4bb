"""The permissions boundary of every role: the most that any of them can ever be given. A pure document.

It says nothing of what a role needs; it makes sure that a policy attached later cannot reach beyond this stack.
A managed policy holds at most 6,144 characters (IAM quotas), so it names kinds of resources by the stack's prefix.
"""

from __future__ import annotations

from collections.abc import Iterable

from infra.naming import KEYS, ZONES, Names
from infra.security import autoscaling, cluster_policies, people_policies
from infra.security import statements as iam
from infra.security.job_policies import COORDINATE, FOLLOW_CLUSTERS
from infra.security.needs import KeyArns, Need

MAX_CHARACTERS = 6144
FOLLOW_LOGS = (
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)


def boundary(names: Names, keys: KeyArns) -> str:
    """Buckets, keys, roles, log groups, clusters, tables and secrets of this stack; machines of this account."""
    roles = names.role_arn("*")
    statements = [
        *_data(names),
        iam.allow("Keys", [*iam.USE_KEY_FOR_DISKS, "kms:CreateGrant"], [keys.of(key) for key in KEYS]),
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
        # An action is of one service and so are its resources: several may share a statement, which is shorter.
        iam.allow(
            "RunningAndAsking",
            [
                *FOLLOW_LOGS,
                "elasticmapreduce:AddJobFlowSteps",
                "elasticmapreduce:CancelSteps",
                *FOLLOW_CLUSTERS,
                *autoscaling.RESIZE_GROUPS,
                *autoscaling.SEE_ALARMS,
                *people_policies.analyst_needs(names)[0].actions,
                *people_policies.READ_CATALOG,
                *COORDINATE,
                "secretsmanager:GetSecretValue",
            ],
            [
                names.arn("dynamodb", f"table/{names.coordination_table}"),
                names.arn("athena", f"workgroup/{names.prefix}"),
                names.arn("glue", "catalog"),
                names.arn("glue", f"database/{names.database('*')}"),
                names.arn("glue", f"table/{names.database('*')}/*"),
                names.arn("secretsmanager", f"secret:{names.secrets}*"),
                names.arn("logs", "log-group:*"),
                names.arn("elasticmapreduce", "cluster/*"),
                names.arn("cloudwatch", "alarm:*"),
            ],
        ),
        *_machines(names),
    ]
    return iam.document(*map(iam.unnamed, statements))


def _data(names: Names) -> list[iam.Statement]:
    ours = f"arn:{names.partition}:s3:::{names.prefix}-*-{names.account_id}-{names.region}"
    buckets = [ours, *(names.bucket_arn(zone) for zone in ZONES if zone in names.adopted)]
    return [
        iam.allow("Buckets", iam.BUCKET_ACTIONS, buckets),
        iam.allow("Objects", iam.OBJECT_ACTIONS, [f"{bucket}/*" for bucket in buckets]),
    ]


def _machines(names: Names) -> list[iam.Statement]:
    needs = [
        *cluster_policies.launch_needs(names),
        *cluster_policies.tagged_needs(names),
        cluster_policies.look_at_vpcs(names),
        *(need for need in people_policies.break_glass_needs(names) if need.name != "FindNodes"),
    ]
    here = {"StringEquals": {"aws:RequestedRegion": names.region}}
    look = [*cluster_policies.DESCRIBE_EC2, *cluster_policies.SESSION_CHANNELS]
    return [
        iam.allow("LookAround", look, ["*"], here),
        iam.allow(
            "MachinesAndTheirShells", [*_actions(needs), "ssm:UpdateInstanceInformation"], _resources(needs)
        ),
    ]


def _actions(needs: Iterable[Need]) -> list[str]:
    return sorted({action for need in needs for action in need.actions})


def _resources(needs: Iterable[Need]) -> list[str]:
    return sorted({arn for need in needs for arn in need.resources})

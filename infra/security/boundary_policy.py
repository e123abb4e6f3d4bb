"""The permissions boundary of every role: the most that any of them can ever be given. A pure document.

It says nothing of what a role needs; it makes sure that a policy attached later cannot reach beyond this stack.
A managed policy holds at most 6,144 characters (IAM quotas), so it names kinds of resources by the stack's prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from infra.naming import KEYS, ZONES, Names
from infra.security import (
    autoscaling,
    cluster_policies,
    image_policies,
    launch_policies,
    people_policies,
    serverless_policies,
)
from infra.security import statements as iam
from infra.security.job_policies import COORDINATE, FOLLOW_CLUSTERS
from infra.security.needs import KeyArns, Need

MAX_CHARACTERS = 6144
# Words for families of actions whose every member is needed: shorter, and not one action more (test_documents.py).
FAMILIES = (
    "ec2:AuthorizeSecurityGroup*",
    "ec2:CreateLaunchTemplate*",
    "ec2:RevokeSecurityGroup*",
    "elasticmapreduce:ListInstance*",
)
FOLLOW_LOGS = (
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)


def boundary(names: Names, keys: KeyArns, images: Sequence[str] = ()) -> str:
    """Buckets, keys, roles, log groups, clusters, tables and secrets of this stack; machines of this account.

    `images` are the container images that nodes pull, from their repositories and no other.
    """
    roles = names.role_arn("*")
    needs = [*_machines(names), *_shells(names)]
    actions = [
        *iam.BUCKET_ACTIONS,
        *iam.OBJECT_ACTIONS,
        *iam.USE_KEY_FOR_DISKS,
        "kms:CreateGrant",
        "sts:AssumeRole",
        "sts:TagSession",
        *_queries(names),
        *COORDINATE,
        *_running(),
        *_actions(needs),
        "ssm:UpdateInstanceInformation",
        *(image_policies.PULL if images else ()),
    ]
    resources = [
        *_buckets(names),
        *(keys.of(key) for key in KEYS),
        roles,
        *_catalog(names),
        names.arn("dynamodb", f"table/{names.coordination_table}"),
        names.arn("logs", "log-group:*"),
        names.arn("elasticmapreduce", "cluster/*"),
        names.arn("cloudwatch", "alarm:*"),
        names.arn("emr-serverless", serverless_policies.APPLICATIONS),
        names.arn("emr-containers", "/virtualclusters/*"),
        *_resources(needs),
        *image_policies.repositories(names, images),
    ]
    statements = [
        # An action is of one service and so are its resources: they share a statement, which is shorter.
        iam.allow("OfThisStack", _by_family(actions), resources),
        iam.allow(
            "PassRoles",
            ["iam:PassRole"],
            [roles],
            {
                "StringEquals": {
                    "iam:PassedToService": [
                        iam.EC2,
                        iam.EMR,
                        serverless_policies.SERVICE,
                    ]
                }
            },
        ),
        iam.allow(
            "LookAround",
            [
                *cluster_policies.DESCRIBE_EC2,
                *cluster_policies.SESSION_CHANNELS,
                *launch_policies.ANYWHERE,
                *([image_policies.LOG_IN] if images else []),
            ],
            ["*"],
            {"StringEquals": {"aws:RequestedRegion": names.region}},
        ),
    ]
    return iam.document(*map(iam.unnamed, statements))


def _by_family(actions: Iterable[str]) -> list[str]:
    alone = {each for each in actions if not any(fnmatchcase(each, family) for family in FAMILIES)}
    return sorted({*alone, *FAMILIES})


def _buckets(names: Names) -> list[str]:
    adopted = [names.bucket_arn(zone) for zone in ZONES if zone in names.adopted]
    ours = f"arn:{names.partition}:s3:::{names.prefix}-*-{names.account_id}-{names.region}"
    buckets = adopted if len(adopted) == len(ZONES) else [ours, *adopted]
    return [arn for bucket in buckets for arn in (bucket, f"{bucket}/*")]


def _queries(names: Names) -> list[str]:
    ask = people_policies.analyst_needs(names)[0].actions
    return [*ask, *people_policies.READ_CATALOG, "secretsmanager:GetSecretValue"]


def _catalog(names: Names) -> list[str]:
    return [
        names.arn("athena", f"workgroup/{names.workgroup}"),
        names.arn("glue", "catalog"),
        names.arn("glue", f"database/{names.database('*')}"),
        names.arn("glue", f"table/{names.database('*')}/*"),
        names.arn("secretsmanager", f"secret:{names.secrets}*"),
    ]


def _running() -> list[str]:
    return [
        *FOLLOW_LOGS,
        "elasticmapreduce:AddJobFlowSteps",
        "elasticmapreduce:CancelSteps",
        *FOLLOW_CLUSTERS,
        *launch_policies.OF_CLUSTERS,
        *autoscaling.RESIZE_GROUPS,
        *autoscaling.SEE_ALARMS,
        "emr-serverless:*JobRun*",  # what it may follow, start and cancel, in few characters
        "emr-serverless:GetApplication",
        "emr-serverless:TagResource",
        "emr-containers:*JobRun*",  # likewise
        "emr-containers:DescribeVirtualCluster",
        "emr-containers:TagResource",
    ]


def _machines(names: Names) -> list[Need]:
    return [
        *cluster_policies.launch_needs(names),
        *cluster_policies.tagged_needs(names),
        cluster_policies.look_at_vpcs(names),
    ]


def _shells(names: Names) -> list[Need]:
    return [need for need in people_policies.break_glass_needs(names) if need.name != "FindNodes"]


def _actions(needs: Iterable[Need]) -> list[str]:
    return sorted({action for need in needs for action in need.actions})


def _resources(needs: Iterable[Need]) -> list[str]:
    return sorted({arn for need in needs for arn in need.resources})

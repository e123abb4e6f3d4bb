"""What workflows of the repository may do under the CI roles: documents from names and settings, pure.

`preview` reads: what a refreshed preview asks of each resource of the platform, and the stacks' states. `apply` makes
and changes them. Neither deletes data: no bucket, no key, no object of a zone; a destroy is a person's. The account's
own resources, whose names begin with `emr-account`, are out of reach of both.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import ci_actions as ci
from infra.account.places import trail_log_group
from infra.account.settings import GithubSettings
from infra.naming import Names
from infra.security import statements as iam
from infra.security.job_policies import EVENT_LOGS
from infra.tags import STACK_KEY

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# What each stack's own roles are handed to.
PASSED = {
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEMRFullAccessPolicy_v2.html
    "autoscaling": "application-autoscaling.amazonaws.com",
    "flow-logs": "vpc-flow-logs.amazonaws.com",
    "node": iam.EC2,
    "service": iam.EMR,
}

# infra/tags.py: what every resource of a stack carries.
_BY_PULUMI: iam.Condition = {"StringEquals": {"aws:ResourceTag/managed-by": "pulumi"}}


def github_trust(names: Names, subjects: Sequence[str]) -> str:
    """Workflows whose token names exactly one of `subjects`.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    condition = {"StringEquals": {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": sorted(subjects)}}
    statement = iam.trust("WorkflowsOfTheRepository", {"Federated": provider_arn(names)}, condition)
    return iam.document({**statement, "Action": "sts:AssumeRoleWithWebIdentity"})


def provider_arn(names: Names) -> str:
    """The identity provider of GitHub's tokens in this account, whoever made it."""
    return f"arn:{names.partition}:iam::{names.account_id}:oidc-provider/{GITHUB}"


def preview_subjects(github: GithubSettings) -> list[str]:
    """The tokens that may preview. Who may apply may preview as well."""
    found = _branches(github.repository, github.preview_branches)
    return [*found, f"repo:{github.repository}:pull_request"] if github.preview_pull_requests else found


def apply_subjects(github: GithubSettings) -> list[str]:
    """The tokens that may apply."""
    environments = [f"repo:{github.repository}:environment:{name}" for name in github.apply_environments]
    return [*_branches(github.repository, github.apply_branches), *environments]


def read_policy(names: Names, state_key: str) -> str:
    """Every stack's state and resources, to compare them."""
    state = names.bucket_arn("state")
    return iam.document(
        iam.allow("ListStates", ["s3:ListBucket"], [state]),
        iam.allow("ReadStates", iam.READ_OBJECTS, [f"{state}/*"]),
        iam.allow("OpenStates", ["kms:Decrypt", "kms:DescribeKey"], [state_key]),
        iam.allow("Buckets", ci.READ_BUCKETS, [_buckets(names)]),
        iam.allow("ProgramsObjects", ["s3:GetObject", "s3:GetObjectTagging"], [_programs_objects(names)]),
        iam.allow("Network", ci.READ_NETWORK, ["*"], _here(names)),
        iam.allow("VpcAttributes", ["ec2:DescribeVpcAttribute"], [names.arn("ec2", "vpc/*")]),
        iam.allow("Clusters", ci.READ_CLUSTERS, [names.arn("elasticmapreduce", "cluster/*")]),
        iam.allow("Identities", ci.READ_IDENTITIES, _identities(names)),
        iam.allow("Keys", ci.READ_KEYS, [names.arn("kms", "key/*")]),
        iam.allow("LookUp", ci.LOOK_UP, ["*"], _here(names)),
        iam.allow("LogGroups", ci.READ_LOGS, [_log_groups(names)]),
        iam.allow("TrailsLogGroup", ci.READ_FILTERS, [_trails_log_group(names)]),
        iam.allow("Alarms", ci.READ_ALARMS, [_alarms(names)]),
        iam.allow("Topics", ci.READ_TOPICS, [_topics(names)]),
        iam.allow("Applications", ci.READ_APPLICATIONS, [_applications(names)]),
        iam.allow("Catalog", ci.READ_CATALOG, _catalog(names)),
        iam.allow("Tables", ci.READ_TABLES, [_tables(names)]),
    )


def write_policy(names: Names, state_key: str) -> str:
    """What `apply` has beside reading: the platform's resources, made and changed; states written."""
    state = names.bucket_arn("state")
    return iam.document(
        iam.allow("WriteStates", ["s3:DeleteObject", "s3:PutObject"], [f"{state}/.pulumi/*"]),
        iam.allow("SealStates", ["kms:Encrypt", "kms:GenerateDataKey"], [state_key]),
        iam.allow("Buckets", ci.WRITE_BUCKETS, [_buckets(names)]),
        iam.allow(
            "ProgramsObjects",
            ["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"],
            [_programs_objects(names)],
        ),
        iam.allow(
            "SealProgramsObjects",
            ["kms:GenerateDataKey"],
            [names.arn("kms", "key/*")],
            iam.through_s3(names.region),
        ),
        iam.allow("Network", ci.WRITE_NETWORK, _network(names)),
        iam.allow("Clusters", ci.WRITE_CLUSTERS, [names.arn("elasticmapreduce", "cluster/*")]),
        iam.allow("NewClusters", ci.NEW_CLUSTERS, ["*"], _here(names)),
        *_identity_statements(names),
        iam.allow("NewKeys", ci.NEW_KEYS, ["*"], _here(names)),
        iam.allow("Keys", ci.CHANGE_KEYS, [names.arn("kms", "key/*")]),
        iam.allow("Aliases", ci.CHANGE_ALIASES, [names.arn("kms", "alias/emr-*"), names.arn("kms", "key/*")]),
    )


def operate_policy(names: Names) -> str:
    """What `apply` has beside those, for managed policies are short: logs, alarms, topics, tables and more."""
    return iam.document(
        iam.allow("Alarms", ci.WRITE_ALARMS, [_alarms(names)]),
        iam.allow("LogGroups", ci.WRITE_LOGS, [_log_groups(names)]),
        iam.allow("TrailsLogGroup", ci.WRITE_FILTERS, [_trails_log_group(names)]),
        iam.allow("Topics", ci.WRITE_TOPICS, [_topics(names)]),
        iam.allow("Applications", ci.WRITE_APPLICATIONS, [_applications(names)]),
        iam.allow("NewApplications", ci.NEW_APPLICATIONS, ["*"], _here(names)),
        iam.allow("Catalog", ci.WRITE_CATALOG, _catalog(names)),
        iam.allow("Groups", ci.WRITE_GROUPS, [names.arn("elasticmapreduce", "cluster/*")]),
        iam.allow("Tables", ci.WRITE_TABLES, [_tables(names)]),
        iam.allow(
            "SealTables",
            ci.SEAL_TABLES,
            [names.arn("kms", "key/*")],
            _for_tables(names),
        ),
    )


def boundary(names: Names, state_key: str) -> str:
    """The most that a CI role can ever be given, whatever is attached to it later; never the account's own.

    A managed policy holds 6,144 characters, so verbs stand for their actions here; grants name each action in full.
    """
    state = names.bucket_arn("state")
    here = _here(names)
    allowed = (
        iam.allow("States", ["s3:DeleteObject", "s3:PutObject"], [f"{state}/.pulumi/*"]),
        iam.allow("ReadStates", ["s3:GetObject", "s3:ListBucket"], [state, f"{state}/*"]),
        iam.allow("StateKey", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [state_key]),
        iam.allow(
            "ProgramsObjects",
            ["s3:DeleteObject", "s3:GetObject*", "s3:PutObject*"],
            [_programs_objects(names)],
        ),
        iam.allow("PassRoles", ["iam:PassRole"], [_roles(names)], _passed_to(*PASSED.values())),
        iam.allow("TrailsLogGroup", ["logs:*MetricFilter*"], [_trails_log_group(names)]),
        iam.allow(
            "KeysOfTables",
            ["kms:*crypt*"],
            [names.arn("kms", "key/*")],
            _BY_PULUMI,
        ),
        # An action is of one service and so are its resources: they share a statement, which is shorter.
        iam.allow(
            "MakingAndOperating",
            [
                *ci.WRITE_BUCKETS,
                "s3:Get*",
                "s3:ListBucket",
                *_verbs("iam", ci.IAM_VERBS),
                *_verbs("logs", ci.LOGS_VERBS),
                *_verbs("ec2", ci.EC2_VERBS),
                *_verbs("elasticmapreduce", ci.EMR_VERBS),
                *_verbs("kms", ci.KMS_VERBS),
                *_verbs("cloudwatch", (ci.TAGS, "*Alarm*")),
                *_verbs("dynamodb", ci.DYNAMODB_VERBS),
                *_verbs("emr-serverless", (ci.TAGS, "*Application*", "*Job*")),
                *_verbs("sns", (ci.TAGS, "*Topic*")),
                *_verbs("athena", ci.ATHENA_VERBS),
                *_verbs("glue", ci.GLUE_VERBS),
            ],
            [
                _buckets(names),
                *_identities(names),
                _log_groups(names),
                *_network(names),
                _alarms(names),
                _applications(names),
                *_catalog(names),
                _tables(names),
                _topics(names),
                names.arn("elasticmapreduce", "cluster/*"),
                names.arn("kms", "alias/emr-*"),
                names.arn("kms", "key/*"),
            ],
        ),
        iam.allow(
            "WhatKnowsNoResource",
            [
                *_verbs("ec2", ci.EC2_LOOKS),
                *_verbs("elasticmapreduce", ci.EMR_ANYWHERE),
                *ci.NEW_APPLICATIONS,
                *ci.NEW_KEYS,
                *(action for action in ci.LOOK_UP if not action.startswith("elasticmapreduce:")),
            ],
            ["*"],
            here,
        ),
    )
    return iam.document(*map(iam.unnamed, allowed), *denials(names))


def denials(names: Names) -> list[iam.Statement]:
    """The account's own resources: CI must not raise itself, nor stop the audit, nor lose its own state."""
    own = f"{names.prefix}-*"
    identities = [
        f"arn:{names.partition}:iam::{names.account_id}:{kind}/{own}" for kind in ("policy", "role")
    ]
    buckets = [names.bucket_arn(zone) for zone in ("access-logs", "audit")]
    return [
        _deny("OwnIdentities", _verbs("iam", ci.IAM_CHANGES), identities),
        _deny("OwnBuckets", ["s3:*"], [*buckets, *(f"{arn}/*" for arn in buckets)]),
        _deny(
            "StateBucketItself",
            ["s3:CreateBucket", "s3:DeleteBucket*", "s3:Put*"],
            [names.bucket_arn("state")],
        ),
        _deny(
            "OwnState", ["s3:DeleteObject", "s3:PutObject"], [f"{names.bucket_arn('state')}/*{names.prefix}*"]
        ),
        {
            **_deny("OwnKeys", _verbs("kms", ci.KMS_CHANGES), [names.arn("kms", "key/*")]),
            "Condition": {"StringEquals": {f"aws:ResourceTag/{STACK_KEY}": names.stack}},
        },
    ]


def _verbs(service: str, verbs: Sequence[str]) -> list[str]:
    return [f"{service}:{verb}" for verb in verbs]


def _deny(sid: str, actions: Sequence[str], resources: Sequence[str]) -> iam.Statement:
    return {**iam.allow(sid, actions, resources), "Sid": f"Never{sid}", "Effect": "Deny"}


def _here(names: Names) -> iam.Condition:
    return {"StringEquals": {"aws:RequestedRegion": names.region}}


def _branches(repository: str, branches: Sequence[str]) -> list[str]:
    return [f"repo:{repository}:ref:refs/heads/{name}" for name in branches]


def _buckets(names: Names) -> str:
    """Every bucket of the platform's stacks; none of the account's, by `denials`."""
    return f"arn:{names.partition}:s3:::emr-*-{names.account_id}-{names.region}"


def _programs_objects(names: Names) -> str:
    """What the program itself puts: the folder of Spark's event logs, and nothing in it."""
    return f"arn:{names.partition}:s3:::emr-*-logs-{names.account_id}-{names.region}/{EVENT_LOGS}"


def _identities(names: Names) -> list[str]:
    kinds = ("instance-profile", "policy", "role")
    return [f"arn:{names.partition}:iam::{names.account_id}:{kind}/emr-*" for kind in kinds]


def _network(names: Names) -> list[str]:
    return [names.arn("ec2", f"{kind}/*") for kind in ci.NETWORK_KINDS]


def _log_groups(names: Names) -> str:
    return names.arn("logs", "log-group:/emr/*")


def _trails_log_group(names: Names) -> str:
    # CloudWatch Logs itself writes `:*` behind the name: docs.aws.amazon.com, CloudWatch Logs, "Resources" of its IAM.
    return names.arn("logs", f"log-group:{trail_log_group(names)}*")


def _alarms(names: Names) -> str:
    return names.arn("cloudwatch", "alarm:emr-*")


def _tables(names: Names) -> str:
    return names.arn("dynamodb", "table/emr-*")


def _for_tables(names: Names) -> iam.Condition:
    """Through DynamoDB only, and of a stack's keys, whose ARNs nobody knows when the account is made.

    KMS may take minutes to see a key's tags: https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
    """
    through = iam.through("dynamodb", names.region)["StringEquals"]
    return {"StringEquals": {**through, **_BY_PULUMI["StringEquals"]}}


def _topics(names: Names) -> str:
    return names.arn("sns", "emr-*")


def _applications(names: Names) -> str:
    return names.arn("emr-serverless", "/applications/*")


def _catalog(names: Names) -> list[str]:
    """The stacks' workgroups and databases; Glue asks for the catalog beside each database."""
    return [
        names.arn("athena", "workgroup/emr-*"),
        names.arn("glue", "catalog"),
        names.arn("glue", "database/emr_*"),
    ]


def _identity_statements(names: Names) -> list[iam.Statement]:
    """Roles under a boundary of the platform; handed to EMR, its nodes and flow logs, and to nobody else."""
    bounded = f"arn:{names.partition}:iam::{names.account_id}:policy/emr-*-boundary"
    return [
        iam.allow(
            "BoundedRoles", ci.GIVE, [_roles(names)], {"ArnLike": {"iam:PermissionsBoundary": bounded}}
        ),
        iam.allow("Identities", ci.WRITE_IDENTITIES, _identities(names)),
        *(
            iam.allow(
                f"Pass{role.title().replace('-', '')}",
                ["iam:PassRole"],
                [f"{_roles(names)}-{role}"],
                _passed_to(service),
            )
            for role, service in PASSED.items()
        ),
    ]


def _roles(names: Names) -> str:
    return f"arn:{names.partition}:iam::{names.account_id}:role/emr-*"


def _passed_to(*services: str) -> iam.Condition:
    return {"StringEquals": {"iam:PassedToService": sorted(services)}}

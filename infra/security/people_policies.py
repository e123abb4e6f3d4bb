"""What people need: the analyst, the engineer, and who breaks the glass. Data from names, pure."""

from __future__ import annotations

from infra.naming import DATA_ZONES, Names
from infra.security import needs
from infra.security import statements as iam
from infra.security.cluster_policies import CLUSTER_LOGS
from infra.security.job_policies import EVENT_LOGS, FOLLOW_CLUSTERS, of_this_stack
from infra.security.needs import Need
from infra.security.serverless_policies import LOGS as SERVERLESS_LOGS
from infra.settings.virtual_cluster import LOGS as POD_LOGS
from infra.tags import STACK_KEY

QUERY_RESULTS = "athena-results/"  # in the curated bucket: a result is of the class of what was asked
RUN_LOGS = (EVENT_LOGS, CLUSTER_LOGS, SERVERLESS_LOGS, POD_LOGS)
SHELL = "SSM-SessionManagerRunShell"


def people_trust(names: Names, trusted_arns: tuple[str, ...]) -> str:
    """The named principals; nobody named: whom the account's own IAM lets assume the role."""
    return iam.document(iam.trust("Trusted", {"AWS": sorted(trusted_arns) or names.root_arn}))


def break_glass_trust(names: Names, trusted_arns: tuple[str, ...]) -> str:
    """The same, and only who has proved with a second factor who they are."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    principal = {"AWS": sorted(trusted_arns) or names.root_arn}
    return iam.document(iam.trust("TrustedWithSecondFactor", principal, with_mfa))


def analyst_needs(names: Names) -> tuple[Need, ...]:
    """Ask curated data through the stack's Athena workgroup, and see the catalog's tables of it.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-iam-policy.html
    https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
    """
    return (
        Need(
            name="AskThroughWorkgroup",
            why="Queries run in the stack's workgroup, which limits what they scan",
            actions=(
                "athena:BatchGetQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
                "athena:ListQueryExecutions",
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
            ),
            resources=(names.arn("athena", f"workgroup/{names.workgroup}"),),
        ),
        Need(
            name="SeeCuratedTables",
            why="Athena reads what a table is and where it lies, with the rights of who asks",
            actions=READ_CATALOG,
            resources=(
                names.arn("glue", "catalog"),
                names.arn("glue", f"database/{names.database('curated')}"),
                names.arn("glue", f"table/{names.database('curated')}/*"),
            ),
        ),
        *_query_needs(names),
    )


READ_CATALOG = (
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
)


def _query_needs(names: Names) -> list[Need]:
    curated = names.bucket_arn("curated")
    read, keep = "Athena reads the data with the rights of who asks", "Athena keeps each query's result there"
    return [
        needs.list_prefixes("ListCurated", read, curated, [""]),
        needs.objects("ReadCurated", read, iam.READ_OBJECTS, curated, [""]),
        Need(
            name="FindCurated",
            why="Athena asks where the bucket is and what uploads of results are under way",
            actions=("s3:GetBucketLocation", "s3:ListBucketMultipartUploads"),
            resources=(curated,),
        ),
        needs.objects(
            "KeepResults",
            keep,
            ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"),
            curated,
            [QUERY_RESULTS],
        ),
        *needs.keys_through_s3(names.region, write=["curated"]),
    ]


def engineer_needs(names: Names, *, production: bool) -> tuple[Need, ...]:
    """Find out why a run failed, everywhere; put data right by hand, but not in production."""
    follow = Need(
        name="FollowClusters",
        why="What runs, and on what",
        actions=FOLLOW_CLUSTERS,
        resources=(names.arn("elasticmapreduce", "cluster/*"),),
        condition=of_this_stack(names),
    )
    return (
        follow,
        *_log_needs(names),
        *needs.keys_through_s3(names.region, read=["logs"], write=() if production else DATA_ZONES),
        *(() if production else _data_needs(names)),
    )


def _log_needs(names: Names) -> list[Need]:
    logs, why = names.bucket_arn("logs"), "Why a run failed"
    groups = names.arn("logs", f"log-group:{names.log_group('*')}")
    return [
        needs.list_prefixes("ListLogs", why, logs, RUN_LOGS),
        needs.objects("ReadLogs", why, iam.READ_OBJECTS, logs, RUN_LOGS),
        Need(
            name="ReadLogGroups",
            why="Flow logs and what services log",
            actions=("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"),
            resources=(groups,),
        ),
    ]


def _data_needs(names: Names) -> list[Need]:
    why = "Data of a stack that is not production is looked at and put right by hand"
    buckets = {zone: names.bucket_arn(zone) for zone in DATA_ZONES}
    return [
        need
        for zone, arn in buckets.items()
        for need in (
            needs.list_prefixes(f"List{zone.title()}", why, arn, [""]),
            needs.objects(f"Change{zone.title()}", why, iam.WRITE_OBJECTS, arn, [""]),
        )
    ]


def break_glass_needs(names: Names) -> tuple[Need, ...]:
    """A shell on a node of this stack through Session Manager, when nothing else helps. No SSH, no data.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html
    """
    own_sessions = names.arn("ssm", "session/${aws:userid}-*")
    return (
        Need(
            name="OpenShellOnNodes",
            why="A node is looked at from inside",
            actions=("ssm:StartSession",),
            resources=(names.arn("ec2", "instance/*"),),
            condition={"StringEquals": {f"aws:ResourceTag/{STACK_KEY}": names.stack}},
        ),
        Need(
            name="UseShellDocument",
            why="A session is a shell and nothing else: no tunnel to other hosts or ports",
            actions=("ssm:StartSession",),
            resources=(names.arn("ssm", f"document/{SHELL}"),),
        ),
        Need(
            name="EndOwnSessions",
            why="One's own sessions are taken up again and ended",
            actions=("ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"),
            resources=(own_sessions,),
        ),
        Need(
            name="FindNodes",
            why="Which machines a cluster has",
            actions=FOLLOW_CLUSTERS,
            resources=(names.arn("elasticmapreduce", "cluster/*"),),
            condition=of_this_stack(names),
        ),
    )

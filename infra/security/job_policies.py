"""What a job's runtime role, the submitter and the deployer may do: documents from names and specs, pure."""

from __future__ import annotations

from dataclasses import dataclass

from infra.naming import Names
from infra.security import serverless_policies
from infra.security import statements as iam
from infra.tags import STACK_KEY
from jobs.spec import Dataset, JobSpec

EVENT_LOGS = "spark-events/"
REPORTS = "reports/"
RECORDS = "records/"
OPEN = "open/"  # attempts under way, removed when their run has its record


@dataclass(frozen=True, kw_only=True)
class KeyArns:
    """The stack's KMS keys."""

    data: str
    logs: str
    volumes: str


def serverless_application(spec: JobSpec) -> str | None:
    """The EMR Serverless application that the job runs on; None for a job of a cluster."""
    name: str | None = getattr(spec.runtime, "application", None)
    return name


def runtime_policy(spec: JobSpec, names: Names, keys: KeyArns) -> str:
    """A job reads its inputs and its own package, writes its outputs, its report and Spark's event log."""
    application = serverless_application(spec)
    artifacts, runs, logs = (names.bucket_arn(zone) for zone in ("artifacts", "runs", "logs"))
    return iam.document(
        *_zone_statements("Inputs", spec.inputs, names, iam.READ_OBJECTS),
        *_zone_statements("Outputs", spec.outputs, names, iam.WRITE_OBJECTS),
        iam.list_prefixes("ListPackage", artifacts, [f"{spec.name}/"]),
        iam.allow("ReadPackage", iam.READ_OBJECTS, iam.objects(artifacts, [f"{spec.name}/"])),
        iam.list_prefixes("ListReports", runs, [REPORTS]),
        iam.allow("WriteReports", iam.WRITE_OBJECTS, iam.objects(runs, [REPORTS])),
        iam.list_prefixes("ListEventLogs", logs, [EVENT_LOGS]),
        iam.allow("WriteEventLogs", iam.WRITE_OBJECTS, iam.objects(logs, [EVENT_LOGS])),
        *(serverless_policies.log_statements(names, application) if application else ()),
        iam.allow("ProbeFolders", iam.READ_OBJECTS, _folders(spec, names)),
        iam.allow(
            "UseKeysThroughS3", iam.USE_KEY_TO_WRITE, [keys.data, keys.logs], iam.through_s3(names.region)
        ),
    )


def _folders(spec: JobSpec, names: Names) -> list[str]:
    """The folders that Spark names, as if they were objects: S3A asks for a HEAD of one, and takes 403 for an error.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    zones = {(dataset.zone, dataset.prefix) for dataset in (*spec.inputs, *spec.outputs)}
    return [
        f"{names.bucket_arn(zone)}/{prefix.rstrip('/')}"
        for zone, prefix in sorted({*zones, ("logs", EVENT_LOGS)})
    ]


def _zone_statements(
    what: str, datasets: tuple[Dataset, ...], names: Names, actions: tuple[str, ...]
) -> list[iam.Statement]:
    by_zone: dict[str, list[str]] = {}
    for dataset in datasets:
        by_zone.setdefault(dataset.zone, []).append(dataset.prefix)
    statements = []
    for zone, prefixes in sorted(by_zone.items()):
        arn = names.bucket_arn(zone)
        statements.append(iam.list_prefixes(f"List{what}In{zone.title()}", arn, prefixes))
        statements.append(iam.allow(f"{what}In{zone.title()}", actions, iam.objects(arn, prefixes)))
    return statements


def runtime_trust(instance_role_arn: str) -> str:
    """Only the cluster's nodes take a job's role, and they tag the session with what they run.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html
    """
    statement = iam.trust("NodesOfThisStack", {"AWS": instance_role_arn})
    return iam.document({**statement, "Action": ["sts:AssumeRole", "sts:TagSession"]})


def submitter_policy(names: Names, keys: KeyArns, job_role_arns: list[str]) -> str:
    """Start, follow and cancel steps under the jobs' roles; read artifacts and logs; keep run records. No data."""
    artifacts, runs, logs = (names.bucket_arn(zone) for zone in ("artifacts", "runs", "logs"))
    clusters = [names.arn("elasticmapreduce", "cluster/*")]
    ours = {"elasticmapreduce:ResourceTag/" + STACK_KEY: names.stack}
    statements = [
        iam.allow(
            "FollowAndCancelSteps",
            [
                "elasticmapreduce:CancelSteps",
                "elasticmapreduce:DescribeCluster",
                "elasticmapreduce:DescribeStep",
                "elasticmapreduce:ListInstanceFleets",
                "elasticmapreduce:ListInstances",
                "elasticmapreduce:ListSteps",
            ],
            clusters,
            {"StringEquals": ours},
        ),
        iam.list_prefixes("ListArtifacts", artifacts, [""]),
        iam.allow("ReadArtifacts", iam.READ_OBJECTS, iam.objects(artifacts, [""])),
        iam.list_prefixes("ListLogs", logs, [EVENT_LOGS, "elasticmapreduce/"]),
        iam.allow("ReadLogs", iam.READ_OBJECTS, iam.objects(logs, [EVENT_LOGS, "elasticmapreduce/"])),
        iam.list_prefixes("ListRuns", runs, [RECORDS, OPEN, REPORTS]),
        iam.allow("ReadReports", iam.READ_OBJECTS, iam.objects(runs, [REPORTS])),
        iam.allow("KeepRecords", ["s3:GetObject", "s3:PutObject"], iam.objects(runs, [RECORDS, OPEN])),
        iam.allow("CloseAttempts", ["s3:DeleteObject"], iam.objects(runs, [OPEN])),
        iam.allow(
            "UseKeysThroughS3", iam.USE_KEY_TO_WRITE, [keys.data, keys.logs], iam.through_s3(names.region)
        ),
    ]
    if job_role_arns:
        # A step without a role of its own would run with the nodes': the condition refuses it.
        own_roles = {**ours, "elasticmapreduce:ExecutionRoleArn": sorted(job_role_arns)}
        statements.append(
            iam.allow(
                "StartStepsUnderJobRoles",
                ["elasticmapreduce:AddJobFlowSteps"],
                clusters,
                {"StringEquals": own_roles},
            )
        )
        statements.append(iam.pass_role("PassJobRoles", job_role_arns, "elasticmapreduce.amazonaws.com"))
    return iam.document(*statements)


def deployer_policy(names: Names, keys: KeyArns) -> str:
    """Put packages and move channels. Nothing is ever deleted: old runs refer to old packages."""
    artifacts = names.bucket_arn("artifacts")
    return iam.document(
        iam.list_prefixes("ListArtifacts", artifacts, [""]),
        iam.allow("PutArtifacts", ["s3:GetObject", "s3:PutObject"], iam.objects(artifacts, [""])),
        iam.allow("UseDataKeyThroughS3", iam.USE_KEY_TO_WRITE, [keys.data], iam.through_s3(names.region)),
    )


def people_trust(names: Names, trusted_arns: tuple[str, ...]) -> str:
    """The named principals; nobody named: whom the account's own IAM lets assume the role."""
    return iam.document(iam.trust("Trusted", {"AWS": sorted(trusted_arns) or names.root_arn}))

"""What a job's runtime role, the submitter and the deployer need: data from names and specs, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.naming import Names
from infra.security import eks_policies, launch_policies, needs, serverless_policies
from infra.security import statements as iam
from infra.security.cluster_policies import CLUSTER_LOGS
from infra.security.needs import Need
from infra.settings.virtual_cluster import LOGS as POD_LOGS
from infra.settings.virtual_cluster import VirtualClusterSettings
from infra.tags import STACK_KEY
from jobs.spec import SHADOW, Dataset, JobSpec, Target

EVENT_LOGS = "spark-events/"
REPORTS = "reports/"
RECORDS = "records/"
# The calls of jobs/coordination; a transaction needs what its parts need.
COORDINATE = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
)
FOLLOW_CLUSTERS = (
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:DescribeStep",
    "elasticmapreduce:ListInstanceFleets",
    "elasticmapreduce:ListInstances",
    "elasticmapreduce:ListSteps",
)


def _targets(spec: JobSpec) -> tuple[Target, ...]:
    """Where the job may run: its place, and the one that it falls back to."""
    return (spec.runtime, *([spec.fallback.runtime] if spec.fallback else []))


def serverless_application(spec: JobSpec) -> str | None:
    """The EMR Serverless application that the job runs on; None for a job that runs on none."""
    return next((target.place for target in _targets(spec) if target.kind == "serverless"), None)


def virtual_cluster(spec: JobSpec) -> str | None:
    """The virtual cluster that the job runs on; None for a job that runs on none."""
    return next((target.place for target in _targets(spec) if target.kind == "eks"), None)


def runs_on_clusters(spec: JobSpec) -> bool:
    """Whether the job runs as a step of a cluster on EC2."""
    return any(target.kind == "ec2" for target in _targets(spec))


def runtime_needs(spec: JobSpec, names: Names) -> tuple[Need, ...]:
    """A job reads its inputs, its package and its secrets; it writes its outputs, its report and event log.

    A canary of it writes into the job's shadow instead, which only the job and who may read all data can see.

    A secret under a key of the customer's own needs that key's consent beside this; the spec names no keys.
    """
    artifacts, runs, logs, checkpoints = (
        names.bucket_arn(zone) for zone in ("artifacts", "runs", "logs", "checkpoints")
    )
    shadow = [f"{SHADOW}{spec.name}/"]
    package, reports = [f"{spec.name}/"], [f"{REPORTS}{spec.name}/"]
    application = serverless_application(spec)
    secrets = Need(
        name="ReadSecrets",
        why="The secrets that its spec names",
        actions=("secretsmanager:GetSecretValue",),
        resources=tuple(sorted(set(spec.secrets.values()))),
    )
    return (
        *_zone_needs("Inputs", "Its spec reads this", spec.inputs, names, iam.READ_OBJECTS),
        *_zone_needs("Outputs", "Its spec writes this", spec.outputs, names, iam.WRITE_OBJECTS),
        needs.list_prefixes("ListShadow", "What its canaries write instead", checkpoints, shadow),
        needs.objects(
            "WriteShadow", "What its canaries write instead", iam.WRITE_OBJECTS, checkpoints, shadow
        ),
        needs.list_prefixes("ListPackage", "Its own package", artifacts, package),
        needs.objects("ReadPackage", "Its own package", iam.READ_OBJECTS, artifacts, package),
        needs.list_prefixes("ListReports", "Its report of what it wrote", runs, reports),
        needs.objects("WriteReports", "Its report of what it wrote", iam.WRITE_OBJECTS, runs, reports),
        needs.list_prefixes("ListEventLogs", "Spark's event log", logs, [EVENT_LOGS]),
        needs.objects("WriteEventLogs", "Spark's event log", iam.WRITE_OBJECTS, logs, [EVENT_LOGS]),
        Need(
            name="ProbeFolders",
            why="S3A asks for the folders that Spark names as if they were objects",
            actions=iam.READ_OBJECTS,
            resources=tuple(_folders(spec, names)),
        ),
        *(serverless_policies.log_needs(names, application) if application else ()),
        *(eks_policies.log_needs(names) if virtual_cluster(spec) else ()),
        *needs.keys_through_s3(
            names.region,
            read=["artifacts", *(dataset.zone for dataset in spec.inputs)],
            write=["checkpoints", "logs", "runs", *(dataset.zone for dataset in spec.outputs)],
        ),
        *([secrets] if spec.secrets else []),
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


def _zone_needs(
    what: str, why: str, datasets: tuple[Dataset, ...], names: Names, actions: tuple[str, ...]
) -> list[Need]:
    by_zone: dict[str, list[str]] = {}
    for dataset in datasets:
        by_zone.setdefault(dataset.zone, []).append(dataset.prefix)
    found = []
    for zone, prefixes in sorted(by_zone.items()):
        arn = names.bucket_arn(zone)
        found.append(needs.list_prefixes(f"List{what}In{zone.title()}", why, arn, prefixes))
        found.append(needs.objects(f"{what}In{zone.title()}", why, actions, arn, prefixes))
    return found


def runtime_trust(
    spec: JobSpec, names: Names, virtual_clusters: Mapping[str, VirtualClusterSettings] | None = None
) -> str:
    """Who takes the job's role: the cluster's nodes, which tag the session with what they run, EMR Serverless, or pods.

    A job that runs on EKS only has the nodes' trust while the stack does not say whose pods could take it.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html
    """
    others = [serverless_policies.trust(names)] if serverless_application(spec) else []
    place = (virtual_clusters or {}).get(virtual_cluster(spec) or "")
    if place and place.service_accounts:
        role = names.role(names.job_role(spec.name))
        others.append(eks_policies.trust(names, role, place.service_accounts))
    nodes = iam.trust("NodesOfThisStack", {"AWS": names.role_arn("node")})
    own = [{**nodes, "Action": ["sts:AssumeRole", "sts:TagSession"]}]
    return iam.document(*(own if runs_on_clusters(spec) or not others else []), *others)


def of_this_stack(names: Names) -> iam.Condition:
    """Clusters that carry the stack's name in their tag."""
    return {"StringEquals": {f"elasticmapreduce:ResourceTag/{STACK_KEY}": names.stack}}


def cluster_jobs(jobs: Sequence[JobSpec]) -> list[str]:
    """The jobs that run as steps of clusters."""
    return [spec.name for spec in jobs if runs_on_clusters(spec)]


def submitter_needs(
    names: Names,
    jobs: Sequence[JobSpec],
    *,
    applications: bool = False,
    ephemeral: bool = False,
    virtual_clusters: Mapping[str, VirtualClusterSettings] | None = None,
) -> tuple[Need, ...]:
    """Start, follow and cancel runs under the jobs' roles; read packages and logs; keep run records. No data.

    `applications` and `ephemeral`: whether the stack has EMR Serverless applications, and clusters that jobs start.
    """
    on_clusters, pods = cluster_jobs(jobs), virtual_clusters or {}
    elsewhere = [spec.name for spec in jobs if serverless_application(spec)]
    on_eks = [spec.name for spec in jobs if virtual_cluster(spec)]
    logs = [EVENT_LOGS, CLUSTER_LOGS, *([serverless_policies.LOGS] if applications else [])]
    logs += [POD_LOGS] if pods else []
    return (
        Need(
            name="FollowAndCancelSteps",
            why="A run is followed to its end, and cancelled when it must not go on",
            actions=("elasticmapreduce:CancelSteps", *FOLLOW_CLUSTERS),
            resources=(names.arn("elasticmapreduce", "cluster/*"),),
            condition=of_this_stack(names),
        ),
        *_record_needs(names, logs),
        *_coordination_needs(
            names,
            COORDINATE,
            "Runs under way, their slots and tokens, and circuit breakers, shared by all who start jobs",
        ),
        *_package_needs(
            names,
            [spec.name for spec in jobs],
            iam.READ_OBJECTS,
            "What a channel points at, and what a run was made of",
        ),
        *needs.keys_through_s3(names.region, read=["artifacts", "logs"], write=["runs"]),
        *(_start_needs(names, on_clusters) if on_clusters else []),
        *(launch_policies.launch_needs(names) if ephemeral else []),
        *(serverless_policies.submit_needs(names, names.job_role_arns(elsewhere)) if applications else []),
        *eks_policies.submit_needs(names, pods, names.job_role_arns(on_eks)),
    )


def _record_needs(names: Names, log_prefixes: Sequence[str]) -> list[Need]:
    runs, logs = names.bucket_arn("runs"), names.bucket_arn("logs")
    tell, keep = "Why a run failed", "Every run has its record"
    return [
        needs.list_prefixes("ListLogs", tell, logs, log_prefixes),
        needs.objects("ReadLogs", tell, iam.READ_OBJECTS, logs, log_prefixes),
        needs.list_prefixes("ListRuns", keep, runs, [RECORDS, REPORTS]),
        needs.objects("ReadReports", "What a run says it wrote", iam.READ_OBJECTS, runs, [REPORTS]),
        needs.objects("KeepRecords", keep, ("s3:GetObject", "s3:PutObject"), runs, [RECORDS]),
    ]


def _coordination_needs(names: Names, actions: tuple[str, ...], why: str) -> list[Need]:
    return [
        Need(
            name="Coordinate",
            why=why,
            actions=actions,
            resources=(names.arn("dynamodb", f"table/{names.coordination_table}"),),
        ),
        Need(
            name="UnsealCoordination",
            why="DynamoDB opens the table's own key on its behalf",
            actions=("kms:Decrypt",),
            keys=("runs",),
            condition=iam.through("dynamodb", names.region),
        ),
    ]


def _package_needs(names: Names, jobs: Sequence[str], actions: tuple[str, ...], why: str) -> list[Need]:
    """Packages and channels of the jobs; what else is in the bucket, the nodes' certificates above all, is not."""
    artifacts = names.bucket_arn("artifacts")
    listing = needs.list_prefixes("ListArtifacts", why, artifacts, [""])
    packages = needs.objects("Packages", why, actions, artifacts, [f"{job}/" for job in jobs])
    return [listing, packages] if jobs else [listing]


def _start_needs(names: Names, jobs: Sequence[str]) -> list[Need]:
    roles = names.job_role_arns(jobs)
    # A step without a role of its own would run with the nodes': the condition refuses it.
    own_roles = {
        **of_this_stack(names)["StringEquals"],
        "elasticmapreduce:ExecutionRoleArn": roles,
    }
    return [
        Need(
            name="StartStepsUnderJobRoles",
            why="Each step runs with its own job's role",
            actions=("elasticmapreduce:AddJobFlowSteps",),
            resources=(names.arn("elasticmapreduce", "cluster/*"),),
            condition={"StringEquals": own_roles},
        ),
        needs.pass_role("PassJobRoles", "Each step runs with its own job's role", roles, iam.EMR),
    ]


def deployer_needs(names: Names, jobs: Sequence[str]) -> tuple[Need, ...]:
    """Put packages, move channels, remove versions that no run refers to; so it sees which do, and changes no run.

    What it removes is an old version of the bucket for as long as the bucket keeps those: it may not delete these.
    """
    why = "Packages are put, channels moved and old versions removed; what is there already is not sent again"
    runs, refers = names.bucket_arn("runs"), "A version that a run refers to is not removed"
    return (
        *_package_needs(names, jobs, ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), why),
        needs.list_prefixes("ListRecords", refers, runs, [RECORDS]),
        needs.objects("ReadRecords", refers, iam.READ_OBJECTS, runs, [RECORDS]),
        *_coordination_needs(names, ("dynamodb:GetItem", "dynamodb:Query"), refers),
        *needs.keys_through_s3(names.region, read=["runs"], write=["artifacts"]),
    )

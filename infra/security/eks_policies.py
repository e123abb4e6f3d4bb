"""What a job's runtime role needs on EMR on EKS, and who submits the job there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.naming import Names
from infra.security import needs
from infra.security import statements as iam
from infra.security.needs import Need
from infra.settings.virtual_cluster import LOGS, ServiceAccounts, VirtualClusterSettings
from infra.tags import STACK_KEY

FOLLOW_CLUSTERS = ("emr-containers:DescribeVirtualCluster", "emr-containers:ListJobRuns")
FOLLOW_RUNS = ("emr-containers:CancelJobRun", "emr-containers:DescribeJobRun")
START_RUNS = ("emr-containers:StartJobRun", "emr-containers:TagResource")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def trust(names: Names, role: str, accounts: ServiceAccounts) -> iam.Statement:
    """The service accounts that EMR makes for runs under the role `role`, in one namespace of one EKS cluster.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/setting-up-trust-policy.html; the audience:
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    provider, account = accounts.oidc_provider, names.account_id
    subject = f"system:serviceaccount:{accounts.namespace}:emr-containers-sa-*-*-{account}-{base36(role)}"
    principal: dict[str, str | list[str]] = {
        "Federated": f"arn:{names.partition}:iam::{account}:oidc-provider/{provider}"
    }
    condition = {
        "StringEquals": {f"{provider}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{provider}:sub": subject},
    }
    return {**iam.trust("PodsOfRuns", principal, condition), "Action": "sts:AssumeRoleWithWebIdentity"}


def base36(text: str) -> str:
    """A role's name as EMR writes it into the names of service accounts: its bytes as one number, to the base of 36.

    https://docs.aws.amazon.com/cli/latest/reference/emr-containers/update-role-trust-policy.html
    """
    number, digits = int.from_bytes(text.encode("ascii"), "big"), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def log_needs(names: Names) -> tuple[Need, ...]:
    """Write a run's logs: its pods do so with the job's own role.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-jobs-s3.html
    """
    bucket, why = names.bucket_arn("logs"), "Pods write a run's logs with the job's own role"
    return (
        needs.list_prefixes("ListPodLogs", why, bucket, [LOGS]),
        needs.objects("WritePodLogs", why, iam.WRITE_OBJECTS, bucket, [LOGS]),
    )


def submit_needs(
    names: Names, clusters: Mapping[str, VirtualClusterSettings], job_role_arns: Sequence[str]
) -> tuple[Need, ...]:
    """Follow and cancel this stack's runs on the virtual clusters that it names; start them where jobs run there.

    A virtual cluster may be others' as well: a run is known by a tag of its own, which the request for it must bring.
    StartJobRun asks for no PassRole; which role a run has is a condition of its own.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonemroneksemrcontainers.html
    """
    if not clusters:
        return ()
    ids = sorted({each.adopt for each in clusters.values()})
    places = tuple(names.arn("emr-containers", f"/virtualclusters/{id_}") for id_ in ids)
    runs = tuple(f"{place}/jobruns/*" for place in places)
    resource, request = f"aws:ResourceTag/{STACK_KEY}", f"aws:RequestTag/{STACK_KEY}"
    start, tag = START_RUNS
    follow = (
        Need(
            name="FollowVirtualClusters",
            why="Whether a virtual cluster is there, and whether a run was started already",
            actions=FOLLOW_CLUSTERS,
            resources=places,
        ),
        Need(
            name="FollowAndCancelRunsOnEks",
            why="A run is followed to its end, and cancelled when it must not go on",
            actions=FOLLOW_RUNS,
            resources=runs,
            condition={"StringEquals": {resource: names.stack}},
        ),
    )
    if not job_role_arns:
        return follow
    role = {"emr-containers:ExecutionRoleArn": list(job_role_arns)}
    return (
        *follow,
        Need(
            name="StartTaggedRunsOnEks",
            why="A run has its own job's role, and bears the stack's name, by which it is followed",
            actions=(start,),
            resources=places,
            condition={"StringEquals": {request: names.stack, **role}},
        ),
        Need(
            name="TagRunsOnEksAsTheyStart",
            why="A run bears the stack's name, by which it is followed",
            actions=(tag,),
            resources=runs,
            # IfExists: a run that is only being made has no tags yet; one of another stack has, and is refused.
            condition={
                "StringEquals": {request: names.stack},
                "StringEqualsIfExists": {resource: names.stack},
            },
        ),
    )

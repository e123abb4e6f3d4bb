"""What a job's runtime role needs on EMR Serverless, and who submits the job there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.naming import Names
from infra.security import needs
from infra.security import statements as iam
from infra.security.needs import Need
from infra.tags import STACK_KEY

SERVICE = "emr-serverless.amazonaws.com"
LOGS = "serverless/"  # in the log bucket; below it the service's own applications/<id>/jobs/<run>/


def trust(names: Names) -> iam.Statement:
    """EMR Serverless takes the role for applications of this account and region, for nobody else's.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/getting-started.html#gs-runtime-role
    """
    return iam.service_statement(SERVICE, names.account_id, names.arn("emr-serverless", "/applications/*"))


def log_needs(names: Names, application: str) -> tuple[Need, ...]:
    """Write a run's logs: the service does so with the job's own role.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html
    """
    bucket, why = names.bucket_arn("logs"), "The service writes a run's logs with the job's own role"
    group = names.arn("logs", f"log-group:{log_group(names, application)}")
    return (
        needs.list_prefixes("ListRunLogs", why, bucket, [LOGS]),
        needs.objects("WriteRunLogs", why, iam.WRITE_OBJECTS, bucket, [LOGS]),
        Need(
            name="WriteDriverLogs",
            why=why,
            actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(group, f"{group}:*"),
        ),
        Need(
            name="FindTheLogGroup",
            why=why,
            actions=("logs:DescribeLogGroups",),
            resources=(names.arn("logs", "log-group:*"),),
        ),
    )


def log_group(names: Names, application: str) -> str:
    """The log group of an application."""
    return names.log_group(f"serverless/{application}")


APPLICATIONS, RUNS = "/applications/*", "/applications/*/jobruns/*"
FOLLOW_APPLICATIONS = ("emr-serverless:GetApplication", "emr-serverless:ListJobRuns")
FOLLOW_RUNS = (
    "emr-serverless:CancelJobRun",
    "emr-serverless:GetDashboardForJobRun",
    "emr-serverless:GetJobRun",
)
START_RUNS = ("emr-serverless:StartJobRun", "emr-serverless:TagResource")


def submit_needs(names: Names, job_role_arns: Sequence[str]) -> tuple[Need, ...]:
    """Follow and cancel runs on the stack's applications; start them where there are jobs that run there.

    Applications have ids, not names, and a run does not inherit its application's tags: each is known by a tag of its
    own, which the request for a run must bring. An application starts by itself with its first run.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonemrserverless.html
    """
    ours = {"StringEquals": {f"aws:ResourceTag/{STACK_KEY}": names.stack}}
    follow = (
        Need(
            name="FollowApplications",
            why="Whether an application is there, and whether a run was started already",
            actions=FOLLOW_APPLICATIONS,
            resources=(names.arn("emr-serverless", APPLICATIONS),),
            condition=ours,
        ),
        Need(
            name="FollowAndCancelRuns",
            why="A run is followed to its end, and cancelled when it must not go on",
            actions=FOLLOW_RUNS,
            resources=(names.arn("emr-serverless", RUNS),),
            condition=ours,
        ),
    )
    return (*follow, *_start_needs(names, job_role_arns)) if job_role_arns else follow


def _start_needs(names: Names, job_role_arns: Sequence[str]) -> tuple[Need, ...]:
    resource, request = f"aws:ResourceTag/{STACK_KEY}", f"aws:RequestTag/{STACK_KEY}"
    start, tag = START_RUNS
    return (
        Need(
            name="StartTaggedRuns",
            why="A run bears the stack's name, by which it is followed",
            actions=(start,),
            resources=(names.arn("emr-serverless", APPLICATIONS),),
            condition={"StringEquals": {resource: names.stack, request: names.stack}},
        ),
        Need(
            name="TagRunsAsTheyStart",
            why="A run bears the stack's name, by which it is followed",
            actions=(tag,),
            resources=(names.arn("emr-serverless", RUNS),),
            # IfExists: a run that is only being made has no tags yet; one of another stack has, and is refused.
            condition={
                "StringEquals": {request: names.stack},
                "StringEqualsIfExists": {resource: names.stack},
            },
        ),
        needs.pass_role(
            "PassJobRolesToServerless", "Each run has its own job's role", job_role_arns, SERVICE
        ),
    )

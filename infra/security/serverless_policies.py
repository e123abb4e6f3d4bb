"""What EMR Serverless needs of a job's runtime role: to take it, and to write the run's logs. Pure."""

from __future__ import annotations

from infra.naming import Names
from infra.security import needs
from infra.security import statements as iam
from infra.security.needs import Need

SERVICE = "emr-serverless.amazonaws.com"
LOGS = "serverless/"  # in the log bucket; below it the service's own applications/<id>/jobs/<run>/


def trust(names: Names) -> str:
    """EMR Serverless takes the role for applications of this account and region, for nobody else's.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/getting-started.html#gs-runtime-role
    """
    return iam.service_trust(SERVICE, names.account_id, names.arn("emr-serverless", "/applications/*"))


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

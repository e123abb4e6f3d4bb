"""What EMR Serverless needs of a job's runtime role: to take it, and to write the run's logs. Pure."""

from __future__ import annotations

from infra.naming import Names
from infra.security import statements as iam

SERVICE = "emr-serverless.amazonaws.com"
LOGS = "serverless/"  # in the log bucket; below it the service's own applications/<id>/jobs/<run>/


def trust(names: Names) -> str:
    """EMR Serverless takes the role for applications of this account and region, for nobody else's.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/getting-started.html#gs-runtime-role
    """
    return iam.service_trust(SERVICE, names.account_id, names.arn("emr-serverless", "/applications/*"))


def log_statements(names: Names, application: str) -> list[iam.Statement]:
    """Write a run's logs: the service does so with the job's own role.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html
    """
    bucket = names.bucket_arn("logs")
    group = names.arn("logs", f"log-group:{log_group(names, application)}")
    return [
        iam.list_prefixes("ListRunLogs", bucket, [LOGS]),
        iam.allow("WriteRunLogs", iam.WRITE_OBJECTS, iam.objects(bucket, [LOGS])),
        iam.allow(
            "WriteDriverLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        ),
        iam.allow("FindTheLogGroup", ["logs:DescribeLogGroups"], [names.arn("logs", "log-group:*")]),
    ]


def log_group(names: Names, application: str) -> str:
    """The log group of an application."""
    return names.log_group(f"serverless/{application}")

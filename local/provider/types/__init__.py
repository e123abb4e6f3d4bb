"""The table: one row for each Pulumi type, one file a service."""

from __future__ import annotations

from local.provider.table import Resource
from local.provider.types import (
    alarms,
    dynamodb,
    ec2,
    emr,
    emr_account,
    emr_groups,
    emr_serverless,
    flow_logs,
    iam,
    iam_account,
    kms,
    launch_templates,
    logs,
    routes,
    s3,
    s3_account,
    s3_bucket,
    s3_events,
    s3_settings,
    security_groups,
    sns,
    sqs,
    trails,
    vpc,
)

_ROWS = (
    *alarms.ROWS,
    *dynamodb.ROWS,
    *ec2.ROWS,
    *emr.ROWS,
    *emr_account.ROWS,
    *emr_groups.ROWS,
    *emr_serverless.ROWS,
    *flow_logs.ROWS,
    *iam.ROWS,
    *iam_account.ROWS,
    *kms.ROWS,
    *launch_templates.ROWS,
    *logs.ROWS,
    *routes.ROWS,
    *s3.ROWS,
    *s3_account.ROWS,
    *s3_bucket.ROWS,
    *s3_events.ROWS,
    *s3_settings.ROWS,
    *security_groups.ROWS,
    *sns.ROWS,
    *sqs.ROWS,
    *trails.ROWS,
    *vpc.ROWS,
)

RESOURCES: dict[str, Resource] = {row.type: row for row in _ROWS}

"""Bucket policies as plain data. Pure functions."""

from __future__ import annotations

from infra.naming import Names
from infra.security import statements as iam

ACCESS_LOGS = "access-logs"


def tls_only(bucket_arn: str) -> iam.Statement:
    """Nobody, on any path, without TLS 1.2."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def old_tls(bucket_arn: str) -> iam.Statement:
    """Nor with TLS 1.0 or 1.1."""
    return {
        **tls_only(bucket_arn),
        "Sid": "NoOldTls",
        "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }


def data_policy(names: Names, zone: str) -> str:
    """A zone's bucket: who may what is said by the roles; the bucket only refuses."""
    arn = names.bucket_arn(zone)
    return iam.document(tls_only(arn), old_tls(arn))


def access_log_policy(names: Names) -> str:
    """The bucket of access logs also takes them, from S3 itself and of this stack's buckets only."""
    arn = names.bucket_arn(ACCESS_LOGS)
    delivery = {
        "Sid": "AccessLogsOfThisStack",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{arn}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:{names.partition}:s3:::{names.prefix}-*"},
            "StringEquals": {"aws:SourceAccount": names.account_id},
        },
    }
    return iam.document(tls_only(arn), old_tls(arn), delivery)


def trail_policy(names: Names, zone: str, trail: str) -> str:
    """The audit trail's bucket takes files from CloudTrail, of one trail and for this account.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    arn = names.bucket_arn(zone)
    of_the_trail = {"aws:SourceArn": names.arn("cloudtrail", f"trail/{trail}")}
    look = {
        "Sid": "CloudTrailLooks",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": arn,
        "Condition": {"StringEquals": of_the_trail},
    }
    write = {
        "Sid": "CloudTrailWrites",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{arn}/AWSLogs/{names.account_id}/*",
        "Condition": {"StringEquals": {**of_the_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
    }
    return iam.document(tls_only(arn), old_tls(arn), look, write)

"""IAM statements as plain data. Pure functions: no AWS, no Pulumi.

No statement names `*` as an action; `*` as a resource stands only where AWS has no narrower one, and then beside a
condition on the region.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
Condition = Mapping[str, Mapping[str, str | Sequence[str]]]

# The services that roles are trusted and passed to.
EMR, EC2 = "elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"

READ_OBJECTS = ("s3:GetObject",)
# Writers also read back, rename and clean up: Hadoop's committers and Spark's event log do all three.
WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
# All that any role of the platform asks of a bucket and of the objects in it: boundary and endpoint allow no more.
BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
OBJECT_ACTIONS = (*WRITE_OBJECTS, "s3:ListMultipartUploadParts")
USE_KEY_TO_READ = ("kms:Decrypt",)
# A multipart upload decrypts its own parts' data key when it is completed.
USE_KEY_TO_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")
USE_KEY_FOR_DISKS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def document(*statements: Statement) -> str:
    """A policy document as JSON, the same text for the same statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None = None
) -> Statement:
    """What may be done."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": sorted(set(resources)),
    }
    return {**statement, "Condition": dict(condition)} if condition else statement


def trust(
    sid: str, principal: Mapping[str, str | list[str]], condition: Condition | None = None
) -> Statement:
    """Who may take a role."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": dict(principal),
        "Action": "sts:AssumeRole",
    }
    return {**statement, "Condition": dict(condition)} if condition else statement


def service_trust(service: str, account_id: str, source_arn: str) -> str:
    """A role for one AWS service, acting for resources of this account only (no confused deputy)."""
    return document(service_statement(service, account_id, source_arn))


def service_statement(service: str, account_id: str, source_arn: str) -> Statement:
    """The statement of such a trust, for a role that others may take as well."""
    return trust("ServiceOfThisAccount", {"Service": service}, for_resources_of(account_id, source_arn))


def unnamed(statement: Statement) -> Statement:
    """A statement without its name, which says nothing to IAM and costs characters of few."""
    return {part: value for part, value in statement.items() if part != "Sid"}


def for_resources_of(account_id: str, source_arn: str) -> Condition:
    """A service acts for these resources of this account, and for nobody else's."""
    return {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source_arn}}


def objects(bucket_arn: str, prefixes: Sequence[str]) -> list[str]:
    """The ARNs of the objects under `prefixes`."""
    return [f"{bucket_arn}/{prefix}*" for prefix in prefixes]


def through_s3(region: str) -> Condition:
    """A key is used by S3 on the caller's behalf, never by the caller directly."""
    return through("s3", region)


def through(service: str, region: str) -> Condition:
    """The same of any service."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}}

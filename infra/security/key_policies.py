"""Key policies: who administers a key, and through whom it may be used. Pure documents."""

from __future__ import annotations

from infra.naming import Names
from infra.security import statements as iam

ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


def data_key_policy(names: Names) -> str:
    """Data at rest: used through S3 only, by whom IAM allows."""
    return iam.document(_administration(names), _use_through_s3(names))


def logs_key_policy(names: Names) -> str:
    """Logs at rest: used through S3, and by CloudWatch Logs for this stack's groups."""
    group = names.arn("logs", f"log-group:{names.log_group('*')}")
    return iam.document(
        _administration(names),
        _use_through_s3(names),
        {
            "Sid": "LogGroupsOfThisStack",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{names.region}.amazonaws.com"},
            "Action": sorted(iam.USE_KEY_FOR_DISKS),
            # In a key policy "*" is the key itself.
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
        },
    )


def volumes_key_policy(names: Names) -> str:
    """Disks of nodes: used by the nodes themselves and by EC2 through grants, by whom IAM allows."""
    use = {
        **_of_the_account(names, "UseIsAllowedByIam"),
        "Action": sorted(iam.USE_KEY_FOR_DISKS),
    }
    grant = {
        **_of_the_account(names, "GrantsAreForAwsOnly"),
        "Action": "kms:CreateGrant",
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    return iam.document(_administration(names), use, grant)


def state_key_policy(names: Names) -> str:
    """States at rest and secrets in them: used through S3, and by engines directly, by whom IAM allows."""
    use = {
        **_of_the_account(names, "UseIsAllowedByIam"),
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
    }
    return iam.document(_administration(names), use)


def trail_key_policy(names: Names, trail: str) -> str:
    """The audit trail at rest: CloudTrail seals it, for this one trail; read through S3, by whom IAM allows.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    arn = names.arn("cloudtrail", f"trail/{trail}")
    any_region = arn.replace(f":{names.region}:", ":*:")
    seal = {
        "Sid": "CloudTrailSeals",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceArn": arn},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": any_region},
        },
    }
    describe = {
        "Sid": "CloudTrailDescribes",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:DescribeKey",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceArn": arn}},
    }
    read = {
        **_use_through_s3(names),
        "Sid": "ReadingIsAllowedByIamThroughS3",
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
    }
    return iam.document(_administration(names), seal, describe, read)


def _of_the_account(names: Names, sid: str) -> iam.Statement:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": names.root_arn}, "Resource": "*"}


def _administration(names: Names) -> iam.Statement:
    return {**_of_the_account(names, "AdministrationIsAllowedByIam"), "Action": sorted(ADMINISTER)}


def _use_through_s3(names: Names) -> iam.Statement:
    condition = {
        "StringEquals": {
            "kms:CallerAccount": names.account_id,
            **iam.through_s3(names.region)["StringEquals"],
        }
    }
    return {
        **_of_the_account(names, "UseIsAllowedByIamThroughS3"),
        "Action": sorted({*iam.USE_KEY_TO_WRITE, "kms:DescribeKey", "kms:Encrypt"}),
        "Condition": condition,
    }

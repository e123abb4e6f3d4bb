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


def key_policy(names: Names, key: str) -> str:
    """The policy of one of the stack's keys: of a zone, or of the disks."""
    if key == "volumes":
        return volumes_key_policy(names)
    if key == "runs":
        return runs_key_policy(names)
    return logs_key_policy(names) if key == "logs" else zone_key_policy(names, key)


def zone_key_policy(names: Names, zone: str) -> str:
    """A zone's objects at rest: used through S3 only, for that zone's bucket only, by whom IAM allows."""
    return iam.document(_administration(names), _use_through_s3(names, zone))


def runs_key_policy(names: Names) -> str:
    """Records of runs at rest, in S3; and runs under way, in the stack's table, which DynamoDB seals by grants.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    through_dynamodb = {
        **iam.through("dynamodb", names.region)["StringEquals"],
        "kms:CallerAccount": names.account_id,
        "kms:EncryptionContext:aws:dynamodb:tableName": names.coordination_table,
    }
    table = {
        **_of_the_account(names, "UseIsAllowedByIamThroughDynamoDb"),
        "Action": sorted(iam.USE_KEY_FOR_DISKS),
        "Condition": {"StringEquals": through_dynamodb},
    }
    grant = {
        **_of_the_account(names, "GrantsAreForDynamoDbOnly"),
        "Action": "kms:CreateGrant",
        "Condition": {
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            **iam.through("dynamodb", names.region),
        },
    }
    return iam.document(_administration(names), _use_through_s3(names, "runs"), table, grant)


def logs_key_policy(names: Names) -> str:
    """Logs and messages at rest: used through S3, by CloudWatch Logs for this stack's groups, by its alarms.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    return iam.document(
        _administration(names),
        _use_through_s3(names, "logs"),
        _log_groups(names, names.log_group("*")),
        {
            "Sid": "AlarmsOfThisStack",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": sorted(iam.USE_KEY_TO_WRITE),
            "Resource": "*",
            "Condition": dict(
                iam.for_resources_of(names.account_id, names.arn("cloudwatch", f"alarm:{names.prefix}-*"))
            ),
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


def trail_key_policy(names: Names, trail: str, log_group: str) -> str:
    """The audit trail at rest: sealed by CloudTrail for this one trail, by CloudWatch Logs for its group.

    Its files are read through S3, by whom IAM allows.

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
    read = {  # what CloudTrail has sealed names the trail, not the bucket
        **_of_the_account(names, "ReadingIsAllowedByIamThroughS3"),
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": names.account_id,
                **iam.through_s3(names.region)["StringEquals"],
            }
        },
    }
    return iam.document(_administration(names), seal, describe, read, _log_groups(names, log_group))


def _of_the_account(names: Names, sid: str) -> iam.Statement:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": names.root_arn}, "Resource": "*"}


def _administration(names: Names) -> iam.Statement:
    return {**_of_the_account(names, "AdministrationIsAllowedByIam"), "Action": sorted(ADMINISTER)}


def _log_groups(names: Names, pattern: str) -> iam.Statement:
    group = names.arn("logs", f"log-group:{pattern}")
    return {
        "Sid": "LogGroupsOfThisStack",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{names.region}.amazonaws.com"},
        "Action": sorted(iam.USE_KEY_FOR_DISKS),
        # In a key policy "*" is the key itself.
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
    }


def _use_through_s3(names: Names, zone: str) -> iam.Statement:
    """S3 names what it seals: the bucket, where that has a bucket key, else the object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    """
    bucket = names.bucket_arn(zone)
    return {
        **_of_the_account(names, "UseIsAllowedByIamThroughS3"),
        "Action": sorted(iam.USE_KEY_TO_WRITE),
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": names.account_id,
                **iam.through_s3(names.region)["StringEquals"],
            },
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]},
        },
    }

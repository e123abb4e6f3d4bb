"""The audit trail."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_OBJECTS = {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::data/"]}

EXAMPLES: dict[str, Example] = {
    "trail": Example(
        type="aws:cloudtrail/trail:Trail",
        props={
            "s3BucketName": "${log-bucket}",
            "enableLogFileValidation": True,
            "isMultiRegionTrail": True,
            "kmsKeyId": "${other-key.arn}",
            "snsTopicName": "${topic.name}",
            **TAGS,
        },
        change={
            "cloudWatchLogsGroupArn": "${log-group.arn}:*",
            "cloudWatchLogsRoleArn": "${role.arn}",
            "enableLogFileValidation": False,
            "enableLogging": False,
            "isMultiRegionTrail": False,
            "kmsKeyId": None,
            "s3BucketName": "${spare-bucket}",
            "s3KeyPrefix": "audit",
            "snsTopicName": None,
            **NEW_TAGS,
        },
        replace={"name": "another-trail"},
    ),
    "trail-of-objects": Example(
        type="aws:cloudtrail/trail:Trail",
        props={
            "s3BucketName": "${log-bucket}",
            "eventSelectors": [{"dataResources": [_OBJECTS], "readWriteType": "WriteOnly"}],
        },
        change={"eventSelectors": None, "includeGlobalServiceEvents": False},
    ),
    "trail-of-prefixes": Example(
        type="aws:cloudtrail/trail:Trail",
        props={
            "s3BucketName": "${log-bucket}",
            "advancedEventSelectors": [
                {
                    "name": "objects",
                    "fieldSelectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {"field": "readOnly", "equals": ["false"]},
                        {
                            "field": "resources.ARN",
                            "startsWiths": ["arn:aws:s3:::data"],
                            "notStartsWiths": ["arn:aws:s3:::data-of-others"],
                        },
                    ],
                }
            ],
        },
        change={
            "advancedEventSelectors": None,
            "eventSelectors": [{"dataResources": [_OBJECTS], "includeManagementEvents": False}],
        },
    ),
}

"""The catalog and who asks it: databases, workgroups."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_RESULTS = {
    "outputLocation": "s3://${bucket}/results/",
    "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": "${key.arn}"},
}

EXAMPLES: dict[str, Example] = {
    "workgroup": Example(
        type="aws:athena/workgroup:Workgroup",
        props={
            "configuration": {
                "bytesScannedCutoffPerQuery": 1024**3,
                "engineVersion": {"selectedEngineVersion": "AUTO"},
                "requesterPaysEnabled": True,
                "resultConfiguration": _RESULTS,
            },
            **TAGS,
        },
        change={
            "configuration": {
                "enforceWorkgroupConfiguration": False,
                "engineVersion": {"selectedEngineVersion": "Athena engine version 3"},
                "publishCloudwatchMetricsEnabled": False,
                "resultConfiguration": {"outputLocation": "s3://${bucket}/others/"},
            },
            "description": "for analysts",
            "state": "DISABLED",
            **NEW_TAGS,
        },
        replace={"name": "another-workgroup"},
    ),
    "workgroup-bare": Example(
        type="aws:athena/workgroup:Workgroup",
        props={"state": "DISABLED", "forceDestroy": True},
        change={
            "configuration": {
                "bytesScannedCutoffPerQuery": 0,
                "enableMinimumEncryptionConfiguration": True,
                "enforceWorkgroupConfiguration": False,
                "resultConfiguration": {
                    **_RESULTS,
                    "aclConfiguration": {"s3AclOption": "BUCKET_OWNER_FULL_CONTROL"},
                },
            },
            "state": "ENABLED",
        },
    ),
    "database": Example(
        type="aws:glue/catalogDatabase:CatalogDatabase",
        props={"description": "what jobs made", "locationUri": "s3://${bucket}/tables/", **TAGS},
        change={
            "createTableDefaultPermissions": [
                {
                    "permissions": ["SELECT"],
                    "principal": {"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
                }
            ],
            "description": "what jobs made of it",
            "locationUri": "s3://${bucket}/others/",
            "parameters": {"owner": "data"},
            **NEW_TAGS,
        },
        replace={"name": "another_database"},
    ),
    "database-link": Example(
        type="aws:glue/catalogDatabase:CatalogDatabase",
        props={"targetDatabase": {"catalogId": "123456789012", "databaseName": "${database.name}"}},
        replace={"name": "another_link"},
    ),
}

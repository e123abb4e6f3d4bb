"""Types near those that are served, and why they are not: said in the error and on the page of types."""

from __future__ import annotations

from collections.abc import Mapping

from local.provider.types.common import unsupported

_OLD = "the name that pulumi_aws gave up in version 7: leave out the V2"
_ALIASES = (
    "AccelerateConfiguration", "Acl", "CorsConfiguration", "LifecycleConfiguration", "Logging",
    "ObjectLockConfiguration", "RequestPaymentConfiguration", "ServerSideEncryptionConfiguration", "Versioning",
    "WebsiteConfiguration",
)  # fmt: skip

REFUSED: Mapping[str, str] = {
    **unsupported(
        _OLD, "aws:s3/bucketV2:BucketV2", *(f"aws:s3/bucket{one}V2:Bucket{one}V2" for one in _ALIASES)
    ),
    **unsupported(
        "there is one region here to keep a table in",
        "aws:dynamodb/globalTable:GlobalTable",
        "aws:dynamodb/tableReplica:TableReplica",
    ),
    "aws:dynamodb/contributorInsights:ContributorInsights": "nothing is gathered of who reads which key here",
    "aws:dynamodb/globalSecondaryIndex:GlobalSecondaryIndex": "say the index on its table",
    "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination": "there is no Kinesis here",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "a table's own policy is not asked for who may do what here",
    "aws:dynamodb/tableExport:TableExport": "an export is made once, not kept: call ExportTableToPointInTime",
    "aws:dynamodb/tag:Tag": "say the tag on its table",
    "aws:s3/bucketAbac:BucketAbac": "the tags of a bucket are not asked for who may do what here",
    "aws:s3/bucketMetadataConfiguration:BucketMetadataConfiguration": "it needs S3 Tables, which are not here",
    "aws:s3/objectCopy:ObjectCopy": "a copy is made once, not kept: copy the object where the data is made",
    **unsupported(
        "another product than buckets",
        "aws:s3/accessPoint:AccessPoint",
        "aws:s3/directoryBucket:DirectoryBucket",
        "aws:s3/filesAccessPoint:FilesAccessPoint",
        "aws:s3/filesFileSystem:FilesFileSystem",
        "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy",
        "aws:s3/filesMountTarget:FilesMountTarget",
        "aws:s3/filesSynchronizationConfiguration:FilesSynchronizationConfiguration",
        "aws:s3/vectorsIndex:VectorsIndex",
        "aws:s3/vectorsVectorBucket:VectorsVectorBucket",
        "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy",
    ),
}

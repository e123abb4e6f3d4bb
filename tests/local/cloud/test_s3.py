"""What is mended of moto's S3, through boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud.s3 import RECORDS_A_LOG
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

SOURCE, TARGET = "access-source", "access-target"


@pytest.fixture
def s3() -> Iterator[Any]:
    """A client of a server of its own; the buckets it makes are removed, since moto keeps them for the process."""
    with CloudServer(FakeRunner()) as server:
        client = boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1")
        for bucket in (SOURCE, TARGET):
            client.create_bucket(Bucket=bucket)
        yield client
        for bucket in (SOURCE, TARGET):
            empty(client, bucket)
            client.delete_bucket(Bucket=bucket)


def empty(client: Any, bucket: str) -> None:
    """Delete every version and marker, as the provider does."""
    while True:
        listed = client.list_object_versions(Bucket=bucket)
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
        ]
        if not found:
            return
        assert "Errors" not in client.delete_objects(Bucket=bucket, Delete={"Objects": found})


def test_a_delete_marker_is_deleted_by_its_version(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=SOURCE, Key="k", Body=b"x")
    s3.delete_object(Bucket=SOURCE, Key="k")
    assert s3.list_object_versions(Bucket=SOURCE)["DeleteMarkers"]
    empty(s3, SOURCE)
    assert "DeleteMarkers" not in s3.list_object_versions(Bucket=SOURCE)


@pytest.mark.parametrize("list_them", ["list_objects", "list_objects_v2"])
def test_a_folder_of_deleted_objects_is_in_no_list(s3: Any, list_them: str) -> None:
    s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/x/1", "a/x/2", "a/y/1", "a/z"):
        s3.put_object(Bucket=SOURCE, Key=key, Body=b"x")

    def folders() -> list[str]:
        listed = getattr(s3, list_them)(Bucket=SOURCE, Prefix="a/", Delimiter="/")
        return [one["Prefix"] for one in listed.get("CommonPrefixes", [])]

    s3.delete_object(Bucket=SOURCE, Key="a/x/1")
    assert folders() == ["a/x/", "a/y/"]
    s3.delete_object(Bucket=SOURCE, Key="a/x/2")
    assert folders() == ["a/y/"]
    s3.put_object(Bucket=SOURCE, Key="a/x/1", Body=b"x")
    assert folders() == ["a/x/", "a/y/"]


def test_access_logs_come_in_batches(s3: Any) -> None:
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{TARGET}/*",
    }
    s3.put_bucket_policy(Bucket=TARGET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    logged = {"TargetBucket": TARGET, "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus={"LoggingEnabled": logged})
    for _ in range(RECORDS_A_LOG):
        s3.head_bucket(Bucket=SOURCE)
    (delivered,) = s3.list_objects_v2(Bucket=TARGET, Prefix="logs/")["Contents"]
    lines = s3.get_object(Bucket=TARGET, Key=delivered["Key"])["Body"].read().decode().splitlines()
    assert len(lines) == RECORDS_A_LOG
    assert all(SOURCE in line for line in lines)


def test_a_new_bucket_takes_a_list_that_gives_nobody_anything_and_no_other(s3: Any) -> None:
    def owned(bucket: str) -> bool:
        return bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]

    s3.create_bucket(Bucket="private-list", ACL="private")
    with pytest.raises(ClientError, match="InvalidBucketAclWithObjectOwnership"):
        s3.create_bucket(Bucket="public-list", ACL="public-read")
    assert not owned("public-list")
    s3.create_bucket(Bucket="public-list", ACL="public-read", ObjectOwnership="ObjectWriter")
    assert len(s3.get_bucket_acl(Bucket="public-list")["Grants"]) == 2
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        s3.put_bucket_acl(Bucket="private-list", ACL="private")
    for bucket in ("private-list", "public-list"):
        s3.delete_bucket(Bucket=bucket)

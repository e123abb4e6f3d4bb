"""What a bucket keeps as it was sent: through a client, with AWS's errors when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.cloud.conftest import Cloud

RULE = {
    "ID": "copy", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": "in/"},
    "DeleteMarkerReplication": {"Status": "Enabled"},
    "Destination": {"Bucket": "arn:aws:s3:::elsewhere", "StorageClass": "STANDARD_IA"},
}  # fmt: skip
REPLICATION = {"Role": "arn:aws:iam::123456789012:role/copies", "Rules": [RULE]}
METRICS = {"Id": "in", "Filter": {"Prefix": "in/"}}


@pytest.fixture
def bucket(cloud: Cloud) -> Iterator[str]:
    s3, name = cloud.client("s3"), f"kept-{cloud.region}"
    where = (
        {}
        if cloud.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    )
    s3.create_bucket(Bucket=name, **where)
    yield name
    s3.delete_bucket(Bucket=name)


def code(call: Any, **words: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**words)
    return str(refused.value.response["Error"]["Code"])


def test_replication_keeps_every_word_and_wants_versions(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    put = {"Bucket": bucket, "ReplicationConfiguration": REPLICATION}
    assert code(s3.get_bucket_replication, Bucket=bucket) == "ReplicationConfigurationNotFoundError"
    assert code(s3.put_bucket_replication, **put) == "InvalidRequest"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(**put)
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == REPLICATION
    s3.delete_bucket_replication(Bucket=bucket)
    assert code(s3.get_bucket_replication, Bucket=bucket) == "ReplicationConfigurationNotFoundError"


def test_configurations_with_an_id_are_kept_listed_and_deleted(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    for name in ("in", "out"):
        s3.put_bucket_metrics_configuration(
            Bucket=bucket, Id=name, MetricsConfiguration={**METRICS, "Id": name}
        )
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="in")["MetricsConfiguration"] == METRICS
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [one["Id"] for one in listed["MetricsConfigurationList"]] == ["in", "out"]
    assert listed["IsTruncated"] is False
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="in")
    assert code(s3.get_bucket_metrics_configuration, Bucket=bucket, Id="in") == "NoSuchConfiguration"
    assert code(s3.delete_bucket_metrics_configuration, Bucket=bucket, Id="in") == "NoSuchConfiguration"


def test_the_owner_pays_unless_it_is_said_otherwise(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"


def test_a_bucket_that_is_not_there_keeps_nothing(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    assert code(s3.get_bucket_request_payment, Bucket="no-such-bucket-of-anyone") == "NoSuchBucket"

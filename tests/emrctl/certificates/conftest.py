"""A stack's artifacts bucket in memory, clusters as they are told, and a clock that the tests hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from emrctl.certificates import pem
from emrctl.certificates.rotation import STANDING, Certificates, Rotation
from infra.naming import Names

NAMES = Names(stack="dev", region="us-east-1", account_id="123456789012")
KEY = "certificates/emr-nodes.zip"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@dataclass
class Emr:
    """ListClusters and DescribeCluster."""

    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)

    def start(self, at: datetime, *, name: str = "emr-dev-main", stack: str = "dev") -> str:
        """A cluster that stands since then; its id."""
        cluster_id = f"j-{len(self.clusters)}"
        self.clusters[cluster_id] = {
            "Id": cluster_id,
            "Name": name,
            "Status": {"State": "WAITING", "Timeline": {"CreationDateTime": at}},
            "Tags": [{"Key": "stack", "Value": stack}],
        }
        return cluster_id

    def get_paginator(self, name: str) -> Emr:
        assert name == "list_clusters"
        return self

    def paginate(self, ClusterStates: list[str]) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert set(ClusterStates) == set(STANDING)
        for one in self.clusters.values():
            yield {"Clusters": [{key: one[key] for key in ("Id", "Name", "Status")}]}

    def describe_cluster(self, ClusterId: str) -> dict[str, Any]:  # noqa: N803
        return {"Cluster": self.clusters[ClusterId]}


class S3:
    """moto's S3, which stamps objects with the test's time. `before_put` runs as a put arrives."""

    def __init__(self) -> None:
        self.moto: Any = boto3.client("s3", region_name="us-east-1")
        self.now = NOW
        self.before_put: Callable[[str], None] = lambda key: None
        self._stamps: dict[str, datetime] = {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        found: dict[str, Any] = self.moto.get_object(Bucket=Bucket, Key=Key)
        return {**found, "LastModified": self._stamps[Key]}

    def put_object(self, **given: Any) -> Any:
        self.before_put(given["Key"])
        made = self.moto.put_object(**given)
        self._stamps[given["Key"]] = self.now
        return made


@pytest.fixture(autouse=True)
def _weak_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real key takes half a second to find, and here nothing hangs on its strength."""
    monkeypatch.setattr(pem, "KEY_BITS", 1024)


@pytest.fixture
def s3() -> Iterator[S3]:
    """S3, without any bucket."""
    with mock_aws():
        yield S3()


@pytest.fixture
def certificates(s3: S3) -> Certificates:
    """The certificates of stack dev, whose bucket is there."""
    s3.moto.create_bucket(Bucket=NAMES.bucket("artifacts"))
    return Certificates(s3=s3, emr=Emr(), names=NAMES, key=KEY)


def stored(certificates: Certificates, key: str = KEY) -> bytes:
    """What is in the bucket under that key."""
    body: bytes = certificates.s3.get_object(Bucket=certificates.store.bucket, Key=key)["Body"].read()
    return body


def put(certificates: Certificates, body: bytes, key: str = KEY) -> None:
    """Put it in the bucket, as by hand."""
    certificates.s3.put_object(Bucket=certificates.store.bucket, Key=key, Body=body)


def rotate(certificates: Certificates, at: datetime, **how: bool) -> Rotation:
    """A rotation at that time."""
    certificates.s3.now = at
    return certificates.rotate(at, **how)

"""S3's notifications: which events, to whom, and what they say."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.test_events import Post, post
from tests.local.cloud.test_s3 import empty

__all__ = ["post"]
NAMES = (f"notified-{n}" for n in itertools.count())


@pytest.fixture
def bucket(cloud: Cloud, post: Post) -> str:
    s3, name = cloud.client("s3"), next(NAMES)
    place = (
        {}
        if cloud.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    )
    s3.create_bucket(Bucket=name, **place)
    post.undo += [lambda: s3.delete_bucket(Bucket=name), lambda: empty(s3, name)]
    return name


def notify(cloud: Cloud, bucket: str, **configuration: Any) -> None:
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )


def test_a_queue_hears_of_what_its_filter_lets_pass(cloud: Cloud, post: Post, bucket: str) -> None:
    queue, s3 = post.queue("landing"), cloud.client("s3")
    rules = [{"Name": "Prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    target = {"QueueArn": queue, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}
    notify(cloud, bucket, QueueConfigurations=[{**target, "Id": "landing"}])
    (test,) = post.bodies(queue)
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", bucket)

    for key in ("in/a b+é.csv", "in/b.txt", "out/a.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"four")
    s3.copy_object(Bucket=bucket, Key="in/copy.csv", CopySource={"Bucket": bucket, "Key": "out/a.csv"})
    s3.delete_object(Bucket=bucket, Key="in/copy.csv")
    first, second = (body["Records"][0] for body in post.bodies(queue))
    assert (first["eventName"], second["eventName"]) == ("ObjectCreated:Put", "ObjectCreated:Copy")
    assert first["s3"]["object"]["key"] == "in/a+b%2B%C3%A9.csv"
    assert first["s3"]["object"]["size"] == 4
    assert first["s3"]["configurationId"] == "landing"
    assert first["s3"]["object"]["sequencer"] < second["s3"]["object"]["sequencer"]
    assert (first["eventSource"], first["awsRegion"]) == ("aws:s3", cloud.region)


def test_deletions_with_and_without_versions(cloud: Cloud, post: Post, bucket: str) -> None:
    queue, s3 = post.queue("removed"), cloud.client("s3")
    notify(cloud, bucket, QueueConfigurations=[{"QueueArn": queue, "Events": ["s3:ObjectRemoved:*"]}])
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)

    told = [body["Records"][0] for body in post.bodies(queue) if "Records" in body]
    assert [(t["eventName"], t["s3"]["object"].get("versionId")) for t in told] == [
        ("ObjectRemoved:Delete", None),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    ]
    assert "size" not in told[0]["s3"]["object"]


def test_a_topic_and_the_event_bus_hear_too(cloud: Cloud, post: Post, bucket: str) -> None:
    queue, bus = post.queue("by-topic"), post.queue("by-bus")
    topic = post.topic("objects", queue)
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "in/"}]}}}
    post.rule(pattern, {"Arn": bus})
    notify(
        cloud, bucket, TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}],
        EventBridgeConfiguration={},
    )  # fmt: skip
    post.take(queue)
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="in/a b", Body=b"four")
    s3.put_object_tagging(Bucket=bucket, Key="in/a b", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object(Bucket=bucket, Key="in/a b")

    (notification,) = post.bodies(queue)
    assert notification["Subject"] == "Amazon S3 Notification"
    assert json.loads(notification["Message"])["Records"][0]["s3"]["bucket"]["name"] == bucket
    created, tagged, deleted = post.bodies(bus)
    assert (created["detail-type"], created["detail"]["reason"]) == ("Object Created", "PutObject")
    assert created["detail"]["object"]["key"] == "in/a b"
    assert created["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert tagged["detail-type"] == "Object Tags Added"
    assert (deleted["detail-type"], deleted["detail"]["deletion-type"]) == (
        "Object Deleted",
        "Permanently Deleted",
    )
    assert created["id"] != deleted["id"]


def test_a_lost_queue_does_not_lose_the_object(
    cloud: Cloud, post: Post, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    gone = f"arn:aws:sqs:{cloud.region}:123456789012:gone"
    notify(cloud, bucket, QueueConfigurations=[{"QueueArn": gone, "Events": ["s3:ObjectCreated:*"]}])
    cloud.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    assert cloud.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert "the queue gone takes no event" in caplog.text

"""Who called what: LookupEvents after real calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud.trail import names
from tests.local.cloud.conftest import Cloud

ACCOUNT = "123456789012"


def look(cloud: Cloud, key: str, value: str, **more: Any) -> list[dict[str, Any]]:
    """The events with an attribute, the latest first."""
    attributes = [{"AttributeKey": key, "AttributeValue": value}]
    found = cloud.client("cloudtrail").lookup_events(LookupAttributes=attributes, **more)
    return list(found["Events"])


def record(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event["CloudTrailEvent"])
    return found


def as_key(cloud: Cloud, service: Any, key: str, **more: str) -> Any:
    return boto3.Session().client(  # type: ignore[call-overload]
        service, endpoint_url=cloud.server.endpoint, region_name=cloud.region, aws_access_key_id=key,
        aws_secret_access_key="s", **more,
    )  # fmt: skip


def test_a_call_is_found_by_its_name_with_parameters_and_resource(cloud: Cloud) -> None:
    name = f"trail-{cloud.region}"
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name, KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item={"k": {"S": "data"}})
    dynamodb.delete_table(TableName=name)

    events = look(cloud, "ResourceName", name)
    assert [e["EventName"] for e in events if e["ReadOnly"] == "false"] == ["DeleteTable", "CreateTable"]
    made = record(events[-1])
    assert made["requestParameters"]["tableName"] == name
    assert (made["eventSource"], made["awsRegion"]) == ("dynamodb.amazonaws.com", cloud.region)
    assert made["sourceIPAddress"] == "127.0.0.1"
    assert events[-1]["Resources"] == [{"ResourceType": "AWS::DynamoDB::Table", "ResourceName": name}]


def test_users_and_sessions_are_named(cloud: Cloud) -> None:
    iam, sts = cloud.client("iam"), cloud.client("sts")
    user = f"analyst-{cloud.region}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    as_key(cloud, "sqs", key).list_queues()
    role = f"arn:aws:iam::{ACCOUNT}:role/service"
    session = sts.assume_role(RoleArn=role, RoleSessionName="deploy-7")["Credentials"]
    as_key(cloud, "sqs", session["AccessKeyId"], aws_session_token=session["SessionToken"]).list_queues()
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    iam.delete_user(UserName=user)

    (by_user,) = look(cloud, "Username", user)
    assert record(by_user)["userIdentity"]["type"] == "IAMUser"
    by_role = record(look(cloud, "AccessKeyId", session["AccessKeyId"])[0])["userIdentity"]
    assert by_role["type"] == "AssumedRole"
    assert by_role["arn"].endswith("assumed-role/service/deploy-7")
    assert by_role["sessionContext"]["sessionIssuer"]["arn"] == role


def test_errors_and_secrets(cloud: Cloud) -> None:
    secrets = cloud.client("secretsmanager")
    name = f"trail-{cloud.region}"
    arn = secrets.create_secret(Name=name, SecretString="hush")["ARN"]
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ClientError):
        cloud.client("emr").describe_cluster(ClusterId="j-NONE")
    with pytest.raises(ClientError):
        cloud.client("ec2").delete_vpc(VpcId="vpc-00000000")

    made = look(cloud, "EventName", "CreateSecret")[0]
    assert "hush" not in json.dumps(made, default=str)
    assert record(look(cloud, "EventName", "DeleteSecret")[0])["requestParameters"]["secretId"] == arn
    refused = record(look(cloud, "EventName", "DescribeCluster")[0])
    assert refused["errorCode"] == "InvalidRequestException"
    assert record(look(cloud, "EventName", "DeleteVpc")[0])["errorCode"] == "InvalidVpcID.NotFound"


def test_rest_calls_have_names_and_data_events_are_left_out(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), f"trail-{cloud.region}"
    place = (
        {}
        if cloud.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    )
    s3.create_bucket(Bucket=bucket, **place)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    cloud.client("cloudwatch").describe_alarms()

    events = look(cloud, "ResourceName", bucket)
    assert [e["EventName"] for e in events] == ["DeleteBucket", "PutBucketTagging", "CreateBucket"]
    assert look(cloud, "EventName", "DescribeAlarms")[0]["EventSource"] == "monitoring.amazonaws.com"


def test_windows_and_pages(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    for number in range(5):
        sqs.list_queues(QueueNamePrefix=f"p{number}")
    trail = cloud.client("cloudtrail")
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "ListQueues"}]
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=attributes, PaginationConfig={"PageSize": 2}
    )
    ids = [e["EventId"] for page in pages for e in page["Events"]]
    assert len(ids) == len(set(ids)) >= 5

    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert trail.lookup_events(StartTime=now + hour)["Events"] == []
    assert trail.lookup_events(StartTime=now - hour, EndTime=now + hour, LookupAttributes=attributes)[
        "Events"
    ]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2},
            "InvalidLookupAttributes",
        ),
        (
            {"StartTime": datetime(2025, 2, 1, tzinfo=UTC), "EndTime": datetime(2025, 1, 1, tzinfo=UTC)},
            "InvalidTimeRange",
        ),
        ({"NextToken": "none"}, "InvalidNextToken"),
    ],
)
def test_wrong_look_ups_are_refused(cloud: Cloud, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        cloud.client("cloudtrail").lookup_events(**request_)


def test_names_of_data_events_are_operations() -> None:
    from botocore.session import get_session

    services = {"monitoring": "cloudwatch"}
    for service, operations in names.DATA.items():
        known = set(get_session().get_service_model(services.get(service, service)).operation_names)
        assert operations <= known

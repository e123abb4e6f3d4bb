"""Every service of the platform: which action and which resource a call is judged on."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud.iam import s3
from local.cloud.iam.requests import Request
from local.cloud.protocol import ApiCall
from tests.local.cloud.iam.conftest import ACCOUNT, REGION, Cloud, allow, refused

HERE = f"{REGION}:{ACCOUNT}"
CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", "*"),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["a"]}, "cloudwatch:DeleteAlarms",
     f"arn:aws:cloudwatch:{HERE}:alarm:a"),
    ("sns", "create_topic", {"Name": "t"}, "sns:CreateTopic", f"arn:aws:sns:{HERE}:t"),
    ("sqs", "create_queue", {"QueueName": "q"}, "sqs:CreateQueue", f"arn:aws:sqs:{HERE}:q"),
    ("dynamodb", "put_item", {"TableName": "t", "Item": {}}, "dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/t"),
    (
        "dynamodb", "query", {"TableName": "t", "KeyConditionExpression": "a = b"}, "dynamodb:Query",
        f"arn:aws:dynamodb:{HERE}:table/t",
    ),
    (
        "dynamodb", "query", {"TableName": "t", "IndexName": "by-a", "KeyConditionExpression": "a = b"},
        "dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t/index/by-a",
    ),
    (
        "dynamodb", "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}]}, "dynamodb:PutItem",
        f"arn:aws:dynamodb:{HERE}:table/t",
    ),
    ("events", "describe_rule", {"Name": "r"}, "events:DescribeRule", f"arn:aws:events:{HERE}:rule/r"),
    ("glue", "get_database", {"Name": "d"}, "glue:GetDatabase", f"arn:aws:glue:{HERE}:database/d"),
    ("glue", "get_table", {"DatabaseName": "d", "Name": "t"}, "glue:GetTable", f"arn:aws:glue:{HERE}:database/d"),
    (
        "secretsmanager", "get_secret_value", {"SecretId": "s"}, "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{HERE}:secret:s-??????",
    ),
    ("logs", "delete_log_group", {"logGroupName": "/a/b"}, "logs:DeleteLogGroup",
     f"arn:aws:logs:{HERE}:log-group:/a/b"),
    (
        "emr-serverless", "get_application", {"applicationId": "a1"}, "emr-serverless:GetApplication",
        f"arn:aws:emr-serverless:{HERE}:/applications/a1",
    ),
    (
        "emr-serverless", "get_job_run", {"applicationId": "a1", "jobRunId": "r1"}, "emr-serverless:GetJobRun",
        f"arn:aws:emr-serverless:{HERE}:/applications/a1/jobruns/r1",
    ),
    (
        "emr-containers", "describe_virtual_cluster", {"id": "v1"}, "emr-containers:DescribeVirtualCluster",
        f"arn:aws:emr-containers:{HERE}:/virtualclusters/v1",
    ),
    (
        "emr", "describe_step", {"ClusterId": "j-1", "StepId": "s-1"}, "elasticmapreduce:DescribeStep",
        f"arn:aws:elasticmapreduce:{HERE}:cluster/j-1",
    ),
    ("emr", "terminate_job_flows", {"JobFlowIds": ["j-1"]}, "elasticmapreduce:TerminateJobFlows",
     f"arn:aws:elasticmapreduce:{HERE}:cluster/j-1"),
    ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/r"),
    ("iam", "create_role", {"RoleName": "r", "Path": "/p/", "AssumeRolePolicyDocument": "{}"}, "iam:CreateRole",
     f"arn:aws:iam::{ACCOUNT}:role/p/r"),
    ("iam", "get_policy", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}, "iam:GetPolicy",
     f"arn:aws:iam::{ACCOUNT}:policy/p"),
    ("kms", "list_keys", {}, "kms:ListKeys", "*"),
    ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}, "ec2:TerminateInstances",
     f"arn:aws:ec2:{HERE}:instance/i-1"),
    ("ec2", "delete_tags", {"Resources": ["subnet-1"]}, "ec2:DeleteTags", f"arn:aws:ec2:{HERE}:subnet/subnet-1"),
    ("ec2", "delete_security_group", {"GroupId": "sg-1"}, "ec2:DeleteSecurityGroup",
     f"arn:aws:ec2:{HERE}:security-group/sg-1"),
    ("stepfunctions", "list_state_machines", {}, "states:ListStateMachines", "*"),
    ("cloudtrail", "lookup_events", {}, "cloudtrail:LookupEvents", "*"),
    ("glue", "create_database", {"DatabaseInput": {"Name": "d"}}, "glue:CreateDatabase",
     f"arn:aws:glue:{HERE}:database/d"),
    ("glue", "get_tags", {"ResourceArn": f"arn:aws:glue:{HERE}:database/d"}, "glue:GetTags",
     f"arn:aws:glue:{HERE}:database/d"),
    ("athena", "update_work_group", {"WorkGroup": "w"}, "athena:UpdateWorkGroup",
     f"arn:aws:athena:{HERE}:workgroup/w"),
    ("athena", "list_tags_for_resource", {"ResourceARN": f"arn:aws:athena:{HERE}:workgroup/w"},
     "athena:ListTagsForResource", f"arn:aws:athena:{HERE}:workgroup/w"),
    ("athena", "list_work_groups", {}, "athena:ListWorkGroups", "*"),
    ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources", "*"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "given", "action", "resource"), CALLS, ids=lambda v: str(v)[:24])
def test_a_call_is_judged_on_its_action_and_resource(
    aws: Cloud, service: str, call: str, given: dict[str, Any], action: str, resource: str
) -> None:
    code, message = refused(getattr(aws.user().client(service), call), **given)
    assert f"is not authorized to perform: {action} on resource: " in message, code
    assert f"on resource: {resource} because" in message.replace('"', "")


def test_what_is_allowed_so_passes(aws: Cloud) -> None:
    user = aws.user(
        allow("cloudwatch:ListMetrics", "states:ListStateMachines"),
        allow("sqs:CreateQueue", "sqs:SendMessage", on=f"arn:aws:sqs:{HERE}:mine"),
    )
    user.client("cloudwatch").list_metrics()
    user.client("stepfunctions").list_state_machines()
    sqs = user.client("sqs")
    url = sqs.create_queue(QueueName="mine")["QueueUrl"]
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    assert refused(sqs.purge_queue, QueueUrl=url)[0] == "AccessDeniedException"


def test_a_region_that_nobody_knows_breaks_nothing(aws: Cloud) -> None:
    kms = aws.client("kms", region="mars-1")
    assert refused(kms.describe_key, KeyId="1234")[0] not in ("InternalFailure", "500")


@pytest.mark.parametrize(("method", "action"), [("GET", "Get"), ("PUT", "Put"), ("DELETE", "Put")])
def test_what_holds_for_the_account_is_no_bucket(method: str, action: str) -> None:
    environ = {"REQUEST_METHOD": method, "RAW_URI": "/v20180820/configuration/publicAccessBlock"}
    request = Request.of(environ, ApiCall(service="s3", operation="", protocol="rest-xml"))
    assert s3.asked(request) == [(f"s3:{action}AccountPublicAccessBlock", "*")]

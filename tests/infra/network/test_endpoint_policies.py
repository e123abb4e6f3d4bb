"""What passes the VPC's endpoints, judged as the local IAM judges it."""

from __future__ import annotations

import json

import pytest

from infra.naming import ZONES, Names
from infra.network import endpoint_policies
from infra.security import statements as iam
from local.cloud.iam.judge import Policies, judge
from local.cloud.iam.language import Question, parse
from local.cloud.iam.principals import ANONYMOUS, Caller

NAMES = Names(stack="dev", region="us-east-1", account_id="111111111111", adopted={"landing": "acme-landing"})
EVERYTHING = parse('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
REPOSITORY = "arn:aws:s3:::al2023-repos-us-east-1-de612dc2"


def passes(policy: str, action: str, resource: str, account: str = NAMES.account_id) -> bool:
    """Whether a principal of `account` that may do everything ("" for one without credentials) gets through."""
    caller = ANONYMOUS
    if account:
        caller = Caller(kind="user", account=account, arn=f"arn:aws:iam::{account}:user/ann")
    context = {"aws:principalaccount": (account,)} if account else {}
    question = Question(caller=caller, action=action, resource=resource, context=context)
    return (
        judge(question, Policies(identity=[EVERYTHING], resource=EVERYONES, endpoint=parse(policy))) is None
    )


# As a public bucket's: so that only the endpoint decides.
EVERYONES = parse('{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}')


@pytest.mark.parametrize("zone", ZONES)
def test_this_stacks_buckets_are_reached_by_this_account_alone(zone: str) -> None:
    policy, bucket = endpoint_policies.s3_policy(NAMES), NAMES.bucket_arn(zone)
    assert all(passes(policy, action, bucket) for action in iam.BUCKET_ACTIONS)
    assert all(passes(policy, action, f"{bucket}/x") for action in iam.OBJECT_ACTIONS)
    for account in ("999999999999", ""):
        assert not passes(policy, "s3:GetObject", f"{bucket}/x", account)
        assert not passes(policy, "s3:PutObject", f"{bucket}/x", account)


@pytest.mark.parametrize(
    "bucket",
    ["arn:aws:s3:::someone-elses", "arn:aws:s3:::emr-prod-curated-111111111111-us-east-1", REPOSITORY],
)
def test_data_leaves_into_no_other_bucket(bucket: str) -> None:
    assert not passes(endpoint_policies.s3_policy(NAMES), "s3:PutObject", f"{bucket}/x")
    assert not passes(endpoint_policies.s3_policy(NAMES), "s3:ListBucket", bucket)


@pytest.mark.parametrize(
    "bucket",
    [
        "al2023-repos-us-east-1-de612dc2",
        "repo.us-east-1.emr.amazonaws.com",
        "aws157-instance-data-0-prod-us-east-1",
        "aws157-instance-data-1-prod-us-east-1",
    ],
)
def test_nodes_reach_what_emr_keeps_for_them_signed_or_not(bucket: str) -> None:
    policy = endpoint_policies.s3_policy(NAMES)
    for account in (NAMES.account_id, ""):
        assert passes(policy, "s3:GetObject", f"arn:aws:s3:::{bucket}/x", account)


@pytest.mark.parametrize("images", [True, False])
def test_layers_of_images_are_reached_where_nodes_pull_them(images: bool) -> None:
    policy = endpoint_policies.s3_policy(NAMES, images=images)
    layer = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/x"
    assert passes(policy, "s3:GetObject", layer, "") == images
    assert not passes(policy, "s3:PutObject", layer)


@pytest.mark.parametrize(
    ("region", "logs", "data"),
    [
        ("us-east-1", "aws157-logs-prod", "aws157-instance-data-0-prod-us-east-1"),
        ("eu-west-1", "aws157-logs-prod-eu-west-1", "aws157-instance-data-0-prod-eu-west-1"),
        (
            "ap-southeast-2",
            "aws157-logs-prod-ap-southeast-2",
            "aws157-instance-data-bucket-0-prod-ap-southeast-2",
        ),
    ],
)
def test_emrs_own_buckets_are_those_of_the_region(region: str, logs: str, data: str) -> None:
    policy = endpoint_policies.s3_policy(Names(stack="dev", region=region, account_id="1" * 12))
    assert passes(policy, "s3:PutObject", f"arn:aws:s3:::{logs}/x")
    assert passes(policy, "s3:GetObject", f"arn:aws:s3:::{data}/x")


def test_tables_are_those_of_this_account() -> None:
    policy = endpoint_policies.dynamodb_policy(NAMES)
    table = "arn:aws:dynamodb:us-east-1:{}:table/leases"
    assert passes(policy, "dynamodb:PutItem", table.format(NAMES.account_id))
    assert not passes(policy, "dynamodb:PutItem", table.format("999999999999"))
    assert not passes(policy, "dynamodb:PutItem", table.format(NAMES.account_id), "999999999999")
    assert not passes(policy, "dynamodb:DeleteTable", table.format(NAMES.account_id))


@pytest.mark.parametrize(
    ("service", "action"),
    [("kms", "kms:Decrypt"), ("monitoring", "cloudwatch:PutMetricData"), ("ecr.dkr", "ecr:BatchGetImage")],
)
def test_an_interface_endpoint_serves_its_service_and_this_account(service: str, action: str) -> None:
    policy = endpoint_policies.interface_policy(NAMES, service)
    assert passes(policy, action, "*")
    assert not passes(policy, action, "*", "999999999999")
    assert not passes(policy, "s3:GetObject", "*")


def test_policies_fit_into_an_endpoint() -> None:
    """20,480 characters: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"""
    assert len("".join(json.dumps(json.loads(endpoint_policies.s3_policy(NAMES))).split())) < 20_480

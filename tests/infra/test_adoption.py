"""A network, keys and buckets that are there already: what the program then makes, and what it leaves alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from infra.naming import KEYS, ZONES
from tests.infra.recording import Recorder, run_program, stack_config

Run = tuple[Recorder, dict[str, Any]]
VPC, SUBNETS = "vpc-0123456789abcdef0", ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
KEY = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"


def run(**changes: Any) -> Run:
    config = copy.deepcopy(stack_config("dev"))
    config.update({f"emr:{name}": value for name, value in changes.items()})
    return run_program("dev", config)


@pytest.fixture(scope="module")
def in_a_vpc() -> Run:
    return run(network={"adopt": {"vpc_id": VPC, "private_subnet_ids": SUBNETS}})


@pytest.fixture(scope="module")
def with_a_bucket() -> Run:
    storage = {"zones": {"landing": {"adopt": "acme-landing"}, "logs": {"adopt": "acme-logs"}}}
    return run(storage=storage, encryption={"adopt": {"landing": KEY, "logs": KEY}})


def test_of_an_adopted_vpc_only_the_groups_are_ours(in_a_vpc: Run) -> None:
    made, platform = in_a_vpc
    for kind in ("Vpc", "Subnet", "RouteTable", "VpcEndpoint", "FlowLog", "DefaultSecurityGroup", "LogGroup"):
        assert made.of(kind) == [], kind
    assert {group.inputs["vpcId"] for group in made.of("SecurityGroup")} == {VPC}
    assert {group.name for group in made.of("SecurityGroup")} == {"primary", "node", "service"}
    assert platform["network"] == {"vpc_id": VPC, "private_subnet_ids": SUBNETS}
    assert made.one("Cluster", "main").inputs["ec2Attributes"]["subnetIds"] == SUBNETS


def test_adopted_keys_seal_and_are_not_made(with_a_bucket: Run) -> None:
    made, platform = with_a_bucket
    others = {key for key in KEYS if key not in ("landing", "logs")}
    assert {key.name for key in made.of("Key")} == {alias.name for alias in made.of("Alias")} == others
    assert platform["keys"]["landing"] == KEY
    assert made.one("Cluster", "main").inputs["logEncryptionKmsKeyId"] == KEY


def test_an_adopted_bucket_is_left_as_it_is_and_used_by_name(with_a_bucket: Run) -> None:
    made, platform = with_a_bucket
    assert {bucket.name for bucket in made.of("Bucket")} == {"access-logs", *ZONES} - {"landing", "logs"}
    assert not any(
        resource.inputs.get("bucket") == "acme-landing"
        for resource in made.registered
        if resource.type.startswith("aws:s3/")
    )
    assert platform["buckets"]["landing"] == "acme-landing"
    assert platform["event_log_uri"] == "s3://acme-logs/spark-events/"
    folder = made.one("BucketObjectv2", "event-logs").inputs
    assert (folder["bucket"], folder["kmsKeyId"]) == ("acme-logs", KEY)
    configuration = json.loads(made.one("SecurityConfiguration", "emr-dev-clusters").inputs["configuration"])
    at_rest = configuration["EncryptionConfiguration"]["AtRestEncryptionConfiguration"]
    overrides = {each["BucketName"]: each for each in at_rest["S3EncryptionConfiguration"]["Overrides"]}
    assert overrides["acme-landing"]["AwsKmsKey"] == KEY


@pytest.mark.parametrize(("kind", "name"), [("RolePolicy", "job-nightly-etl"), ("Policy", "boundary")])
def test_an_input_in_an_adopted_bucket_is_reached_with_its_key(
    with_a_bucket: Run, kind: str, name: str
) -> None:
    made, _ = with_a_bucket
    statements = json.loads(made.one(kind, name).inputs["policy"])["Statement"]
    reached = {arn for each in statements for arn in each["Resource"]}
    assert any(arn.startswith("arn:aws:s3:::acme-landing/") for arn in reached)
    assert KEY in reached


def test_an_application_and_an_engine_with_tables_run_where_vpc_and_log_bucket_are_others() -> None:
    application = {"release": "emr-7.13.0", "ceiling": {"vcpus": 4, "memory_gb": 16, "disk_gb": 20}}
    main = copy.deepcopy(stack_config("dev")["emr:clusters"]["main"])
    made, platform = run(
        network={"adopt": {"vpc_id": VPC, "private_subnet_ids": SUBNETS}},
        storage={"zones": {"logs": {"adopt": "acme-logs"}}},
        encryption={"adopt": {"logs": KEY}},
        applications={"adhoc": application},
        clusters={"main": {**main, "engine": "spark_sql"}},
    )
    assert platform["applications"]["adhoc"]["log_uri"] == "s3://acme-logs/serverless/"
    rules = made.of("SecurityGroupIngressRule")
    assert not [rule for rule in rules if rule.name.startswith("endpoints-from")]

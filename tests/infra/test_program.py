"""The whole program under recording mocks: what each committed stack declares."""

from __future__ import annotations

import copy
import gc
import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

from infra.naming import KEYS, ZONES
from infra.tags import EMR_SCOPE_KEY
from tests.infra import recording
from tests.infra.recording import Recorder, run_program, stack_config

Run = tuple[Recorder, dict[str, Any]]

COMMON = {
    "Alias": 7,
    "Bucket": 7,
    "BucketLifecycleConfiguration": 7,
    "BucketLogging": 6,
    "BucketObjectv2": 1,
    "BucketOwnershipControls": 7,
    "BucketPolicy": 7,
    "BucketPublicAccessBlock": 7,
    "BucketServerSideEncryptionConfiguration": 7,
    "BucketVersioning": 7,
    "CatalogDatabase": 1,
    "Cluster": 1,
    "DefaultSecurityGroup": 1,
    "FlowLog": 1,
    "InstanceFleet": 1,
    "InstanceProfile": 1,
    "Key": 7,
    "LogGroup": 1,
    "ManagedScalingPolicy": 1,
    "MetricAlarm": 5,
    "Policy": 1,
    "Role": 9,
    "RolePolicy": 9,
    "SecurityConfiguration": 1,
    "SecurityGroup": 4,
    "SecurityGroupEgressRule": 11,
    "SecurityGroupIngressRule": 19,
    "Table": 1,
    "Topic": 2,
    "TopicPolicy": 2,
    "Vpc": 1,
    "Workgroup": 1,
    "aws": 1,
}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_no_private_key_is_in_what_a_stack_registers_or_exports(
    request: pytest.FixtureRequest, stack: str
) -> None:
    """State and plans hold what is registered; the nodes' keys are made beside them (docs/adr/0116)."""
    made, platform = request.getfixturevalue(stack)
    everything = json.dumps([[one.inputs for one in made.registered], platform], default=str)
    assert "emr-nodes.zip" in everything
    assert "PRIVATE KEY" not in everything


def test_dev_declares_these_resources(dev: Run) -> None:
    assert dev[0].inventory() == {
        **COMMON,
        "RouteTable": 2,
        "RouteTableAssociation": 2,
        "Subnet": 2,
        "VpcEndpoint": 5,
    }


def test_prod_declares_these_resources_and_no_way_out(prod: Run) -> None:
    assert prod[0].inventory() == {
        **COMMON,
        "Application": 1,
        "LogGroup": 2,
        "LogMetricFilter": 1,
        "MetricAlarm": 6,
        "StackReference": 1,
        "SecurityGroup": 5,
        "SecurityGroupEgressRule": 12,
        "SecurityGroupIngressRule": 20,
        "RouteTable": 3,
        "RouteTableAssociation": 3,
        "Subnet": 3,
        "VpcEndpoint": 14,
    }


def test_the_cost_of_a_month_is_an_output_of_every_preview() -> None:
    run_program("prod")
    root = get_root_resource()
    assert isinstance(root, Stack)
    cost = root.outputs["cost"]
    assert (cost["monthly_ceiling_usd"], cost["unknown"]) == (32000, [])
    assert 0 < cost["monthly_low_usd"] < cost["monthly_high_usd"] < 32000
    assert set(cost["prices_as_of"]) == {"prices", "services"}


@pytest.mark.parametrize(("nat", "gates"), [("one", 1), ("per_zone", 2)])
def test_nat_brings_public_subnets_and_one_route_a_zone(nat: str, gates: int) -> None:
    config = copy.deepcopy(stack_config("dev"))
    config["emr:network"]["nat"] = nat
    made, _ = run_program("dev", config)
    assert [len(made.of(kind)) for kind in ("NatGateway", "Eip", "InternetGateway")] == [gates, gates, 1]
    assert len(made.of("Subnet")) == 2 + gates
    ways = {route.name: route.inputs.get("natGatewayId") for route in made.of("Route")}
    used = {"us-east-1a": "nat-us-east-1a-id", "us-east-1b": f"nat-us-east-1{'b' if gates == 2 else 'a'}-id"}
    assert {f"private-{zone}-out": nat_id for zone, nat_id in used.items()}.items() <= ways.items()
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in made.of("Subnet"))


def test_every_resource_goes_through_the_provider_that_puts_the_tags_on(dev: Run) -> None:
    made, _ = dev
    provider = made.one("aws", "aws")
    strays = [
        r.name for r in made.registered if r is not provider and "pulumi:providers:aws::aws" not in r.provider
    ]
    assert strays == []
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert tags == {
        "environment": "dev",
        "owner": "data-platform",
        "cost-center": "analytics",
        "data-classification": "internal",
        "managed-by": "pulumi",
        "stack": "dev",
    }
    assert json.loads(provider.inputs["allowedAccountIds"]) == [recording.ACCOUNT]


def test_the_export_is_what_jobs_read(dev: Run) -> None:
    _, platform = dev
    bucket = "emr-dev-{}-111111111111-us-east-1"
    assert platform == {
        "schema_version": 1,
        "stack": "dev",
        "environment": "dev",
        "region": "us-east-1",
        "account_id": recording.ACCOUNT,
        "buckets": {zone: bucket.format(zone) for zone in ZONES},
        "keys": {key: f"arn:aws:kms:us-east-1:111111111111:key/{key}" for key in KEYS},
        "catalog": {
            "databases": {"curated": "emr_dev_curated"},
            "workgroup": "emr-dev",
            "query_results_uri": f"s3://{bucket.format('curated')}/athena-results/",
        },
        "network": {
            "vpc_id": "vpc-id",
            "private_subnet_ids": ["private-us-east-1a-id", "private-us-east-1b-id"],
        },
        "clusters": {
            "main": {
                "id": "main-id",
                "name": "emr-dev-main",
                "release_label": "emr-spark-8.0.0",
                "log_uri": f"s3://{bucket.format('logs')}/elasticmapreduce/",
                "security_configuration": "emr-dev-clusters",
                "bootstrap_seconds": 0,
            }
        },
        "coordination_table": "emr-dev-coordination",
        "launch_templates": {},
        "applications": {},
        "virtual_clusters": {},
        "roles": {
            **{
                role: f"arn:aws:iam::111111111111:role/emr-dev-{role}"
                for role in ("submitter", "deployer", "analyst", "engineer", "break-glass")
            },
            "jobs": {"nightly-etl": "arn:aws:iam::111111111111:role/emr-dev-job-nightly-etl"},
        },
        "topics": {
            severity: f"arn:aws:sns:us-east-1:111111111111:emr-dev-{severity}"
            for severity in ("page", "ticket")
        },
        "event_log_uri": f"s3://{bucket.format('logs')}/spark-events/",
    }


def test_what_emr_touches_carries_its_tag(dev: Run) -> None:
    made, _ = dev
    for kind in ("Cluster", "Subnet", "SecurityGroup"):
        for resource in made.of(kind):
            assert resource.inputs["tags"][EMR_SCOPE_KEY] == "true", resource.name


def test_every_role_has_the_boundary(dev: Run) -> None:
    made, _ = dev
    assert {role.inputs["permissionsBoundary"] for role in made.of("Role")} == {
        f"arn:aws:iam::{recording.ACCOUNT}:policy/emr-dev-boundary"
    }


def test_what_a_role_needs_is_its_components_input_and_its_policy_grants_just_that(dev: Run) -> None:
    made, _ = dev
    components = {each.name: each.inputs for each in made.components if each.type == "emr:security:Role"}
    assert set(components) == {role.name for role in made.of("Role")}
    for policy in made.of("RolePolicy"):
        granted = {each["Sid"]: each for each in json.loads(policy.inputs["policy"])["Statement"]}
        declared = {each["name"]: each for each in components[policy.name]["needs"]}
        assert granted.keys() == declared.keys()
        for name, need in declared.items():
            keys = [f"arn:aws:kms:us-east-1:{recording.ACCOUNT}:key/{key}" for key in need["keys"]]
            assert granted[name]["Action"] == need["actions"]
            assert granted[name]["Resource"] == sorted([*need["resources"], *keys])
            assert granted[name].get("Condition", {}) == need["condition"]


def test_the_program_does_without_the_collector_and_the_tests_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bool] = []
    with monkeypatch.context() as patched:
        patched.setattr(gc, "disable", lambda: said.append(True))
        run_program("dev")
    assert said == [True]
    run_program("dev")
    assert gc.isenabled()


def test_a_type_or_call_that_nobody_expected_raises() -> None:
    recorder = Recorder()
    stray = pulumi.runtime.MockResourceArgs("aws:sqs/queue:Queue", "stray", {})
    with pytest.raises(AssertionError, match="nobody expected a resource of type aws:sqs/queue:Queue"):
        recorder.new_resource(stray)
    with pytest.raises(AssertionError, match="nobody expected the program to ask aws:index/getRegion"):
        recorder.call(pulumi.runtime.MockCallArgs("aws:index/getRegion:getRegion", {}, ""))


@pytest.mark.parametrize(
    ("group", "wrong", "told"),
    [
        ("emr:network", {"nat": "two"}, r"emr:network\.nat: is \"two\"; allowed are"),
        ("emr:cost", {"monthly_ceiling_usd": 500}, r"emr:cost\.monthly_ceiling_usd: is 500, but a month may"),
    ],
)
def test_a_wrong_setting_stops_the_program_before_any_resource(
    group: str, wrong: dict[str, Any], told: str
) -> None:
    config = copy.deepcopy(stack_config("dev"))
    config[group].update(wrong)
    with pytest.raises(pulumi.RunError, match=told):
        run_program("dev", config)
    made = recording.LAST
    assert made is not None
    assert made.registered == []

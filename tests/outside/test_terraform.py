"""The real AWS provider, 3.39.0, on the dev platform: applied, planned, changed, replaced, imported, destroyed.

The tests stand in the order of a stack's life; each goes on where the one before it stopped.
"""

from __future__ import annotations

import ast
import json
import platform as platform_of_machine
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.provider import types
from tests.outside.conftest import Endpoint
from tests.outside.terraform import Terraform

pytestmark = [pytest.mark.xdist_group("outside"), pytest.mark.slow]
Attributes = Mapping[str, Any]

# How the provider finds each type again, where that is not the resource's id.
IMPORTS: Mapping[str, Callable[[Attributes], str]] = {
    "aws_emr_instance_fleet": lambda of: f"{of['cluster_id']}/{of['id']}",
    "aws_iam_role_policy_attachment": lambda of: f"{of['role']}/{of['policy_arn']}",
    "aws_route_table_association": lambda of: f"{of['subnet_id']}/{of['route_table_id']}",
    "aws_security_group_rule": lambda of: "_".join([
        of["security_group_id"], of["type"], "all" if of["protocol"] == "-1" else of["protocol"],
        str(of["from_port"]), str(of["to_port"]), of["source_security_group_id"],
    ]),
}  # fmt: skip
NOT_IMPORTED = {"aws_s3_bucket_object": "this version has no import for it"}
# Calls by which it changes what ours changes by others.
OTHERWISE = {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html
    "TagLogGroup": "on the path for deprecation; ours calls TagResource",
    "PutBucketLifecycle": "what CloudTrail calls PutBucketLifecycleConfiguration",
}
# What no API tells, or this version does not ask for: the provider's default, or nothing, stands there after an import.
NOT_READ_BACK: Mapping[str, set[str]] = {
    "aws_emr_cluster": {"configurations_json", "keep_job_flow_alive_when_no_steps"},
    "aws_emr_security_configuration": {"name_prefix"},
    "aws_iam_role_policy_attachment": {"id"},  # made up anew each time
    "aws_kms_key": {"deletion_window_in_days"},
    "aws_s3_bucket": {"acl", "force_destroy", "grant"},  # an imported bucket shows what its canned ACL grants
    "aws_security_group": {"revoke_rules_on_delete"},
}


@pytest.fixture(scope="module")
def platform(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The platform's configuration, with nothing of it there yet."""
    if (sys.platform, platform_of_machine.machine()) != ("linux", "x86_64"):
        pytest.skip("these builds of Terraform and of the provider are for Linux on x86-64")
    found = Terraform(folder=tmp_path_factory.mktemp("terraform") / "platform", endpoint=aws)
    found.init()
    return found


def test_it_is_applied_and_then_planned_clean(platform: Terraform) -> None:
    added, changed, gone = platform.apply()
    assert (added, changed, gone) == (len(platform.resources()), 0, 0)
    assert platform.plan() == ""


def test_it_is_changed_in_place(platform: Terraform) -> None:
    before = {name: of["id"] for name, of in platform.resources().items()}
    platform.variables |= {
        "step_concurrency": "3", "task_units": "2", "retention_days": "90", "owner": "someone-else",
    }  # fmt: skip
    added, changed, gone = platform.apply()
    assert (added, gone) == (0, 0)
    assert changed > 20  # whatever has tags, by the provider's default tags
    assert {name: of["id"] for name, of in platform.resources().items()} == before
    fleet = platform.resources()["aws_emr_instance_fleet.task"]
    assert (fleet["target_spot_capacity"], fleet["provisioned_spot_capacity"]) == (2, 2)
    assert platform.plan() == ""


def test_a_new_name_replaces_the_cluster_and_what_hangs_on_it(platform: Terraform, aws: Endpoint) -> None:
    before = platform.resources()["aws_emr_cluster.main"]["id"]
    platform.variables["cluster_name"] = "tf-dev-other"
    assert platform.apply() == (3, 0, 3)
    state = aws.client("emr").describe_cluster(ClusterId=before)["Cluster"]["Status"]["State"]
    assert state == "TERMINATED"
    assert platform.plan() == ""


def test_one_of_each_type_is_imported(platform: Terraform) -> None:
    platform("refresh")  # what other resources have changed since: a role's policies, a group's rules
    one_each: dict[str, tuple[str, dict[str, Any]]] = {}
    for address, attributes in platform.resources().items():
        one_each.setdefault(address.split(".")[0], (address, attributes))
    differences = {}
    for kind, (address, known) in one_each.items():
        if kind in NOT_IMPORTED:
            continue
        found = platform.imported(address, IMPORTS[kind](known) if kind in IMPORTS else str(known["id"]))
        before, after = _plain(known), _plain(found)
        differences[kind] = {name for name in known if before.get(name) != after.get(name)}
    told = {kind: found for kind, found in differences.items() if found}
    assert told == NOT_READ_BACK, "\n".join(f"{kind}: {sorted(found)}" for kind, found in told.items())


def _plain(value: Any) -> Any:
    """A value of an attribute without what a state says in several forms: nothing, and the order of a set."""
    if isinstance(value, Mapping):
        return {name: plain for name, inner in value.items() if (plain := _plain(inner))}
    if isinstance(value, list):
        return sorted((_plain(inner) for inner in value), key=repr)
    return value


def test_it_is_destroyed(platform: Terraform, aws: Endpoint) -> None:
    buckets = [of["id"] for name, of in platform.resources().items() if name.startswith("aws_s3_bucket.")]
    there = len(platform.resources())
    assert platform("destroy", "-auto-approve", "-input=false").said.strip().endswith(
        f"Destroy complete! Resources: {there} destroyed."
    )  # fmt: skip
    assert platform.resources() == {}
    assert not {b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]} & set(buckets)
    vpcs = aws.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert vpcs == []


def test_whatever_it_changed_our_provider_changes_by_the_same_calls(aws: Endpoint) -> None:
    told = aws.client("cloudtrail").get_paginator("lookup_events")
    changes = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    made = {
        event["EventName"]
        for page in told.paginate(LookupAttributes=changes)
        for event in page["Events"]
        if "HashiCorp" in json.loads(event["CloudTrailEvent"])["userAgent"]
    }
    assert {"RunJobFlow", "AddInstanceFleet", "CreateVpc", "CreateKey", "DeleteVpc"} <= made
    ours = _named_in_the_table()
    assert {name for name in made if not any(one.fullmatch(name) for one in ours)} == set(OTHERWISE)


def _named_in_the_table() -> list[re.Pattern[str]]:
    """The words in the code of our provider's types, operations among them; what a word is put together of is open."""
    trees = [ast.parse(file.read_text()) for file in Path(types.__file__).parent.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = [re.escape(n.value) for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    joined = [
        "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[A-Z][a-z]+"
            for part in node.values
        )
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and str(node.values[0].value)[:1].isupper()
    ]
    return [re.compile(pattern) for pattern in {*plain, *joined}]

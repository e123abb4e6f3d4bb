"""What a killed engine was creating: taken into the state under its known id, or forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from stacks import pending

ACCOUNT = "123456789012"


def entry(kind: str, title: str, /, **inputs: str) -> dict[str, Any]:
    """A resource as the engine writes it among the pending ones: no id yet."""
    return {"urn": f"urn:pulumi:dev::emr::{kind}::{title}", "type": kind, "custom": True, "inputs": inputs}


def state(
    *resources: dict[str, Any], pending: list[dict[str, Any]], kind: str = "creating"
) -> dict[str, Any]:
    """A deployment with pending operations."""
    operations = [{"type": kind, "resource": one} for one in pending]
    return {"resources": list(resources), "pending_operations": operations, "manifest": {"kept": True}}


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("aws:iam/role:Role", {"name": "emr-dev-node"}, "emr-dev-node"),
        ("aws:s3/bucket:Bucket", {"bucket": "emr-dev-logs"}, "emr-dev-logs"),
        ("aws:iam/policy:Policy", {"name": "boundary"}, f"arn:aws:iam::{ACCOUNT}:policy/boundary"),
        ("aws:iam/policy:Policy", {"name": "b", "path": "/x/"}, f"arn:aws:iam::{ACCOUNT}:policy/x/b"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            {"url": "https://token.example.com"},
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com",
        ),
        (
            "aws:cloudtrail/trail:Trail",
            {"name": "audit", "region": "eu-west-1"},
            f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit",
        ),
    ],
)
def test_a_named_one_is_looked_for_under_its_name(kind: str, inputs: dict[str, str], expected: str) -> None:
    settled = pending.settled(state(pending=[entry(kind, "one", **inputs)]), ACCOUNT)
    assert [(one["id"], one["outputs"]) for one in settled["resources"]] == [(expected, {})]
    assert settled["pending_operations"] == []
    assert settled["manifest"] == {"kept": True}


def test_one_whose_id_comes_from_aws_is_forgotten() -> None:
    settled = pending.settled(state(pending=[entry("aws:ec2/vpc:Vpc", "vpc")]), ACCOUNT)
    assert settled["resources"] == []


def test_a_policy_of_an_unknown_account_is_forgotten() -> None:
    settled = pending.settled(state(pending=[entry("aws:iam/policy:Policy", "p", name="p")]), None)
    assert settled["resources"] == []


def test_one_that_was_being_replaced_keeps_its_old_self() -> None:
    old = {**entry("aws:iam/role:Role", "node", name="old"), "id": "old"}
    new = entry("aws:iam/role:Role", "node", name="new")
    assert pending.settled(state(old, pending=[new]), ACCOUNT)["resources"] == [old]


def test_other_operations_are_left_to_the_engine() -> None:
    before = state(pending=[entry("aws:iam/role:Role", "node", name="n")], kind="deleting")
    assert pending.settled(before, ACCOUNT) == before
    assert pending.creates(before) == []


def test_a_trail_is_in_the_region_of_the_programs_provider_and_forgotten_where_there_is_none() -> None:
    trail = entry("aws:cloudtrail/trail:Trail", "audit", name="audit")
    provider = {**entry(pending.PROVIDER, "aws", region="eu-west-1"), "id": "1"}
    found = pending.settled(state(provider, pending=[trail]), ACCOUNT)["resources"][1:]
    assert [one["id"] for one in found] == [f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit"]
    assert pending.settled(state(pending=[trail]), ACCOUNT)["resources"] == []

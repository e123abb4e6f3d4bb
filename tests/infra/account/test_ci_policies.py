"""What CI may do: documents held against the calls of every type that the platform registers, and its own limits."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.account import ci_actions, ci_policies
from infra.account.settings import GithubSettings
from infra.naming import Names
from infra.security import key_policies
from infra.storage import bucket_policies
from local.provider.table import Call, Resource
from local.provider.types import RESOURCES
from policies import cases
from policies.rule import Level
from policies.rules import iam, iam_statements
from tests.infra.recording import EXPECTED_TYPES

Statement = dict[str, Any]
NAMES = Names(stack="account", region="us-east-1", account_id="111111111111")
# The longest region, so that what fits here fits everywhere.
FAR = Names(stack="account", region="ap-southeast-2", account_id="111111111111")
KEY = NAMES.arn("kms", "key/12345678-1234-1234-1234-123456789012")
READ, WRITE, BOUNDARY = (
    make(NAMES, KEY) for make in (ci_policies.read_policy, ci_policies.write_policy, ci_policies.boundary)
)
OPERATE = ci_policies.operate_policy(NAMES)
# What CI does not get, on purpose: data, keys and what people saved are deleted by people, and boundaries stay on.
WITHHELD = {
    "dynamodb:DeleteTable",
    "s3:DeleteBucket",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "iam:DeleteRolePermissionsBoundary",
    "athena:DeleteWorkGroup",
    "glue:DeleteDatabase",
    # Arguments that the program never sets.
    "ec2:ModifyVpcTenancy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
}
# Operations whose action has another name: S3's service authorization reference.
ACTIONS = {
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}


def statements(document: str, effect: str = "Allow") -> list[Statement]:
    return [one for one in json.loads(document)["Statement"] if one["Effect"] == effect]


def actions(document: str) -> set[str]:
    return {action for statement in statements(document) for action in statement["Action"]}


def covers(document: str, action: str, resource: str, effect: str = "Allow") -> bool:
    """Whether a statement is about it, conditions apart."""
    return any(
        any(fnmatchcase(action, each) for each in one["Action"])
        and any(fnmatchcase(resource, arn) for arn in one["Resource"])
        for one in statements(document, effect)
    )


def operations(row: Resource) -> Iterator[tuple[str, bool]]:
    """The actions that a type's calls need, and whether reading is enough to want them."""
    hooks = [hook for hook in (row.gone, row.settle, row.finish) if hook is not None]
    for part in row.reads:
        yield f"{part.call.service or row.service}:{part.call.op}", True
    for hook in hooks:
        for op in re.findall(r'call\(\s*"(\w+)"', inspect.getsource(hook)):
            yield f"{row.service}:{op}", True
    tags = [row.tagging.add, row.tagging.remove] if row.tagging else []
    for step in (row.create, *row.delete, *(s for change in row.changes for s in change.do), *tags):
        if isinstance(step, Call):
            yield f"{step.service or row.service}:{step.op}", False
        elif step is not None:
            for op in re.findall(r'call\(\s*"(\w+)"', inspect.getsource(step)):
                yield f"{row.service}:{op}", False


@pytest.mark.parametrize("token", sorted(EXPECTED_TYPES - {"pulumi:providers:aws"}))
def test_ci_may_do_what_every_type_of_the_platform_asks_for(token: str) -> None:
    read, write = actions(READ), actions(READ) | actions(WRITE) | actions(OPERATE)
    for operation, reading in operations(RESOURCES[token]):
        action = ACTIONS.get(operation, operation).replace("emr:", "elasticmapreduce:", 1)
        assert action in (read if reading else write | WITHHELD), action


def test_what_is_withheld_is_granted_nowhere() -> None:
    assert not (actions(READ) | actions(WRITE) | actions(OPERATE)) & WITHHELD


@pytest.mark.parametrize("document", [READ, WRITE, OPERATE], ids=["read", "write", "operate"])
def test_no_granted_action_is_a_wildcard_and_all_is_narrowed_to_region_or_names(document: str) -> None:
    for statement in statements(document):
        assert not any("*" in action for action in statement["Action"]), statement["Sid"]
        if "*" in statement["Resource"]:
            assert statement["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}


@pytest.mark.parametrize(
    "document", [READ, WRITE, OPERATE, BOUNDARY], ids=["read", "write", "operate", "boundary"]
)
def test_the_policy_pack_finds_nothing_in_it(document: str) -> None:
    case = cases.Case(
        kind="good",
        name="ci",
        resources=(cases.Given(type="aws:iam/policy:Policy", name="ci", props={"policy": document}),),
    )
    for rule in (*iam.RULES, *iam_statements.RULES):
        if rule.level is Level.DISABLED:
            continue  # a choice of each platform: no pattern at all is not ours
        assert cases.judge(rule, case).findings == (), rule.id


def test_reading_is_all_that_a_preview_may() -> None:
    verbs = {action.partition(":")[2] for action in actions(READ)}
    assert all(verb.startswith(("Describe", "Get", "List")) for verb in verbs - {"Decrypt"})


@pytest.mark.parametrize("document", [READ, WRITE, OPERATE], ids=["read", "write", "operate"])
def test_the_boundary_allows_whatever_is_granted(document: str) -> None:
    for statement in statements(document):
        for action in statement["Action"]:
            for arn in statement["Resource"]:
                assert covers(BOUNDARY, action, arn), f"{action} on {arn}"


@pytest.mark.parametrize("make", [ci_policies.read_policy, ci_policies.write_policy, ci_policies.boundary])
def test_a_managed_policy_holds_it_in_every_region(make: Any) -> None:
    assert len(re.sub(r"\s", "", make(FAR, FAR.arn("kms", "key/" + "0" * 36)))) <= 6144


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutRolePolicy", NAMES.role_arn("ci-apply")),
        ("iam:CreatePolicyVersion", "arn:aws:iam::111111111111:policy/emr-account-ci-boundary"),
        ("iam:PassRole", NAMES.role_arn("ci-apply")),
        ("s3:PutBucketPolicy", NAMES.bucket_arn("state")),
        ("s3:PutBucketPolicy", NAMES.bucket_arn("audit")),
        ("s3:DeleteObject", f"{NAMES.bucket_arn('state')}/.pulumi/stacks/emr-account/account.json"),
        (
            "s3:PutObject",
            f"{NAMES.bucket_arn('state')}/.pulumi/locks/organization/emr-account/account/1.json",
        ),
    ],
)
def test_the_accounts_own_is_out_of_reach_whatever_is_attached(action: str, resource: str) -> None:
    assert covers(BOUNDARY, action, resource, effect="Deny")
    platform = resource.replace("emr-account", "emr-dev")
    assert not covers(BOUNDARY, action, platform, effect="Deny")


def test_the_platforms_alarms_may_hang_on_the_trails_log_group_and_nothing_else_is_done_to_it() -> None:
    group = NAMES.arn("logs", "log-group:/emr-account/audit")
    assert covers(READ, "logs:DescribeMetricFilters", group)
    for action in ("logs:PutMetricFilter", "logs:DeleteMetricFilter"):
        assert covers(OPERATE, action, group)
        assert covers(BOUNDARY, action, group)
    for action in (*ci_actions.WRITE_LOGS, "logs:DeleteLogStream", "logs:PutSubscriptionFilter"):
        if action not in ci_actions.WRITE_FILTERS:
            assert not covers(BOUNDARY, action, group)
            assert not covers(BOUNDARY, action, f"{group}:log-stream:one")


def test_the_boundary_stops_changes_of_the_accounts_keys_and_knows_no_trail() -> None:
    (keys,) = [one for one in statements(BOUNDARY, "Deny") if one["Sid"] == "NeverOwnKeys"]
    assert keys["Condition"] == {"StringEquals": {"aws:ResourceTag/stack": "account"}}
    for action in (*ci_actions.CHANGE_KEYS, *ci_actions.CHANGE_ALIASES):
        assert covers(BOUNDARY, action, "arn:aws:kms:us-east-1:111111111111:key/one", "Deny"), action
    assert not any(action.startswith("cloudtrail:") for action in actions(BOUNDARY))


def test_a_role_is_made_stronger_only_under_a_boundary_of_the_platform() -> None:
    giving = [one for one in statements(WRITE) if set(one["Action"]) & set(ci_actions.GIVE)]
    bound = "arn:aws:iam::111111111111:policy/emr-*-boundary"
    assert [one["Condition"] for one in giving] == [{"ArnLike": {"iam:PermissionsBoundary": bound}}]


def test_roles_are_passed_by_name_to_one_service_each() -> None:
    passing = [one for one in statements(WRITE) if "iam:PassRole" in one["Action"]]
    assert {one["Resource"][0].rpartition("emr-*-")[2]: one["Condition"] for one in passing} == {
        role: {"StringEquals": {"iam:PassedToService": [service]}}
        for role, service in ci_policies.PASSED.items()
    }


def test_the_trust_names_the_repository_the_place_and_the_audience() -> None:
    github = GithubSettings(
        repository="acme/data",
        preview_branches=("main",),
        apply_branches=("main",),
        apply_environments=("prod",),
    )
    assert ci_policies.preview_subjects(github) == [
        "repo:acme/data:ref:refs/heads/main",
        "repo:acme/data:pull_request",
    ]
    assert ci_policies.apply_subjects(github) == [
        "repo:acme/data:ref:refs/heads/main",
        "repo:acme/data:environment:prod",
    ]
    (statement,) = statements(ci_policies.github_trust(NAMES, ci_policies.apply_subjects(github)))
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {
        "Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
    }
    assert (
        statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:aud"]
        == "sts.amazonaws.com"
    )


@given(
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9-]{0,20}/[A-Za-z0-9._-]{1,20}\Z"),
    st.lists(st.from_regex(r"\A[A-Za-z0-9._/-]{1,20}\Z"), max_size=3),
    st.lists(st.from_regex(r"\A[A-Za-z0-9._-]{1,20}\Z"), min_size=1, max_size=3),
)
def test_no_subject_is_a_pattern_and_none_is_of_both_roles_by_accident(
    repository: str, branches: list[str], environments: list[str]
) -> None:
    github = GithubSettings(
        repository=repository, apply_branches=tuple(branches), apply_environments=tuple(environments)
    )
    wanted = [*ci_policies.preview_subjects(github), *ci_policies.apply_subjects(github)]
    assert all(one.startswith(f"repo:{repository}:") and "*" not in one and "?" not in one for one in wanted)
    assert not set(ci_policies.preview_subjects(github)) & set(ci_policies.apply_subjects(github))


def test_cloudtrail_alone_writes_the_trail_and_for_this_trail_only() -> None:
    arn = "arn:aws:cloudtrail:us-east-1:111111111111:trail/emr-account-audit"
    for document in (
        bucket_policies.trail_policy(NAMES, "audit", "emr-account-audit"),
        key_policies.trail_key_policy(NAMES, "emr-account-audit", "/emr-account/audit"),
    ):
        services = [one for one in statements(document) if "Service" in one["Principal"]]
        own = [one for one in services if not one["Principal"]["Service"].startswith("logs.")]
        assert own
        for statement in own:
            assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
            assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == arn

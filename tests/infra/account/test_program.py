"""The account's program under recording mocks, and its settings."""

from __future__ import annotations

import copy
import json
from typing import Any

import pulumi
import pytest

from facts.errors import UserError
from infra.account.settings import LINKED_SERVICES, AccountSettings, declared
from infra.account_reference import exported_log_group
from infra.naming import Names
from infra.settings.loader import from_config
from tests.infra.recording import ACCOUNT, Recorder, beneath, run_account, stack_config

CONFIG = stack_config("account", "infra/account")
TREE = from_config(CONFIG)


@pytest.fixture(scope="module")
def account() -> tuple[Recorder, dict[str, Any]]:
    """What the program registers for the committed stack, and its export."""
    return run_account()


def test_the_account_declares_these_resources(account: tuple[Recorder, dict[str, Any]]) -> None:
    assert account[0].inventory() == {
        "AccountPublicAccessBlock": 1,
        "Alias": 2,
        "BlockPublicAccessConfiguration": 1,
        "Bucket": 3,
        "BucketLifecycleConfiguration": 3,
        "BucketLogging": 2,
        "BucketOwnershipControls": 3,
        "BucketPolicy": 3,
        "BucketPublicAccessBlock": 3,
        "BucketServerSideEncryptionConfiguration": 3,
        "BucketVersioning": 3,
        "Key": 2,
        "LogGroup": 1,
        "OpenIdConnectProvider": 1,
        "Policy": 4,
        "Role": 3,
        "RolePolicy": 1,
        "RolePolicyAttachment": 4,
        "ServiceLinkedRole": 3,
        "Trail": 1,
        "aws": 1,
    }


def test_every_resource_goes_through_the_programs_own_provider(
    account: tuple[Recorder, dict[str, Any]],
) -> None:
    recorder, _ = account
    assert all("::aws::" in made.provider for made in recorder.registered if made.name != "aws")
    (provider,) = recorder.of("aws")
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert tags["stack"] == tags["environment"] == "account"


def test_both_ci_roles_have_the_boundary_and_only_apply_can_write(
    account: tuple[Recorder, dict[str, Any]],
) -> None:
    recorder, _ = account
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/emr-account-ci-boundary"
    ci_roles = [role for role in recorder.of("Role") if role.name.startswith("ci-")]
    assert len(ci_roles) == 2
    assert {role.inputs["permissionsBoundary"] for role in ci_roles} == {boundary}
    attached = {
        (made.inputs["role"], made.inputs["policyArn"].rpartition("/")[2])
        for made in recorder.of("RolePolicyAttachment")
    }
    assert attached == {
        ("emr-account-ci-preview", "emr-account-ci-read"),
        ("emr-account-ci-apply", "emr-account-ci-read"),
        ("emr-account-ci-apply", "emr-account-ci-write"),
        ("emr-account-ci-apply", "emr-account-ci-operate"),
    }


def test_the_trail_is_of_all_regions_sealed_and_signed(account: tuple[Recorder, dict[str, Any]]) -> None:
    (trail,) = account[0].of("Trail")
    assert trail.inputs["isMultiRegionTrail"] is True
    assert trail.inputs["enableLogFileValidation"] is True
    assert trail.inputs["kmsKeyId"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/audit"
    assert trail.inputs["s3BucketName"] == f"emr-account-audit-{ACCOUNT}-us-east-1"


def test_the_trail_delivers_to_a_log_group_under_its_own_key_by_a_role_for_that_alone(
    account: tuple[Recorder, dict[str, Any]],
) -> None:
    recorder, told = account
    (trail,), (group,) = recorder.of("Trail"), recorder.of("LogGroup")
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/emr-account/audit"
    assert group.inputs["kmsKeyId"] == trail.inputs["kmsKeyId"]
    assert (group.inputs["name"], group.inputs["retentionInDays"]) == ("/emr-account/audit", 90)
    assert trail.inputs["cloudWatchLogsGroupArn"] == f"{arn}:*"
    role = recorder.one("Role", "audit-delivery").inputs
    assert trail.inputs["cloudWatchLogsRoleArn"].endswith(f":role/{role['name']}")
    (statement,) = json.loads(recorder.one("RolePolicy", "audit-delivery").inputs["policy"])["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == [f"{arn}:log-stream:{ACCOUNT}_CloudTrail_us-east-1*"]
    key = json.loads(recorder.one("Key", "audit").inputs["policy"])
    (logs,) = [one for one in key["Statement"] if one["Principal"].get("Service", "").startswith("logs.")]
    assert logs["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}}
    assert told["audit"]["log_group"] == group.inputs["name"]


def test_what_the_platform_reads_of_the_account_is_there(account: tuple[Recorder, dict[str, Any]]) -> None:
    names = Names(stack="dev", region="us-east-1", account_id=ACCOUNT)
    for exported in (account[1], beneath(ACCOUNT)):
        assert exported_log_group({"account": exported}, "a/b/c", names) == "/emr-account/audit"


def test_the_export_says_where_states_lie_and_which_roles_ci_takes(
    account: tuple[Recorder, dict[str, Any]],
) -> None:
    told = account[1]
    assert told["schema_version"] == 2
    assert (
        told["state"]["backend_url"]
        == f"s3://emr-account-state-{ACCOUNT}-us-east-1?region=us-east-1&awssdk=v2"
    )
    assert told["state"]["secrets_provider"] == "awskms://alias/emr-account/state?region=us-east-1&awssdk=v2"
    assert told["ci"]["apply_role_arn"] == f"arn:aws:iam::{ACCOUNT}:role/emr-account-ci-apply"
    assert json.loads(json.dumps(told)) == told


def test_what_is_adopted_is_no_resource_and_is_used_all_the_same() -> None:
    adopted = {
        "github_oidc_provider": "adopt",
        "emr_block_public_access": "adopt",
        "s3_public_access_block": "adopt",
        "service_linked_roles": dict.fromkeys(LINKED_SERVICES, "adopt"),
    }
    recorder, told = run_account({**CONFIG, "emr:ownership": adopted})
    kinds = (
        "OpenIdConnectProvider",
        "BlockPublicAccessConfiguration",
        "AccountPublicAccessBlock",
        "ServiceLinkedRole",
    )
    assert [made for kind in kinds for made in recorder.of(kind)] == []
    assert told["ownership"] == adopted
    assert told["ci"]["oidc_provider_arn"].endswith(":oidc-provider/token.actions.githubusercontent.com")


def test_a_role_that_is_named_leaves_the_others_the_stacks() -> None:
    named = {"service_linked_roles": {"spot.amazonaws.com": "adopt"}}
    roles = declared({**TREE, "ownership": named}).ownership.service_linked_roles
    assert roles == {**LINKED_SERVICES, "spot.amazonaws.com": "adopt"}


def test_a_mistake_ends_the_program_before_any_resource() -> None:
    with pytest.raises(pulumi.RunError, match=r"emr:githb: is no setting \(did you mean 'github'\?\)"):
        run_account({**CONFIG, "emr:githb": {}})


def test_all_mistakes_are_told_at_once() -> None:
    tree = copy.deepcopy(TREE)
    tree["github"] = {"repository": "no-owner", "preview_pull_requests": False, "apply_branches": ["a*"]}
    tree["ownership"] = {"service_linked_roles": {"ec2.amazonaws.com": "create"}}
    tree["audit"] = {
        "retention_days": 30,
        "log_group_retention_days": 100,
        "data_events": {"record": "reads", "adopted_buckets": ["A"], "leave_out": ["emr-"]},
    }
    with pytest.raises(UserError) as caught:
        declared(tree)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the stack's configuration has 8 mistakes:"
    assert [line.partition(": ")[0].strip() for line in lines[1:]] == [
        "emr:audit.data_events.adopted_buckets[0]",
        "emr:audit.data_events.leave_out[0]",
        "emr:audit.data_events.record",
        "emr:audit.log_group_retention_days",
        "emr:audit.retention_days",
        "emr:github.apply_branches[0]",
        "emr:github.repository",
        "emr:ownership.service_linked_roles.ec2.amazonaws.com",
    ]


@pytest.mark.parametrize(
    ("github", "said"),
    [
        ({"apply_branches": [], "apply_environments": []}, "emr:github.apply_environments: nobody may apply"),
        (
            {"preview_pull_requests": False, "preview_branches": []},
            "emr:github.preview_pull_requests: nobody may preview",
        ),
    ],
)
def test_a_role_that_nobody_could_take_is_a_mistake(github: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        declared({**TREE, "github": {**TREE["github"], **github}})


def test_an_account_has_one_stack() -> None:
    with pytest.raises(UserError, match="one stack, 'account', not 'dev'"):
        declared(TREE, "dev")


@pytest.mark.parametrize("turned", [(), ("protection",), ("storage",), ("protection", "storage")])
def test_data_goes_only_with_both_keys_turned(turned: tuple[str, ...]) -> None:
    keys = {"protection": {"allow_data_deletion": True}, "storage": {"deletable": True}}
    settings: AccountSettings = declared({**TREE, **{name: keys[name] for name in turned}})
    assert settings.data_may_be_deleted is (len(turned) == 2)

"""Who is to own what an account has once."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from emrctl import ownership
from emrctl.account import _tree
from facts.errors import UserError
from infra.account.settings import Owner, OwnershipSettings
from infra.naming import Names
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

NAMES = Names(stack="account", region="us-east-1", account_id="123456789012")
SPOT = ownership.linked("spot.amazonaws.com")
CREATE = ownership.settled(OwnershipSettings())


@pytest.mark.parametrize(
    ("said", "there", "ours", "wanted"),
    [
        ("create", True, False, "adopt"),  # somebody else's
        ("create", True, True, None),
        ("create", False, False, None),
        ("adopt", True, False, None),
        ("adopt", False, False, "create"),  # gone since
    ],
)
def test_what_is_there_is_adopted_what_is_not_is_made(
    said: Owner, there: bool, ours: bool, wanted: Owner | None
) -> None:
    changes = ownership.decide({SPOT: said}, {SPOT: there}, {SPOT} if ours else set())
    assert changes == ({SPOT: wanted} if wanted else {})


def test_what_the_stack_holds_is_not_given_away_unawares() -> None:
    with pytest.raises(UserError, match="would now delete it"):
        ownership.decide(
            {"github_oidc_provider": "adopt"}, {"github_oidc_provider": True}, {"github_oidc_provider"}
        )


def test_what_cannot_be_told_is_left_to_the_settings() -> None:
    assert ownership.decide({"s3_public_access_block": "adopt"}, {}, set()) == {}


def test_the_state_says_what_is_ours() -> None:
    kinds = [*ownership.TYPES, ownership.LINKED_ROLE, "aws:s3/bucket:Bucket"]
    resources = [{"type": kind, "inputs": {"awsServiceName": "spot.amazonaws.com"}} for kind in kinds]
    assert ownership.ours({"resources": resources}) == {*ownership.TYPES.values(), SPOT}
    assert ownership.ours({}) == set()


def test_choices_by_path_are_the_settings_tree() -> None:
    assert _tree({"github_oidc_provider": "adopt", SPOT: "adopt"}) == {
        "github_oidc_provider": "adopt",
        "service_linked_roles": {"spot.amazonaws.com": "adopt"},
    }


def test_an_account_is_asked_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with CloudServer(FakeRunner()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        session = boto3.Session(region_name="us-east-1")
        iam: Any = session.client("iam")
        emr: Any = session.client("emr")

        def found() -> Any:
            return ownership.found(session, NAMES, OwnershipSettings())

        empty = found()
        assert set(empty) == set(CREATE) - {"emr_block_public_access", "s3_public_access_block"}
        assert not any(empty.values())
        iam.create_service_linked_role(AWSServiceName="ops.emr-serverless.amazonaws.com")
        iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com")
        ports = [{"MinRange": 22, "MaxRange": 22}]
        closed = {"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": ports}
        emr.put_block_public_access_configuration(BlockPublicAccessConfiguration=closed)
        some = {path for path, there in found().items() if there}
        assert some == {"github_oidc_provider", ownership.linked("ops.emr-serverless.amazonaws.com")}
        emr.put_block_public_access_configuration(
            BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": False}
        )
        assert found()["emr_block_public_access"] is True
        assert "AWSServiceRoleForAmazonEMRServerless" in {
            role["RoleName"] for role in iam.list_roles()["Roles"]
        }

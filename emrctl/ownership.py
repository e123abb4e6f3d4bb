"""What of an account's once-only things is there already, and who is to own each: asked, then decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facts.errors import UserError
from infra.account import ci_policies
from infra.account.settings import Owner, OwnershipSettings
from infra.naming import Names

if TYPE_CHECKING:
    import boto3

# Type → the path of its choice below `emr:ownership`, for the things of which an account has one.
TYPES: Mapping[str, str] = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "github_oidc_provider",
    "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": "emr_block_public_access",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": "s3_public_access_block",
}
LINKED_ROLE = "aws:iam/serviceLinkedRole:ServiceLinkedRole"


def linked(service: str) -> str:
    """The path of the choice for a service's own role."""
    return f'service_linked_roles["{service}"]'


def settled(settings: OwnershipSettings) -> dict[str, Owner]:
    """The choices of the settings, by path."""
    roles: dict[str, Owner] = {linked(name): owner for name, owner in settings.service_linked_roles.items()}
    return {**{path: getattr(settings, path) for path in TYPES.values()}, **roles}


def ours(deployment: Mapping[str, Any]) -> set[str]:
    """The paths of what the stack's state holds."""
    found = set()
    for entry in deployment.get("resources") or []:
        if entry["type"] == LINKED_ROLE:
            found.add(linked(entry["inputs"]["awsServiceName"]))
        elif entry["type"] in TYPES:
            found.add(TYPES[entry["type"]])
    return found


def found(session: boto3.Session, names: Names, settings: OwnershipSettings) -> dict[str, bool]:
    """Path → whether it is in the account already, for what can be told.

    EMR refuses public clusters in every account from the start, so that only counts when somebody has changed it; S3's
    refusal is put over the one before without harm. Of both the settings' word stands.
    """
    there = {
        "github_oidc_provider": _is_there(
            session.client("iam").get_open_id_connect_provider,
            OpenIDConnectProviderArn=ci_policies.provider_arn(names),
        ),
        **{linked(service): False for service in settings.service_linked_roles},
        **{linked(service): True for service in linked_roles(session) & set(settings.service_linked_roles)},
    }
    return {**there, "emr_block_public_access": True} if _was_set(session) else there


def linked_roles(session: boto3.Session) -> set[str]:
    """The services that have their own role in the account."""
    pages = session.client("iam").get_paginator("list_roles").paginate(PathPrefix="/aws-service-role/")
    return {role["Path"].split("/")[2] for page in pages for role in page["Roles"]}


def decide(chosen: Mapping[str, Owner], found: Mapping[str, bool], ours: set[str]) -> dict[str, Owner]:
    """The choices that must change: what somebody else made is adopted, what nobody made is created.

    Raises UserError where the settings give away what the stack's state holds: an update would delete it.
    """
    changes: dict[str, Owner] = {}
    for path, owner in chosen.items():
        if path in ours:
            if owner == "adopt":
                raise UserError(
                    f"emr:ownership.{path} is 'adopt', but this stack made it and would now delete it; set it to "
                    "'create', or hand it over first with 'pulumi state delete'"
                )
            continue
        if path in found:
            wanted: Owner = "adopt" if found[path] else "create"
            if owner != wanted:
                changes[path] = wanted
    return changes


def _is_there(ask: Callable[..., Any], **params: str) -> bool:
    try:
        ask(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise
    return True


def _was_set(session: boto3.Session) -> bool:
    """Whether EMR's refusal of public clusters is other than what AWS gives every account: all closed, but port 22.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html
    """
    said = session.client("emr").get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    ports = [
        (one["MinRange"], one["MaxRange"]) for one in said.get("PermittedPublicSecurityGroupRuleRanges", [])
    ]
    return bool(said) and (not said["BlockPublicSecurityGroupRules"] or ports != [(22, 22)])

"""Whose an access key is: a user's, a role's session, or nobody's that moto knows, which stands for the account.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.iam.principals import Caller

MOST = 10_000  # identities remembered


@dataclass(frozen=True)
class Identity:
    """Who made a call: the name that look-ups go by, the account, and CloudTrail's `userIdentity`."""

    name: str
    account: str
    access_key: str
    document: Mapping[str, Any]


class Identities:
    """Finds whose an access key is; remembers it, so that a call's price is a look into a dictionary.

    `own` are keys that moto does not know: the home's, and those of services.
    """

    def __init__(self, own: Mapping[str, Identity]) -> None:
        self._own = own
        self._known: dict[str, Identity] = {}

    def of(self, access_key: str) -> Identity:
        """The identity behind `access_key`."""
        found = self._own.get(access_key) or self._known.get(access_key)
        if found is None:
            found = _session(access_key) or _user(access_key)
            if found is None:  # not remembered: the key may be made later
                return root(access_key)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[access_key] = found
        return found


def _user(access_key: str) -> Identity | None:
    models = sys.modules.get("moto.iam.models")
    for account, backend in _backends(models and models.iam_backends):
        for user in list(backend.users.values()):
            if any(key.access_key_id == access_key for key in user.access_keys):
                document = {
                    "type": "IAMUser", "principalId": user.id, "arn": user.arn, "accountId": account,
                    "accessKeyId": access_key, "userName": user.name,
                }  # fmt: skip
                return Identity(user.name, account, access_key, document)
    return None


def _session(access_key: str) -> Identity | None:
    models = sys.modules.get("moto.sts.models")
    for account, backend in _backends(models and models.sts_backends):
        for role in list(backend.assumed_roles):
            if role.access_key_id == access_key:
                name = role.role_arn.rpartition("/")[2]
                issuer = {
                    "type": "Role", "principalId": role.user_id.partition(":")[0], "arn": role.role_arn,
                    "accountId": account, "userName": name,
                }  # fmt: skip
                document = {
                    "type": "AssumedRole", "principalId": role.user_id, "arn": role.arn, "accountId": account,
                    "accessKeyId": access_key, "sessionContext": {"sessionIssuer": issuer},
                }  # fmt: skip
                return Identity(role.session_name, account, access_key, document)
    return None


def root(access_key: str) -> Identity:
    """The account itself."""
    from moto.core import DEFAULT_ACCOUNT_ID

    arn = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:root"
    document = {
        "type": "Root", "principalId": DEFAULT_ACCOUNT_ID, "arn": arn, "accountId": DEFAULT_ACCOUNT_ID,
        "accessKeyId": access_key,
    }  # fmt: skip
    return Identity("root", DEFAULT_ACCOUNT_ID, access_key, document)


def administrator(access_key: str, caller: Caller) -> Identity:
    """The user whose key the home has, where IAM is enforced."""
    name = caller.arn.rpartition("/")[2]
    document = {
        "type": "IAMUser", "principalId": caller.user_id, "arn": caller.arn, "accountId": caller.account,
        "accessKeyId": access_key, "userName": name,
    }  # fmt: skip
    return Identity(name, caller.account, access_key, document)


def service(access_key: str, principal: str, account: str) -> Identity:
    """A service that takes a role for what runs on it; CloudTrail gives it no name."""
    return Identity("", account, access_key, {"type": "AWSService", "invokedBy": principal})


def _backends(of_service: Any) -> list[tuple[str, Any]]:
    """Every backend of a service that is one for all regions, by account."""
    return [
        (account, backend) for account, regions in (of_service or {}).items() for backend in regions.values()
    ]

"""What a run is checked against in its account: roles, releases. Names in the forms of these services."""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Mapping
from typing import Any

from facts import releases

_ROLE = re.compile(r"arn:aws[a-zA-Z0-9-]*:iam::[0-9]{12}:role/[!-~]*[\w+=,.@-]+")
_LETTERS = string.ascii_lowercase + string.digits


def new_id(size: int, prefix: str = "") -> str:
    """A new name of `size` small letters and digits, with this prefix in it."""
    return prefix + "".join(random.choices(_LETTERS, k=size - len(prefix)))  # noqa: S311 a name, not a secret


def knows_release(label: str, account_id: str, region: str) -> bool:
    """Whether EMR has the release in this region."""
    from moto.emr.models import emr_backends

    return label in releases.labels() or label in emr_backends[account_id][region]._release_labels


def check_role(arn: str) -> None:
    """Raise ValidationError when `arn` is not one of a role; the pattern is that of the APIs' IAMRoleArn."""
    from local.cloud.runs.errors import ValidationError

    if _ROLE.fullmatch(arn) is None:
        raise ValidationError(
            f"Value '{arn}' at 'executionRoleArn' failed to satisfy constraint: Member must satisfy regular "
            f"expression pattern: {_ROLE.pattern}"
        )


def trust_policy(role_arn: str, partition: str) -> Mapping[str, Any] | None:
    """The trust policy of a role, None when there is no such role."""
    from moto.iam.models import iam_backends

    roles = iam_backends[role_arn.split(":")[4]][partition].get_roles()
    found = next((role for role in roles if role.arn == role_arn), None)
    if found is None:
        return None
    document = found.assume_role_policy_document
    policy: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    return policy


def trusts(policy: Mapping[str, Any], service: str) -> bool:
    """Whether a trust policy lets `service` assume its role; conditions are not judged."""
    statements = policy.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        named = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in ([named] if isinstance(named, str) else named):
            return True
    return False

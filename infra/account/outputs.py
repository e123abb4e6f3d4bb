"""The account's one export: what other stacks, workflows and tools need to know of it, as plain JSON."""

from __future__ import annotations

from typing import Any

from infra.account import ci_policies
from infra.account.github import Github
from infra.account.places import backend_url, secrets_provider
from infra.account.settings import AccountSettings
from infra.account.state import State
from infra.account.trail import Trail
from infra.naming import Names

# What infra/account_reference.py reads.
SCHEMA_VERSION = 2


def account(
    *, settings: AccountSettings, names: Names, state: State, trail: Trail, github: Github
) -> dict[str, Any]:
    """The export `account`; a reader refuses a `schema_version` that it does not know."""
    return {
        "schema_version": SCHEMA_VERSION,
        "region": names.region,
        "account_id": names.account_id,
        "state": {
            "bucket": state.zone.bucket.id,
            "key_arn": state.key.arn,
            "backend_url": backend_url(names),
            "secrets_provider": secrets_provider(names),
        },
        "ci": {
            "oidc_provider_arn": ci_policies.provider_arn(names),
            "preview_role_arn": github.preview.arn,
            "apply_role_arn": github.apply.arn,
        },
        "audit": {
            "trail_arn": trail.trail.arn,
            "bucket": trail.zone.bucket.id,
            "key_arn": trail.key.arn,
            "log_group": trail.group.name,
            "data_events": settings.audit.data_events.model_dump(mode="json"),
        },
        "ownership": settings.ownership.model_dump(mode="json"),
    }

"""Where the account keeps what, by name: for the program and for tools, which need not load it."""

from __future__ import annotations

from infra.naming import Names

# The buckets' zones, and what their keys and the trail are named after.
STATE = "state"
AUDIT = "audit"


def trail_log_group(names: Names) -> str:
    """The log group with the trail's events: not one of the stacks', which begin with /emr/ and are CI's to change."""
    return f"/{names.prefix}/{AUDIT}"


def backend_url(names: Names) -> str:
    """The engine's word for the bucket: what `pulumi login` takes."""
    return f"s3://{names.bucket(STATE)}?region={names.region}&awssdk=v2"


def secrets_provider(names: Names) -> str:
    """The engine's word for the key: what `pulumi stack init --secrets-provider` takes."""
    return f"awskms://{names.key_alias(STATE)}?region={names.region}&awssdk=v2"

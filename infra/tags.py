"""The tags that every resource carries, and the two that EMR's own permissions hang on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

# The service role may touch only what carries this tag; it is also the one that AWS's managed EMR policies ask for.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-iam-policies.html
EMR_SCOPE_KEY = "for-use-with-amazon-emr-managed-policies"
EMR_SCOPE: Mapping[str, str] = {EMR_SCOPE_KEY: "true"}

# The submitter may touch only what carries its stack's name in this tag.
STACK_KEY = "stack"

# Whose a cluster is: the stack's own, or a job's, which may be ended by who may start one.
LIFETIME_KEY = "lifetime"
OF_THE_STACK: Mapping[str, str] = {LIFETIME_KEY: "stack"}
OF_A_JOB: Mapping[str, str] = {LIFETIME_KEY: "job"}


class Tagged(Protocol):
    """What the settings of any stack say of it."""

    @property
    def environment(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def cost_center(self) -> str: ...
    @property
    def data_classification(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


def default_tags(settings: Tagged, stack: str) -> dict[str, str]:
    """What the provider puts on every taggable resource (its own `default_tags`)."""
    return {
        **settings.tags,
        "environment": settings.environment,
        "owner": settings.owner,
        "cost-center": settings.cost_center,
        "data-classification": settings.data_classification,
        "managed-by": "pulumi",
        STACK_KEY: stack,
    }

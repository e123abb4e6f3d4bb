"""What Pulumi.account.yaml may say. Read, validated and worded like the platform's stack files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from facts.errors import UserError
from facts.texts import text
from infra.naming import Names
from infra.settings import loader
from infra.settings.model import SettingsModel, refuse
from infra.settings.network import RetentionDays
from infra.settings.stack import AwsSettings, ProtectionSettings
from infra.settings.storage import BucketName
from infra.settings.tags import TagValue, tag_mistakes
from jobs.spec.values import TagKey

STACK = "account"

Owner = Literal["create", "adopt"]
# The services that act in the account under a role of their own, made once and for all:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/using-service-linked-roles.html (also -cleanup, -wal)
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-service-linked-roles.html
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
LinkedService = Literal[
    "elasticmapreduce.amazonaws.com",
    "emr-containers.amazonaws.com",
    "ops.emr-serverless.amazonaws.com",
    "spot.amazonaws.com",
]
LINKED_SERVICES: dict[LinkedService, Owner] = {
    "elasticmapreduce.amazonaws.com": "create",
    "ops.emr-serverless.amazonaws.com": "create",
    "spot.amazonaws.com": "create",
}
# Nothing in them is a wildcard for IAM, and `:` would begin another part of the token's subject.
Repository = Annotated[
    str, text(r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", "a repository on GitHub, as my-org/platform")
]
Branch = Annotated[str, text(r"^[A-Za-z0-9._/-]+$", "the name of a branch, as main", longest=200)]
# Nothing shorter than one stack: what is not recorded is said for each.
BucketPrefix = Annotated[
    str, text(r"^emr-[a-z0-9.-]+-$", "how names of a stack's buckets begin, as emr-dev-", longest=63)
]
Environment = Annotated[
    str, text(r"^[A-Za-z0-9._-]+$", "an environment of the repository, as prod", longest=100)
]


class GithubSettings(SettingsModel):
    """Who may take the CI roles: workflows of one repository, by where they run."""

    repository: Repository
    """The one repository, as owner/name."""
    preview_pull_requests: bool = True
    """Whether pull requests may preview. GitHub gives no token to those of forks."""
    preview_branches: tuple[Branch, ...] = ()
    """Branches whose workflows may preview."""
    apply_branches: tuple[Branch, ...] = ()
    """Branches whose workflows may apply; protect them."""
    apply_environments: tuple[Environment, ...] = ()
    """Deployment environments whose workflows may apply; give them reviewers."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> GithubSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        if not (self.apply_branches or self.apply_environments):
            yield "apply_environments: nobody may apply; name an environment here, or a branch in apply_branches"
        if not (self.preview_pull_requests or self.preview_branches):
            yield "preview_pull_requests: nobody may preview; set it to true, or name a branch in preview_branches"


class OwnershipSettings(SettingsModel):
    """Who owns what an account has only once: `create`, this stack; `adopt`, somebody else, and it is only used."""

    github_oidc_provider: Owner = "create"
    """The identity provider that GitHub's tokens come through."""
    emr_block_public_access: Owner = "create"
    """EMR's refusal of clusters that stand open to the internet."""
    s3_public_access_block: Owner = "create"
    """S3's refusal of anything public in the whole account."""
    service_linked_roles: dict[LinkedService, Owner] = Field(default_factory=lambda: dict(LINKED_SERVICES))
    """The roles that services act under, by service; those of EMR, EMR Serverless and spot are always among them."""

    @field_validator("service_linked_roles")
    @classmethod
    def _with_the_platforms_own(cls, value: dict[LinkedService, Owner]) -> dict[LinkedService, Owner]:
        return {**LINKED_SERVICES, **value}


class DataEventSettings(SettingsModel):
    """Which calls on objects are recorded, of the buckets of all stacks; each event recorded is paid for."""

    record: Literal["writes", "all", "none"] = "writes"
    """Writes and deletes, reads as well, or nothing; Spark reads far more than it writes, and each costs the same."""
    adopted_buckets: tuple[BucketName, ...] = Field(default=(), max_length=100)
    """Buckets that stacks adopt: their names say nothing, so they are named here."""
    leave_out: tuple[BucketPrefix, ...] = Field(default=(), max_length=100)
    """What names of buckets begin with that are not recorded, emr-dev-logs- for one; none: all of every stack."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> DataEventSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        if self.record == "none":
            for key in ("adopted_buckets", "leave_out"):
                if getattr(self, key):
                    yield f"{key}: stands beside record: none, which records nothing; remove one of the two"
        for index, bucket in enumerate(self.adopted_buckets):
            if bucket.startswith("emr-"):
                yield f"adopted_buckets[{index}]: '{bucket}' begins with emr- and is recorded by that; remove it"


class AuditSettings(SettingsModel):
    """The trail of every call that changes something in the account, and of calls on the stacks' data."""

    retention_days: int = Field(default=365, ge=90, le=3650)
    """How long the trail's files are kept."""
    log_group_retention_days: RetentionDays = 90
    """How long the log group has the same events, for alarms and queries."""
    data_events: DataEventSettings = DataEventSettings()
    """Calls on objects."""


class StateSettings(SettingsModel):
    """The bucket with the states of all stacks."""

    noncurrent_version_days: int = Field(default=90, ge=7, le=3650)
    """How long replaced states can be had back."""


class KeySettings(SettingsModel):
    """The KMS keys of the state and of the trail."""

    deletion_window_days: int = Field(default=30, ge=7, le=30)
    """How long a KMS key can be saved after its deletion."""
    rotation_days: int = Field(default=365, ge=90, le=2560)
    """How often AWS makes new material for each key."""


class DataSettings(SettingsModel):
    """`deletable` is the second of the two keys that a deletion of the account's data needs."""

    deletable: bool = False
    """Whether buckets and keys may be deleted: the second of two keys, beside protection.allow_data_deletion."""


class AccountSettings(SettingsModel):
    """Everything that Pulumi.account.yaml says."""

    aws: AwsSettings
    environment: Literal["account"] = "account"
    """A tag: what is tagged belongs to no environment but beneath all."""
    owner: TagValue
    """The team that answers for the account: a tag."""
    cost_center: TagValue
    """Who pays: a tag."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The highest class of what states and trail may name: a tag."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """More tags on everything."""
    github: GithubSettings
    """Who may take the CI roles."""
    ownership: OwnershipSettings = OwnershipSettings()
    """What this stack makes, and what it finds; `emrctl bootstrap` finds out and sets it."""
    audit: AuditSettings = AuditSettings()
    """The audit trail."""
    state: StateSettings = StateSettings()
    """Where the states of all stacks lie."""
    keys: KeySettings = KeySettings()
    """The KMS keys."""
    storage: DataSettings = DataSettings()
    """What happens to buckets and keys."""
    protection: ProtectionSettings = ProtectionSettings()
    """What stands before a deletion of data."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AccountSettings:
        refuse(tag_mistakes(self.tags))
        return self

    @property
    def data_may_be_deleted(self) -> bool:
        """Both keys are turned: state bucket, trail and keys may go."""
        return self.protection.allow_data_deletion and self.storage.deletable

    @property
    def names(self) -> Names:
        """Where the account is and what its resources are called."""
        return Names(stack=STACK, region=self.aws.region, account_id=self.aws.account_id)


def load() -> AccountSettings:
    """What the stack that is being deployed declares. Raises `pulumi.RunError`, before any resource is registered."""
    return loader.in_program(declared)


def declared(tree: Mapping[str, Any], stack: str = STACK) -> AccountSettings:
    """The settings of `tree` for `stack`. Raises UserError with every mistake."""
    if stack != STACK:
        raise UserError(
            f"the project of the account has one stack, '{STACK}', not '{stack}': an account is one"
        )
    return loader.parse_as(tree, AccountSettings)

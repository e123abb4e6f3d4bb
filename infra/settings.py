"""What a stack file may say: the tree under `emr:` in Pulumi.<stack>.yaml. Validated once, at the edge.

Units stand in the names; every default is the safe choice. `infra.settings_loader` reads the tree and words mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from facts import releases
from infra.cluster_settings import ClusterSettings, SettingsModel, refuse
from infra.network_settings import NetworkSettings
from infra.storage_settings import EncryptionSettings, StorageSettings

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html, "private subnet"
EMR_BY_ENDPOINT = 8

# What `infra.tags` sets itself.
PLATFORM_TAGS = ("environment", "owner", "cost-center", "data-classification", "managed-by", "stack")

ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
TagKey = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=128)]
TagValue = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=256)]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+$")]


class ProtectionSettings(SettingsModel):
    """`allow_data_deletion` is the first of the two keys that a deletion of data needs."""

    allow_data_deletion: bool = False
    """Whether a destroy may delete data: the first of two keys, beside storage.deletable."""


LogGroupName = Annotated[str, StringConstraints(pattern=r"^[\w./#-]+$", max_length=512)]
TopicArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$")]


class BreakGlassAlarmSettings(SettingsModel):
    """Who is told when someone takes the break-glass role, as the account's audit trail has it."""

    trail_log_group: LogGroupName
    """The log group that the account's audit trail writes to."""
    topic_arns: tuple[TopicArn, ...] = Field(min_length=1)
    """SNS topics that the alarm goes to."""


class IdentitySettings(SettingsModel):
    """Who may take the roles of people and their tools; nobody named: whom the account's own IAM allows."""

    trusted_arns: tuple[RoleArn, ...] = ()
    """Roles and users that may act as submitter and deployer; none named: whom the account's own IAM allows."""
    analyst_arns: tuple[RoleArn, ...] = ()
    """Roles and users that may ask curated data through Athena; none named: whom the account's own IAM allows."""
    engineer_arns: tuple[RoleArn, ...] = ()
    """Roles and users that may act as engineer; none named: whom the account's own IAM allows."""
    break_glass_arns: tuple[RoleArn, ...] = ()
    """Roles and users that may open a shell on a node, with a second factor; none named: as above."""
    break_glass_alarm: BreakGlassAlarmSettings | None = None
    """An alarm when someone takes the break-glass role; it needs the account's audit trail in a log group."""


class AwsSettings(SettingsModel):
    """Where the stack lives, from `aws:region` and `aws:allowedAccountIds`."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """The region of everything in the stack (aws:region)."""
    account_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    """The one account that the stack may be in (aws:allowedAccountIds)."""


class Settings(SettingsModel):
    """Everything that a stack file says."""

    aws: AwsSettings
    environment: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
    """dev, prod, …: part of every name, and a tag."""
    owner: TagValue
    """The team that answers for the stack: a tag."""
    cost_center: TagValue
    """Who pays: a tag."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The highest class of the data in it: a tag."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """More tags on everything."""
    network: NetworkSettings
    """The VPC."""
    encryption: EncryptionSettings = EncryptionSettings()
    """Keys and certificates."""
    storage: StorageSettings = StorageSettings()
    """Buckets and how long they keep what."""
    protection: ProtectionSettings = ProtectionSettings()
    """What stands before a deletion of data."""
    identity: IdentitySettings = IdentitySettings()
    """Who may act for the platform."""
    clusters: dict[ClusterName, ClusterSettings] = Field(min_length=1)
    """The persistent clusters, by name."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Settings:
        refuse(
            [
                *self._zone_mistakes(),
                *self._space_mistakes(),
                *self._tag_mistakes(),
                *self._adoption_mistakes(),
            ]
        )
        return self

    @property
    def data_may_be_deleted(self) -> bool:
        """Both keys are turned: buckets and keys may go, with what is in them."""
        return self.protection.allow_data_deletion and self.storage.deletable

    @property
    def production(self) -> bool:
        """Whether people change nothing by hand here: the environment's name begins with prod."""
        return self.environment.startswith("prod")

    @property
    def needs_emr_endpoint(self) -> bool:
        """Whether a cluster is of a release that reaches EMR itself through an endpoint of the VPC: 8 and later."""
        return any(
            releases.release(cluster.release).major >= EMR_BY_ENDPOINT for cluster in self.clusters.values()
        )

    def _zone_mistakes(self) -> Iterable[str]:
        for index, zone in enumerate(self.network.zones or ()):
            if not (zone.startswith(self.aws.region) and zone[len(self.aws.region) :].isalpha()):
                yield f"network.zones[{index}]: '{zone}' is no zone of {self.aws.region}, which aws:region names"

    def _space_mistakes(self) -> Iterable[str]:
        if self.network.adopt:
            return
        # A cluster lives in one zone, and every cluster may come to lie in the same one.
        nodes = sum(cluster.most_nodes() for cluster in self.clusters.values())
        endpoints = len(self.network.interface_endpoints) + self.needs_emr_endpoint
        needed = nodes + endpoints
        room = self.network.subnets().addresses_per_zone
        if needed > room:
            yield (
                f"network.cidr: '{self.network.cidr}' leaves {room} addresses a zone, but {nodes} nodes and "
                f"{endpoints} endpoints may need {needed}; take a larger block"
            )

    def _tag_mistakes(self) -> Iterable[str]:
        for key in self.tags:
            if key in PLATFORM_TAGS:
                yield f"tags.{key}: is set by the platform from a setting of its own; remove it here"
            elif key.startswith("aws:"):
                yield f"tags.{key}: begins with 'aws:', which AWS keeps for itself; take another name"

    def _adoption_mistakes(self) -> Iterable[str]:
        keys = self.encryption.adopt.arns()
        for key, arn in keys.items():
            if arn.split(":")[3] != self.aws.region:
                yield f"encryption.adopt.{key}: '{arn}' is no key of {self.aws.region}, which aws:region names"
        for zone, bucket in self.storage.zones.adopted().items():
            if zone not in keys:
                yield (
                    f"storage.zones.{zone}.adopt: '{bucket}' is sealed with a key of its owner's, which roles must "
                    f"be allowed to use; name it in encryption.adopt.{zone}"
                )

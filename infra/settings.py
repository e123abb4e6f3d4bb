"""What a stack file may say: the tree under `emr:` in Pulumi.<stack>.yaml. Validated once, at the edge.

Units stand in the names; every default is the safe choice. `infra.settings_loader` reads the tree and words mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from infra.cluster_settings import ClusterSettings, SettingsModel, refuse
from infra.network.cidr import Plan, plan

# What CloudWatch Logs accepts as a retention: API reference of PutRetentionPolicy.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653
]
# Services that a node or a job may have to reach without a way to the internet.
EndpointService = Literal[
    "ec2", "ecr.api", "ecr.dkr", "elasticmapreduce", "glue", "kms", "logs", "monitoring", "sns", "sqs", "sts"
]
# Every step assumes its job's role (sts), and disks and data are encrypted (kms): without them no step runs.
ESSENTIAL_ENDPOINTS: tuple[EndpointService, ...] = ("kms", "sts")

# What `infra.tags` sets itself.
PLATFORM_TAGS = ("environment", "owner", "cost-center", "data-classification", "managed-by", "stack")

ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
TagKey = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=128)]
TagValue = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=256)]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+$")]


class NetworkSettings(SettingsModel):
    """The VPC. A change of `cidr` or `zones` replaces subnets and with them every cluster."""

    cidr: str = "10.20.0.0/16"
    """The VPC's block: private, /16 to /24, with room for every node and endpoint."""
    zones: tuple[str, ...] = Field(min_length=2, max_length=3)
    """Availability zones of the region, by name, so that a new zone of AWS moves nothing."""
    nat: Literal["none", "one", "per_zone"] = "none"
    """Ways to the internet from the nodes."""
    interface_endpoints: tuple[EndpointService, ...] = ESSENTIAL_ENDPOINTS
    """AWS services that nodes reach without the internet, each a private endpoint with an hourly price."""
    flow_log_retention_days: RetentionDays = 90
    """How long the VPC's flow logs are kept."""

    @field_validator("cidr")
    @classmethod
    def _a_private_block(cls, value: str) -> str:
        try:
            block = IPv4Network(value)
        except ValueError:
            raise ValueError("must be an IPv4 block such as 10.20.0.0/16, with no host bits set") from None
        if not 16 <= block.prefixlen <= 24:
            raise ValueError("must be between /16 (the largest VPC) and /24 (the least that holds a cluster)")
        if not block.is_private:
            raise ValueError("must be a private block (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
        return value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> NetworkSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        for key, names in (("zones", self.zones), ("interface_endpoints", self.interface_endpoints)):
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield f"{key}: '{name}' stands twice; name each once"
        if self.nat == "none":
            for service in ESSENTIAL_ENDPOINTS:
                if service not in self.interface_endpoints:
                    yield (
                        f"interface_endpoints: '{service}' is missing while nat is 'none': no step can run without it; "
                        "add it, or set nat to 'one' or 'per_zone'"
                    )

    def subnets(self) -> Plan:
        """The subnets of this network."""
        return plan(IPv4Network(self.cidr), self.zones)


class EncryptionSettings(SettingsModel):
    """The KMS keys, and where the nodes' certificates are."""

    key_deletion_window_days: int = Field(default=30, ge=7, le=30)
    """How long a KMS key can be saved after its deletion."""
    key_rotation_days: int = Field(default=365, ge=90, le=2560)
    """How often AWS makes new material for each key."""
    certificates_object: Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)*\.zip$")] = (
        "certificates/emr-nodes.zip"
    )
    """A zip of PEM files that EMR installs on every node: an object in the artifacts bucket."""


class StorageSettings(SettingsModel):
    """The buckets. `deletable` is the second of the two keys that a deletion of data needs."""

    deletable: bool = False
    """Whether buckets and keys may be deleted: the second of two keys, beside protection.allow_data_deletion."""
    abort_upload_days: int = Field(default=7, ge=1, le=365)
    """Uploads that were never finished are dropped after so long."""
    noncurrent_version_days: int = Field(default=30, ge=1, le=3650)
    """Replaced and deleted objects are kept so long."""
    log_retention_days: int = Field(default=365, ge=1, le=3650)
    """Objects of the log bucket are kept so long."""


class ProtectionSettings(SettingsModel):
    """`allow_data_deletion` is the first of the two keys that a deletion of data needs."""

    allow_data_deletion: bool = False
    """Whether a destroy may delete data: the first of two keys, beside storage.deletable."""


class IdentitySettings(SettingsModel):
    """Who may act as the submitter and the deployer; nobody named: whom the account's own IAM allows."""

    trusted_arns: tuple[RoleArn, ...] = ()
    """Roles and users that may act as submitter and deployer; none named: whom the account's own IAM allows."""


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
        refuse([*self._zone_mistakes(), *self._space_mistakes(), *tag_mistakes(self.tags)])
        return self

    @property
    def data_may_be_deleted(self) -> bool:
        """Both keys are turned: buckets and keys may go, with what is in them."""
        return self.protection.allow_data_deletion and self.storage.deletable

    def _zone_mistakes(self) -> Iterable[str]:
        for index, zone in enumerate(self.network.zones):
            if not (zone.startswith(self.aws.region) and zone[len(self.aws.region) :].isalpha()):
                yield f"network.zones[{index}]: '{zone}' is no zone of {self.aws.region}, which aws:region names"

    def _space_mistakes(self) -> Iterable[str]:
        # A cluster lives in one zone, and every cluster may come to lie in the same one.
        nodes = sum(cluster.most_nodes() for cluster in self.clusters.values())
        needed = nodes + len(self.network.interface_endpoints)
        room = self.network.subnets().addresses_per_zone
        if needed > room:
            yield (
                f"network.cidr: '{self.network.cidr}' leaves {room} addresses a zone, but {nodes} nodes and "
                f"{len(self.network.interface_endpoints)} endpoints may need {needed}; take a larger block"
            )


def tag_mistakes(tags: Iterable[str]) -> Iterable[str]:
    """What is wrong with the keys of a stack's own tags."""
    for key in tags:
        if key in PLATFORM_TAGS:
            yield f"tags.{key}: is set by the platform from a setting of its own; remove it here"
        elif key.startswith("aws:"):
            yield f"tags.{key}: begins with 'aws:', which AWS keeps for itself; take another name"

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
    zones: tuple[str, ...] = Field(
        min_length=2, max_length=3
    )  # named, so that a new zone of AWS moves nothing
    nat: Literal["none", "one", "per_zone"] = "none"
    interface_endpoints: tuple[EndpointService, ...] = ESSENTIAL_ENDPOINTS
    flow_log_retention_days: RetentionDays = 90

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
    key_rotation_days: int = Field(default=365, ge=90, le=2560)
    # A zip of PEM files that EMR installs on every node; an object in the artifacts bucket.
    certificates_object: Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)*\.zip$")] = (
        "certificates/emr-nodes.zip"
    )


class StorageSettings(SettingsModel):
    """The buckets. `deletable` is the second of the two keys that a deletion of data needs."""

    deletable: bool = False
    abort_upload_days: int = Field(default=7, ge=1, le=365)
    noncurrent_version_days: int = Field(default=30, ge=1, le=3650)
    log_retention_days: int = Field(default=365, ge=1, le=3650)


class ProtectionSettings(SettingsModel):
    """`allow_data_deletion` is the first of the two keys that a deletion of data needs."""

    allow_data_deletion: bool = False


class IdentitySettings(SettingsModel):
    """Who may act as the submitter and the deployer; nobody named: whom the account's own IAM allows."""

    trusted_arns: tuple[RoleArn, ...] = ()


class AwsSettings(SettingsModel):
    """Where the stack lives, from `aws:region` and `aws:allowedAccountIds`."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    account_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class Settings(SettingsModel):
    """Everything that a stack file says."""

    aws: AwsSettings
    environment: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
    owner: TagValue
    cost_center: TagValue
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    network: NetworkSettings
    encryption: EncryptionSettings = EncryptionSettings()
    storage: StorageSettings = StorageSettings()
    protection: ProtectionSettings = ProtectionSettings()
    identity: IdentitySettings = IdentitySettings()
    clusters: dict[ClusterName, ClusterSettings] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Settings:
        refuse([*self._zone_mistakes(), *self._space_mistakes(), *self._tag_mistakes()])
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

    def _tag_mistakes(self) -> Iterable[str]:
        for key in self.tags:
            if key in PLATFORM_TAGS:
                yield f"tags.{key}: is set by the platform from a setting of its own; remove it here"
            elif key.startswith("aws:"):
                yield f"tags.{key}: begins with 'aws:', which AWS keeps for itself; take another name"

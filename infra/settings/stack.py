"""What a stack file may say: the tree under `emr:` in Pulumi.<stack>.yaml. Validated once, at the edge.

Units stand in the names; every default is the safe choice. `infra.settings.loader` reads the tree and words mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from facts import prices, releases
from facts.errors import UserError
from facts.texts import text
from infra.cost import ceiling
from infra.cost.estimate import estimate
from infra.settings import arns
from infra.settings.account import AccountReferenceSettings, BreakGlassAlarmSettings
from infra.settings.application import ApplicationSettings
from infra.settings.catalog import CatalogSettings
from infra.settings.cluster import ClusterSettings
from infra.settings.image import stack_mistakes as image_mistakes
from infra.settings.kerberos import KerberosSettings
from infra.settings.model import SettingsModel, refuse
from infra.settings.network import NetworkSettings
from infra.settings.storage import EncryptionSettings, StorageSettings
from infra.settings.tags import TagValue, number_mistakes, tag_mistakes
from infra.settings.virtual_cluster import VirtualClusterSettings
from jobs.spec.values import EnvironmentName, PlaceName, TagKey

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html, "private subnet"
EMR_BY_ENDPOINT = 8

RoleArn = Annotated[
    str,
    text(
        r"^arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+$",
        "the ARN of a role, a user or a session, as arn:aws:iam::123456789012:role/ci",
    ),
]


class ProtectionSettings(SettingsModel):
    """`allow_data_deletion` is the first of the two keys that a deletion of data needs."""

    allow_data_deletion: bool = False
    """Whether a destroy may delete data: the first of two keys, beside storage.deletable."""


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
    break_glass_alarm: BreakGlassAlarmSettings = BreakGlassAlarmSettings()
    """An alarm when someone takes the break-glass role; it needs emr:account."""


class CostSettings(SettingsModel):
    """What the stack may cost by dated list prices: `emrctl cost estimate` shows the sum, and what is not in it."""

    monthly_ceiling_usd: int | None = Field(default=None, ge=1, le=100_000_000)
    """The most that a month may cost at list prices, every fleet at its largest; a preview above it is refused."""


class AwsSettings(SettingsModel):
    """Where the stack lives, from `aws:region` and `aws:allowedAccountIds`."""

    region: Annotated[str, text(r"^[a-z]{2}(-[a-z]+)+-\d$", "a region, as us-east-1")]
    """The region of everything in the stack (aws:region)."""
    account_id: Annotated[str, text(r"^\d{12}$", "the 12 digits of an account, as 123456789012")]
    """The one account that the stack may be in (aws:allowedAccountIds)."""

    @field_validator("region")
    @classmethod
    def _known_partition(cls, region: str) -> str:
        """Policies would name services as China does not: `elasticmapreduce.amazonaws.com.cn` (ADR 0194)."""
        if region.startswith("cn-"):
            raise ValueError("AWS in China names services as the platform does not; take a region outside it")
        if (
            "-iso" in region
        ):  # us-iso-east-1, us-isob-east-1, eu-isoe-west-1, …: partitions of their own, as China is
            raise ValueError(
                "AWS's isolated regions name services as the platform does not; take another region"
            )
        return region


class Settings(SettingsModel):
    """Everything that a stack file says."""

    aws: AwsSettings
    environment: EnvironmentName
    """dev, prod, …: part of every name, and a tag."""
    owner: TagValue
    """The team that answers for the stack: a tag."""
    cost_center: TagValue
    """Who pays: a tag."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The highest class of the data in it: a tag."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """More tags on everything."""
    account: AccountReferenceSettings | None = None
    """The account beneath the stack; none: nothing is read of it, and nobody watches the break-glass role."""
    network: NetworkSettings
    """The VPC."""
    encryption: EncryptionSettings = EncryptionSettings()
    """Keys and certificates."""
    storage: StorageSettings = StorageSettings()
    """Buckets and how long they keep what."""
    catalog: CatalogSettings = CatalogSettings()
    """What analysts ask, and in what bounds."""
    protection: ProtectionSettings = ProtectionSettings()
    """What stands before a deletion of data."""
    identity: IdentitySettings = IdentitySettings()
    """Who may act for the platform."""
    cost: CostSettings = CostSettings()
    """What the stack may cost."""
    clusters: dict[PlaceName, ClusterSettings] = Field(default_factory=dict)
    """The clusters on EC2, by name; none where all jobs run on applications or virtual clusters."""
    applications: dict[PlaceName, ApplicationSettings] = Field(default_factory=dict)
    """EMR Serverless applications, by name."""
    virtual_clusters: dict[PlaceName, VirtualClusterSettings] = Field(default_factory=dict)
    """EMR on EKS virtual clusters that jobs run on, by name."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Settings:
        refuse(
            [
                *self._place_mistakes(),
                *self._zone_mistakes(),
                *self._space_mistakes(),
                *self._catalog_mistakes(),
                *self._image_mistakes(),
                *self._application_mistakes(),
                *self._bid_mistakes(),
                *tag_mistakes(self.tags),
                *number_mistakes(self.tags),
                *self._arn_mistakes(),
                *self._cost_mistakes(),
                *self._adoption_mistakes(),
                *self._alarm_mistakes(),
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

    @property
    def endpoints_a_zone(self) -> int:
        """How many interface endpoints the stack makes in each zone of its VPC."""
        if self.network.adopt is not None:
            return 0
        return len(self.network.interface_endpoints) + self.needs_emr_endpoint

    def standing_clusters(self) -> dict[str, ClusterSettings]:
        """The clusters that are resources of the stack."""
        return {name: cluster for name, cluster in self.clusters.items() if not cluster.ephemeral}

    def kerberized(self) -> dict[str, KerberosSettings]:
        """What the clusters say of Kerberos that have it, by name."""
        return {name: cluster.kerberos for name, cluster in self.clusters.items() if cluster.kerberos}

    def images(self) -> tuple[str, ...]:
        """The container images that clusters run Spark in, each once."""
        return tuple(sorted({cluster.image for cluster in self.clusters.values() if cluster.image}))

    def _zone_mistakes(self) -> Iterable[str]:
        for index, zone in enumerate(self.network.zones or ()):
            if not (zone.startswith(self.aws.region) and zone[len(self.aws.region) :].isalpha()):
                yield (
                    f"network.zones[{index}]: '{zone}' is no zone of {self.aws.region}, which aws:region names; "
                    "name one of its"
                )

    def _space_mistakes(self) -> Iterable[str]:
        if self.network.adopt:
            return
        # A cluster lives in one zone, and every cluster may come to lie in the same one.
        nodes = sum(cluster.most_nodes() for cluster in self.clusters.values())
        # Every worker has an address, and the smallest has one vCPU.
        nodes += sum(application.ceiling.vcpus for application in self.applications.values())
        endpoints = self.endpoints_a_zone
        needed = nodes + endpoints
        room = self.network.subnets().addresses_per_zone
        if needed > room:
            yield (
                f"network.cidr: '{self.network.cidr}' leaves {room} addresses a zone, but {nodes} nodes and "
                f"{endpoints} endpoints may need {needed}; take a larger block"
            )

    def _place_mistakes(self) -> Iterable[str]:
        if not (self.clusters or self.applications or self.virtual_clusters):
            yield "clusters: is {}; no job could run: name at least one of clusters, applications or virtual_clusters"

    def _catalog_mistakes(self) -> Iterable[str]:
        for name, cluster in self.clusters.items():
            if cluster.reads_glue and not self.network.reaches("glue"):
                yield (
                    f"network.interface_endpoints: 'glue' is missing, whose catalog the engine of cluster '{name}' "
                    "reads, while nat is 'none'; add it"
                )

    def _image_mistakes(self) -> Iterable[str]:
        for name, cluster in self.clusters.items():
            yield from image_mistakes(name, cluster.image, self.aws.region, self.network.reaches)

    def _bid_mistakes(self) -> Iterable[str]:
        """A group on spot is bid for in dollars, so its type must have a price."""
        for name, cluster in self.clusters.items():
            if cluster.nodes == "groups" and cluster.task and cluster.task.spot_units:
                try:
                    prices.price(cluster.task.types[0].name, self.aws.region)
                except UserError as error:
                    yield f"clusters.{name}.task.types: {error}; take a fleet (nodes: fleets), or another type"

    def _application_mistakes(self) -> Iterable[str]:
        for name in self.applications:
            if name in self.clusters:
                yield f"applications.{name}: has the name of a cluster; take another, or logs and alarms mix them up"
            if not self.network.reaches("logs"):
                yield (
                    f"network.interface_endpoints: 'logs' is missing, where the workers of application '{name}' write, "
                    "while nat is 'none'; add it"
                )

    def _cost_mistakes(self) -> Iterable[str]:
        if self.cost.monthly_ceiling_usd is not None:
            yield from ceiling.mistakes(self.cost.monthly_ceiling_usd, estimate(self))

    def _arn_mistakes(self) -> Iterable[str]:
        who, topics = self.identity, self.identity.break_glass_alarm.topic_arns
        named = {
            **arns.listed("identity.trusted_arns", who.trusted_arns),
            **arns.listed("identity.analyst_arns", who.analyst_arns),
            **arns.listed("identity.engineer_arns", who.engineer_arns),
            **arns.listed("identity.break_glass_arns", who.break_glass_arns),
            **{f"encryption.adopt.{key}": arn for key, arn in self.encryption.adopt.arns().items()},
        }
        yield from arns.of_another_world(self.aws.region, named)
        yield from arns.told_elsewhere(
            self.aws.region, arns.listed("identity.break_glass_alarm.topic_arns", topics)
        )

    def _alarm_mistakes(self) -> Iterable[str]:
        if self.identity.break_glass_alarm.topic_arns and self.account is None:
            yield (
                "identity.break_glass_alarm.topic_arns: are told nothing while the account's audit trail is not "
                "known; name it in emr:account"
            )

    def _adoption_mistakes(self) -> Iterable[str]:
        keys = self.encryption.adopt.arns()
        for key, arn in keys.items():
            if arn.split(":")[3] != self.aws.region:
                yield (
                    f"encryption.adopt.{key}: '{arn}' is no key of {self.aws.region}, which aws:region names; "
                    "name one of its"
                )
        for zone, bucket in self.storage.zones.adopted().items():
            if zone not in keys:
                yield (
                    f"storage.zones.{zone}.adopt: '{bucket}' is sealed with a key of its owner's, which roles must "
                    f"be allowed to use; name it in encryption.adopt.{zone}"
                )

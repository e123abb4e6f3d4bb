"""The settings of keys and buckets: made by the stack, or adopted; and how long what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, model_validator

from facts.texts import text
from infra.naming import KEYS, ZONES
from infra.settings.model import SettingsModel, refuse

KeyArn = Annotated[
    str,
    text(
        r"^arn:aws[a-z-]*:kms:[a-z]{2}(-[a-z]+)+-\d:\d{12}:key/[\w-]+$",
        "the ARN of a KMS key, as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BucketName = Annotated[
    str, text(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of a bucket, as my-data-landing")
]
# S3 moves nothing to Standard-IA that is younger:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
LEAST_DAYS_BEFORE_IA = 30

Days = Annotated[int, Field(ge=1, le=3650)]


class AdoptedKeysSettings(SettingsModel):
    """KMS keys that are there already, by ARN; what is not named is made. Rotation and policy are their owner's."""

    landing: KeyArn | None = None
    """The key of the landing bucket."""
    curated: KeyArn | None = None
    """The key of the curated bucket."""
    checkpoints: KeyArn | None = None
    """The key of the checkpoints bucket."""
    artifacts: KeyArn | None = None
    """The key of the artifacts bucket."""
    logs: KeyArn | None = None
    """The key of the log bucket and the log groups."""
    runs: KeyArn | None = None
    """The key of the run store."""
    volumes: KeyArn | None = None
    """The key of the nodes' disks."""

    def arns(self) -> dict[str, str]:
        """The keys that are adopted, by name."""
        return {name: str(arn) for name, arn in self if arn is not None}


class EncryptionSettings(SettingsModel):
    """The KMS keys, and where the nodes' certificates are."""

    adopt: AdoptedKeysSettings = AdoptedKeysSettings()
    """Keys that are there already."""
    key_deletion_window_days: int = Field(default=30, ge=7, le=30)
    """How long a KMS key can be saved after its deletion."""
    key_rotation_days: int = Field(default=365, ge=90, le=2560)
    """How often AWS makes new material for each key."""
    certificates_object: Annotated[
        str,
        text(r"^[\w.-]+(/[\w.-]+)*\.zip$", "a .zip in the artifacts bucket, as certificates/emr-nodes.zip"),
    ] = "certificates/emr-nodes.zip"
    """A zip of PEM files that EMR installs on every node: an object of the artifacts bucket, made by emrctl certs."""

    def made(self) -> tuple[str, ...]:
        """The keys that the stack makes, by name."""
        return tuple(key for key in KEYS if key not in self.adopt.arns())


class ZoneSettings(SettingsModel):
    """One bucket: made with this lifecycle, or adopted."""

    adopt: BucketName | None = None
    """A bucket that is there already; its lifecycle is its owner's, its key is named in encryption.adopt."""
    noncurrent_version_days: Days | None = None
    """Replaced and deleted objects are kept so long, where it is not what storage says for all."""
    expire_days: Days | None = None
    """Objects are deleted after so long; none: kept for ever."""
    infrequent_access_after_days: Annotated[int, Field(ge=LEAST_DAYS_BEFORE_IA, le=3650)] | None = None
    """Objects become Standard-IA after so long: cheaper to keep, dearer to read."""
    intelligent_tiering_after_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Objects become Intelligent-Tiering after so long: S3 finds by itself what is rarely read."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ZoneSettings:
        refuse(self._mistakes())
        return self

    @property
    def transition_after_days(self) -> int | None:
        """When objects leave the standard class, None: never."""
        if self.infrequent_access_after_days is not None:
            return self.infrequent_access_after_days
        return self.intelligent_tiering_after_days

    def _mistakes(self) -> Iterable[str]:
        if self.adopt is not None:
            for key in sorted(self.model_fields_set - {"adopt"}):
                yield (
                    f"{key}: stands beside adopt, but the lifecycle of an adopted bucket is its owner's; "
                    "remove one of the two"
                )
            return
        both = (self.infrequent_access_after_days, self.intelligent_tiering_after_days)
        if None not in both:
            yield (
                f"infrequent_access_after_days: is {both[0]} beside intelligent_tiering_after_days ({both[1]}); "
                "take one of the two classes"
            )
        moved = self.transition_after_days
        if self.expire_days is not None and moved is not None and self.expire_days <= moved:
            yield (
                f"expire_days: is {self.expire_days}, but objects change their class only after {moved} days; "
                "it must be more than that"
            )


class ZonesSettings(SettingsModel):
    """The buckets, each by its zone."""

    landing: ZoneSettings = ZoneSettings()
    """Data as it came."""
    curated: ZoneSettings = ZoneSettings()
    """What jobs made of it."""
    checkpoints: ZoneSettings = ZoneSettings()
    """Where streams and long jobs take up again."""
    artifacts: ZoneSettings = ZoneSettings()
    """Job packages; they never expire, since runs refer to them."""
    logs: ZoneSettings = ZoneSettings()
    """Logs of clusters and Spark's event logs; they expire after log_retention_days."""
    runs: ZoneSettings = ZoneSettings()
    """The run store."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ZonesSettings:
        refuse(self._mistakes())
        return self

    def of(self, zone: str) -> ZoneSettings:
        """The settings of one zone."""
        found: ZoneSettings = getattr(self, zone)
        return found

    def adopted(self) -> Mapping[str, str]:
        """The buckets that are adopted, by zone."""
        return {zone: bucket for zone in ZONES if (bucket := self.of(zone).adopt) is not None}

    def _mistakes(self) -> Iterable[str]:
        if self.artifacts.expire_days is not None:
            yield "artifacts.expire_days: is set, but runs refer to old packages, which are never deleted; remove it"
        if self.logs.expire_days is not None:
            yield "logs.expire_days: is set, but storage.log_retention_days says how long logs are kept; set that"
        buckets = list(self.adopted().values())
        for zone, bucket in self.adopted().items():
            if buckets.count(bucket) > 1:
                yield f"{zone}.adopt: '{bucket}' is named for more than one zone; each has a bucket of its own"


class StorageSettings(SettingsModel):
    """The buckets. `deletable` is the second of the two keys that a deletion of data needs."""

    deletable: bool = False
    """Whether buckets and keys may be deleted: the second of two keys, beside protection.allow_data_deletion."""
    abort_upload_days: int = Field(default=7, ge=1, le=365)
    """Uploads that were never finished are dropped after so long."""
    noncurrent_version_days: Days = 30
    """Replaced and deleted objects are kept so long."""
    log_retention_days: Days = 365
    """Objects of the log bucket are kept so long."""
    query_result_days: Days = 30
    """Results of analysts' queries are kept so long."""
    zones: ZonesSettings = ZonesSettings()
    """What single buckets have otherwise, and buckets that are there already."""

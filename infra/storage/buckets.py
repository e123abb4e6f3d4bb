"""The stack's buckets: data zones, artifacts, logs, the run store, and where their access logs go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import ZONES, Names
from infra.security.job_policies import EVENT_LOGS
from infra.security.people_policies import QUERY_RESULTS
from infra.settings.storage import StorageSettings
from infra.storage import bucket_policies
from infra.storage.lifecycle import Lifecycle
from infra.storage.zone import Zone, ZoneArgs
from jobs.spec import SHADOW

SHADOW_DAYS = 7  # what canaries wrote is there to be looked at; their report says what it was like


@dataclass(frozen=True, kw_only=True)
class BucketsArgs:
    """`key_arns`: the key of each zone, by the zone's name. `deletable`: both deletion keys are turned."""

    names: Names
    storage: StorageSettings
    key_arns: Mapping[str, pulumi.Input[str]]
    deletable: bool


class Buckets(pulumi.ComponentResource):
    """A bucket a zone, each sealed with its own key, and one for the access logs of all.

    A bucket that is adopted is only named: what it is like is its owner's.
    """

    def __init__(self, name: str, args: BucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:storage:Buckets", name, None, opts)
        # S3 delivers access logs only to a bucket under its own key (AES256), so they cannot go into `logs`:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        access_logs = self._zone(bucket_policies.ACCESS_LOGS, args, access_logs=None)
        self.zones: dict[str, Zone] = {
            zone: self._zone(zone, args, access_logs=access_logs)
            for zone in ZONES
            if zone not in args.names.adopted
        }
        self.names: dict[str, pulumi.Output[str]] = {
            zone: self.zones[zone].bucket.id
            if zone in self.zones
            else pulumi.Output.from_input(args.names.bucket(zone))
            for zone in ZONES
        }
        # Spark refuses to start when the folder of its event log is not there.
        self.event_logs = aws.s3.BucketObjectv2(
            "event-logs",
            bucket=self.names["logs"],
            key=EVENT_LOGS,
            content="",
            # What an adopted bucket seals with by itself is its owner's to say.
            kms_key_id=args.key_arns["logs"] if "logs" in args.names.adopted else None,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[made.sealed for zone, made in self.zones.items() if zone == "logs"]
            ),
        )
        self.register_outputs(dict(self.names))

    def _zone(self, zone: str, args: BucketsArgs, *, access_logs: Zone | None) -> Zone:
        policy = (
            bucket_policies.access_log_policy(args.names)
            if zone == bucket_policies.ACCESS_LOGS
            else bucket_policies.data_policy(args.names, zone)
        )
        return Zone(
            zone,
            ZoneArgs(
                bucket=args.names.bucket(zone),
                policy=policy,
                key_arn=args.key_arns.get(zone),
                access_logs=access_logs,
                lifecycle=lifecycle(args.storage, zone),
                deletable=args.deletable,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def lifecycle(storage: StorageSettings, zone: str) -> Lifecycle:
    """What the settings say of the objects in one bucket. A pure function."""
    if zone == bucket_policies.ACCESS_LOGS:
        return Lifecycle(
            abort_upload_days=storage.abort_upload_days,
            noncurrent_version_days=storage.noncurrent_version_days,
            expire_days=storage.log_retention_days,
        )
    said = storage.zones.of(zone)
    expiring = {"curated": {QUERY_RESULTS: storage.query_result_days}, "checkpoints": {SHADOW: SHADOW_DAYS}}
    return Lifecycle(
        abort_upload_days=storage.abort_upload_days,
        noncurrent_version_days=said.noncurrent_version_days or storage.noncurrent_version_days,
        expire_days=storage.log_retention_days if zone == "logs" else said.expire_days,
        expire_prefixes=expiring.get(zone, {}),
        infrequent_access_after_days=said.infrequent_access_after_days,
        intelligent_tiering_after_days=said.intelligent_tiering_after_days,
    )

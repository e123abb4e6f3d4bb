"""The stack's buckets: data zones, artifacts, logs, the run store, and where their access logs go."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import ZONES, Names
from infra.security.job_policies import EVENT_LOGS
from infra.settings import StorageSettings
from infra.storage import bucket_policies
from infra.storage.zone import Zone, ZoneArgs


@dataclass(frozen=True, kw_only=True)
class BucketsArgs:
    """`deletable`: both deletion keys are turned."""

    names: Names
    storage: StorageSettings
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    deletable: bool


class Buckets(pulumi.ComponentResource):
    """A bucket a zone, each sealed with the key of what it holds, and one for the access logs of all."""

    def __init__(self, name: str, args: BucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:storage:Buckets", name, None, opts)
        # S3 delivers access logs only to a bucket under its own key (AES256), so they cannot go into `logs`:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        access_logs = self._zone(bucket_policies.ACCESS_LOGS, args, key_arn=None, access_logs=None)
        self.zones: dict[str, Zone] = {
            zone: self._zone(
                zone,
                args,
                key_arn=args.logs_key_arn if zone == "logs" else args.data_key_arn,
                access_logs=access_logs,
            )
            for zone in ZONES
        }
        # Spark refuses to start when the folder of its event log is not there.
        self.event_logs = aws.s3.BucketObjectv2(
            "event-logs",
            bucket=self.zones["logs"].bucket.id,
            key=EVENT_LOGS,
            content="",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.zones["logs"].sealed]),
        )
        self.names: dict[str, pulumi.Output[str]] = {
            zone: made.bucket.id for zone, made in self.zones.items()
        }
        self.register_outputs(dict(self.names))

    def _zone(
        self,
        zone: str,
        args: BucketsArgs,
        *,
        key_arn: pulumi.Input[str] | None,
        access_logs: Zone | None,
    ) -> Zone:
        logs = zone in ("logs", bucket_policies.ACCESS_LOGS)
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
                key_arn=key_arn,
                access_logs=access_logs,
                abort_upload_days=args.storage.abort_upload_days,
                noncurrent_version_days=args.storage.noncurrent_version_days,
                expire_days=args.storage.log_retention_days if logs else None,
                deletable=args.deletable,
            ),
            pulumi.ResourceOptions(parent=self),
        )

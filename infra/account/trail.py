"""The audit trail: every call that changes something in the account, in all regions, sealed and signed."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account.places import AUDIT
from infra.account.settings import AccountSettings
from infra.naming import Names
from infra.security import key_policies
from infra.security.keys import sealed_key
from infra.storage import bucket_policies
from infra.storage.lifecycle import Lifecycle
from infra.storage.zone import Zone, ZoneArgs

# Uploads that CloudTrail never finished are dropped after so long.
STALE_UPLOAD_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class TrailArgs:
    """`access_logs` is the bucket that says who read the trail."""

    names: Names
    settings: AccountSettings
    access_logs: Zone


class Trail(pulumi.ComponentResource):
    """A trail of all regions with a bucket and a key of its own; its digests prove that no file was changed."""

    def __init__(self, name: str, args: TrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:account:Trail", name, None, opts)
        names, settings = args.names, args.settings
        title = names.role(AUDIT)
        self.key = sealed_key(
            AUDIT,
            names=names,
            what="audit trail",
            policy=key_policies.trail_key_policy(names, title),
            rotation_days=settings.keys.rotation_days,
            deletion_window_days=settings.keys.deletion_window_days,
            deletable=settings.data_may_be_deleted,
            parent=self,
        )
        self.zone = Zone(
            AUDIT,
            ZoneArgs(
                bucket=names.bucket(AUDIT),
                policy=bucket_policies.trail_policy(names, AUDIT, title),
                key_arn=self.key.arn,
                access_logs=args.access_logs,
                lifecycle=Lifecycle(
                    abort_upload_days=STALE_UPLOAD_DAYS,
                    noncurrent_version_days=settings.audit.retention_days,
                    expire_days=settings.audit.retention_days,
                ),
                deletable=settings.data_may_be_deleted,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.trail = aws.cloudtrail.Trail(
            AUDIT,
            name=title,
            s3_bucket_name=self.zone.bucket.id,
            kms_key_id=self.key.arn,
            enable_log_file_validation=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            # CloudTrail asks for a bucket that lets it write, before it makes a trail.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.zone.policy, self.zone.sealed]),
        )
        self.register_outputs({"arn": self.trail.arn})

"""The audit trail: calls in the account and on the stacks' objects, in all regions, sealed and signed."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account.places import AUDIT, trail_log_group
from infra.account.selectors import selectors
from infra.account.settings import AccountSettings
from infra.naming import Names
from infra.security import key_policies
from infra.security import statements as iam
from infra.security.keys import sealed_key
from infra.security.needs import Need
from infra.security.role import Role, RoleArgs
from infra.storage import bucket_policies
from infra.storage.lifecycle import Lifecycle
from infra.storage.zone import Zone, ZoneArgs

# Uploads that CloudTrail never finished are dropped after so long.
STALE_UPLOAD_DAYS = 7
# The delivery role's name, after the account's prefix.
DELIVERY = "audit-delivery"


def delivery_trust() -> str:
    """CloudTrail, which tests no aws:SourceArn and no aws:SourceAccount here.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    return iam.document(iam.trust("CloudTrail", {"Service": "cloudtrail.amazonaws.com"}))


def delivery_needs(names: Names) -> tuple[Need, ...]:
    """Write the streams that CloudTrail names after account and region, in this one group: the same page."""
    streams = f"log-group:{trail_log_group(names)}:log-stream:{names.account_id}_CloudTrail_{names.region}*"
    return (
        Need(
            name="WriteTrailEvents",
            why="The trail's events, for alarms and queries",
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resources=(names.arn("logs", streams),),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class TrailArgs:
    """`access_logs` is the bucket that says who read the trail."""

    names: Names
    settings: AccountSettings
    access_logs: Zone


class Trail(pulumi.ComponentResource):
    """A trail of all regions with a bucket, a log group and a key of its own.

    The digests in the bucket prove that no file was changed; the log group is for alarms.
    """

    def __init__(self, name: str, args: TrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:account:Trail", name, None, opts)
        names, settings = args.names, args.settings
        title = names.role(AUDIT)
        self.key = sealed_key(
            AUDIT,
            names=names,
            what="audit trail",
            policy=key_policies.trail_key_policy(names, title, trail_log_group(names)),
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
        self.group = aws.cloudwatch.LogGroup(
            AUDIT,
            name=trail_log_group(names),
            kms_key_id=self.key.arn,
            retention_in_days=settings.audit.log_group_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        delivery = Role(
            DELIVERY,
            RoleArgs(
                names=names,
                description="Delivers the audit trail to its log group",
                trust=delivery_trust(),
                needs=delivery_needs(names),
                boundary_arn=None,
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
            advanced_event_selectors=selectors(names, settings.audit.data_events),
            cloud_watch_logs_group_arn=self.group.arn.apply(lambda arn: f"{arn}:*"),
            cloud_watch_logs_role_arn=delivery.arn,
            # CloudTrail asks for a bucket and a log group that let it write, before it makes a trail.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.zone.policy, self.zone.sealed, delivery.policy]
            ),
        )
        self.register_outputs({"arn": self.trail.arn})

"""One bucket with everything that makes it safe."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.storage.lifecycle import Lifecycle, rules


@dataclass(frozen=True, kw_only=True)
class ZoneArgs:
    """One bucket.

    `key_arn` None: S3's own key, where S3 allows no other. `access_logs` None: its accesses are not logged.
    """

    bucket: str
    policy: str
    key_arn: pulumi.Input[str] | None
    access_logs: Zone | None
    lifecycle: Lifecycle
    deletable: bool


class Zone(pulumi.ComponentResource):
    """The bucket, its encryption, versions, lifecycle, ownership, policy and access log; never public."""

    def __init__(self, name: str, args: ZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:storage:Zone", name, None, opts)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=args.bucket,
            force_destroy=args.deletable,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.deletable),
        )
        child = pulumi.ResourceOptions(parent=self)
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=self.bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            # S3 refuses two changes of a bucket's access at once; so does the policy below.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        # What access logs must wait for: S3 takes no target that does not let it write.
        self.policy = aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.id,
            policy=args.policy,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        encryption = self._encryption(args.key_arn, child)
        self._history(args, child)
        if args.access_logs is not None:
            aws.s3.BucketLogging(
                name,
                bucket=self.bucket.id,
                target_bucket=args.access_logs.bucket.id,
                target_prefix=f"{name}/",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.access_logs.policy]),
            )
        # What a writer must wait for: an object put before is not sealed with the zone's key.
        self.sealed: pulumi.Resource = encryption
        self.register_outputs({"bucket": self.bucket.id})

    def _encryption(
        self, key_arn: pulumi.Input[str] | None, child: pulumi.ResourceOptions
    ) -> aws.s3.BucketServerSideEncryptionConfiguration:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            self._name,
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default,
                    # One call to KMS a bucket and a while, not one an object.
                    bucket_key_enabled=key_arn is not None,
                )
            ],
            opts=child,
        )

    def _history(self, args: ZoneArgs, child: pulumi.ResourceOptions) -> None:
        versioning = aws.s3.BucketVersioning(
            self._name,
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            self._name,
            bucket=self.bucket.id,
            rules=rules(args.lifecycle),
            # Rules about old versions mean nothing before versions are kept.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

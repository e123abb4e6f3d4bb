"""The stack's KMS keys: data, logs, volumes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import key_policies
from infra.security.job_policies import KeyArns
from infra.settings import EncryptionSettings


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """`deletable`: both deletion keys are turned."""

    names: Names
    encryption: EncryptionSettings
    deletable: bool


class Keys(pulumi.ComponentResource):
    """One key a purpose, so that who may read logs cannot read data.

    `data` seals the data zones, artifacts and run records; `logs` the log bucket and log groups; `volumes` disks.
    """

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:security:Keys", name, None, opts)
        names = args.names
        self.data = self._key(
            "data", "data zones, artifacts, run records", key_policies.data_key_policy(names), args
        )
        self.logs = self._key("logs", "log bucket and log groups", key_policies.logs_key_policy(names), args)
        self.volumes = self._key("volumes", "disks of nodes", key_policies.volumes_key_policy(names), args)
        self.arns: pulumi.Output[KeyArns] = pulumi.Output.all(
            data=self.data.arn, logs=self.logs.arn, volumes=self.volumes.arn
        ).apply(lambda arns: KeyArns(**arns))
        self.register_outputs({"data": self.data.arn, "logs": self.logs.arn, "volumes": self.volumes.arn})

    def _key(self, purpose: str, what: str, policy: str, args: KeysArgs) -> aws.kms.Key:
        return sealed_key(
            purpose,
            names=args.names,
            what=what,
            policy=policy,
            rotation_days=args.encryption.key_rotation_days,
            deletion_window_days=args.encryption.key_deletion_window_days,
            deletable=args.deletable,
            parent=self,
        )


def sealed_key(
    purpose: str,
    *,
    names: Names,
    what: str,
    policy: str,
    rotation_days: int,
    deletion_window_days: int,
    deletable: bool,
    parent: pulumi.Resource,
) -> aws.kms.Key:
    """A KMS key that rotates, with its alias; protected unless `deletable`: what a lost key sealed is lost too."""
    key = aws.kms.Key(
        purpose,
        description=f"{names.prefix}: {what}",
        policy=policy,
        enable_key_rotation=True,
        rotation_period_in_days=rotation_days,
        deletion_window_in_days=deletion_window_days,
        opts=pulumi.ResourceOptions(parent=parent, protect=not deletable),
    )
    aws.kms.Alias(
        purpose,
        name=names.key_alias(purpose),
        target_key_id=key.key_id,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return key

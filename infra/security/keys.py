"""The stack's KMS keys: one for each zone, one for the disks of nodes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import KEYS, Names
from infra.security import key_policies
from infra.security.needs import KeyArns
from infra.settings.storage import EncryptionSettings


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """`deletable`: both deletion keys are turned."""

    names: Names
    encryption: EncryptionSettings
    deletable: bool


class Keys(pulumi.ComponentResource):
    """One key a zone, so that who may read one zone cannot read another, whatever a bucket's policy comes to say.

    A key that is adopted is its owner's: rotation, policy and deletion are left alone.
    """

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:security:Keys", name, None, opts)
        adopted = args.encryption.adopt.arns()
        self.by_name: dict[str, pulumi.Output[str]] = {
            key: pulumi.Output.from_input(adopted[key]) if key in adopted else self._key(key, args).arn
            for key in KEYS
        }
        self.arns: pulumi.Output[KeyArns] = pulumi.Output.all(**self.by_name).apply(
            lambda arns: KeyArns(**arns)
        )
        self.register_outputs(dict(self.by_name))

    def _key(self, purpose: str, args: KeysArgs) -> aws.kms.Key:
        what = "disks of nodes" if purpose == "volumes" else f"the bucket {purpose}"
        if purpose == "logs":
            what += " and log groups"
        return sealed_key(
            purpose,
            names=args.names,
            what=what,
            policy=key_policies.key_policy(args.names, purpose),
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

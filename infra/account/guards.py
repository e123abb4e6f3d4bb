"""What an account has once for EMR: no cluster and no bucket open to the world, and the services' own roles."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account.settings import OwnershipSettings


@dataclass(frozen=True, kw_only=True)
class GuardsArgs:
    """`ownership` says what of it is this stack's."""

    ownership: OwnershipSettings


class Guards(pulumi.ComponentResource):
    """What is adopted is no resource here: it stays whose it is, also when this stack goes."""

    def __init__(self, name: str, args: GuardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:account:Guards", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args.ownership.emr_block_public_access == "create":
            # No port is excepted: EMR's default lets 22 stand open, and nobody comes by SSH here.
            aws.emr.BlockPublicAccessConfiguration(
                "emr-block-public-access", block_public_security_group_rules=True, opts=child
            )
        if args.ownership.s3_public_access_block == "create":
            aws.s3.AccountPublicAccessBlock(
                "s3-public-access-block",
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            )
        for service, owner in args.ownership.service_linked_roles.items():
            if owner == "create":
                aws.iam.ServiceLinkedRole(
                    service.removesuffix(".amazonaws.com"), aws_service_name=service, opts=child
                )
        self.register_outputs({})

"""The table of what all callers of jobs share: runs under way, their slots and tokens, and circuit breakers."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names


@dataclass(frozen=True, kw_only=True)
class CoordinationArgs:
    """`key_arn`: the key of the run store, whose history this is the present of. `deletable`: both keys are turned."""

    names: Names
    key_arn: pulumi.Input[str]
    deletable: bool


class Coordination(pulumi.ComponentResource):
    """One table, paid by request: it is small, and asked a few times a run."""

    def __init__(self, name: str, args: CoordinationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:storage:Coordination", name, None, opts)
        table = aws.dynamodb.Table(
            name,
            name=args.names.coordination_table,
            billing_mode="PAY_PER_REQUEST",
            hash_key="kind",
            range_key="id",
            attributes=[
                aws.dynamodb.TableAttributeArgs(name="kind", type="S"),
                aws.dynamodb.TableAttributeArgs(name="id", type="S"),
            ],
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(
                enabled=True, kms_key_arn=args.key_arn
            ),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            # What says nothing any more, as a breaker whose window has passed, goes by itself.
            ttl=aws.dynamodb.TableTtlArgs(enabled=True, attribute_name="expires"),
            deletion_protection_enabled=not args.deletable,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.deletable),
        )
        self.table_name: pulumi.Output[str] = table.name
        self.register_outputs({"table_name": table.name})

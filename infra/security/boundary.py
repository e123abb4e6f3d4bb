"""The permissions boundary that every role of the stack has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import boundary_policy
from infra.security.needs import KeyArns


@dataclass(frozen=True, kw_only=True)
class BoundaryArgs:
    """The boundary names the stack's keys and the `images` that nodes pull; all else it knows by name."""

    names: Names
    keys: pulumi.Output[KeyArns]
    images: Sequence[str] = ()


class Boundary(pulumi.ComponentResource):
    """One managed policy. It comes before every role, the network's included."""

    def __init__(self, name: str, args: BoundaryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:security:Boundary", name, None, opts)
        names = args.names
        policy = aws.iam.Policy(
            "boundary",
            name=names.role("boundary"),
            description=f"The most that any role of {names.prefix} can be given",
            policy=args.keys.apply(lambda keys: boundary_policy.boundary(names, keys, args.images)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn: pulumi.Output[str] = policy.arn
        self.register_outputs({"arn": self.arn})

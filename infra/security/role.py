"""A role as a component: what it is declared to need is its input, its policy follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import needs as declared
from infra.security.needs import KeyArns, Need

SESSION_SECONDS = 3600  # the least that IAM lets a role's longest session be


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """`trust` is the document of who may take the role. `keys` is needed where a need names one.

    `boundary_arn` is None for what only the account's administrator makes and changes.

    `after` are resources that must exist first: IAM takes no principal that does not.
    """

    names: Names
    description: str
    trust: str
    needs: tuple[Need, ...]
    boundary_arn: pulumi.Input[str] | None
    keys: pulumi.Output[KeyArns] | None = None
    after: Sequence[pulumi.Resource] = ()


class Role(pulumi.ComponentResource):
    """A role with the boundary, a name known beforehand, sessions of an hour, and one inline policy from its needs.

    `policy` is that inline policy: who uses the role must wait for it.
    """

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        told = [need.declared() for need in args.needs]
        super().__init__("emr:security:Role", name, {"needs": told}, opts)
        self.role = aws.iam.Role(
            name,
            name=args.names.role(name),
            description=args.description,
            assume_role_policy=args.trust,
            permissions_boundary=args.boundary_arn,
            max_session_duration=SESSION_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        text: pulumi.Input[str] = (
            declared.policy(args.needs)
            if args.keys is None
            else args.keys.apply(lambda arns: declared.policy(args.needs, arns))
        )
        self.policy = aws.iam.RolePolicy(
            name, name=name, role=self.role.name, policy=text, opts=pulumi.ResourceOptions(parent=self)
        )
        self.arn: pulumi.Output[str] = self.role.arn
        self.name: pulumi.Output[str] = self.role.name
        # As an output too: of a whole stack the policy pack sees outputs alone (ADR 0123).
        self.register_outputs({"arn": self.arn, "needs": told})

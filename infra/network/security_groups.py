"""The security groups of EMR's nodes and of the interface endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.network.rules import ANYWHERE, CLUSTER_RULES, ENDPOINT_RULES, Group, Rule
from infra.tags import EMR_SCOPE

PURPOSES: dict[Group, str] = {
    "primary": "Primary nodes of EMR clusters",
    "node": "Core and task nodes of EMR clusters",
    "service": "EMR reaches clusters in private subnets",
    "endpoints": "Interface endpoints of AWS services",
}


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """`with_endpoints`: the network has interface endpoints."""

    names: Names
    vpc_id: pulumi.Input[str]
    with_endpoints: bool


class SecurityGroups(pulumi.ComponentResource):
    """One group a purpose, each rule a resource of its own.

    So a rule that EMR adds itself is no drift. It adds what it misses, so what it needs between groups is said here
    (ADR 0120); whatever it adds all the same is revoked when a group goes.
    """

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:network:SecurityGroups", name, None, opts)
        wanted: list[Group] = ["primary", "node", "service"]
        if args.with_endpoints:
            wanted.append("endpoints")
        self.groups = {group: self._group(group, args) for group in wanted}
        self.rules: list[pulumi.Resource] = []
        self._add(CLUSTER_RULES)
        if args.with_endpoints:
            self._add(ENDPOINT_RULES)
        self.register_outputs({group: made.id for group, made in self.groups.items()})

    def group_id(self, group: Group) -> pulumi.Output[str]:
        """The id of one group."""
        made: pulumi.Output[str] = self.groups[group].id
        return made

    def _group(self, group: Group, args: SecurityGroupsArgs) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            group,
            description=PURPOSES[group],
            vpc_id=args.vpc_id,
            revoke_rules_on_delete=True,
            tags={"Name": f"{args.names.prefix}-{group}", **EMR_SCOPE},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _add(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            make = (
                aws.vpc.SecurityGroupIngressRule
                if rule.direction == "ingress"
                else aws.vpc.SecurityGroupEgressRule
            )
            first, last = rule.ports or (None, None)
            self.rules.append(
                make(
                    rule.name,
                    security_group_id=self.groups[rule.group].id,
                    description=rule.description,
                    ip_protocol=rule.protocol,
                    from_port=first,
                    to_port=last,
                    referenced_security_group_id=self.groups[rule.peer].id if rule.peer else None,
                    cidr_ipv4=None if rule.peer else ANYWHERE,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )

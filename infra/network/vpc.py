"""The VPC that a stack makes: private subnets for nodes, and a way out only where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.network import cidr
from infra.network.rules import ANYWHERE
from infra.settings.network import NetworkSettings
from infra.tags import EMR_SCOPE


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """Where, and which subnets."""

    names: Names
    network: NetworkSettings


class Vpc(pulumi.ComponentResource):
    """A VPC over two or three zones. `ways` is what a cluster must wait for: its nodes never report without routes."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:network:Vpc", name, None, opts)
        self._names, self._network = args.names, args.network
        self._child = pulumi.ResourceOptions(parent=self)
        self.ways: list[pulumi.Resource] = []
        plan = args.network.subnets()
        self.vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=str(plan.vpc),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._tags("vpc"),
            opts=self._child,
        )
        # The group that a machine gets when nobody thought of one lets nothing in or out.
        aws.ec2.DefaultSecurityGroup(
            "default", vpc_id=self.vpc.id, ingress=[], egress=[], tags=self._tags("closed"), opts=self._child
        )
        self.private = [self._subnet("private", zone) for zone in plan.zones]
        self._tables = [
            self._table(subnet, zone) for subnet, zone in zip(self.private, plan.zones, strict=True)
        ]
        if args.network.nat != "none":
            self._way_out(plan)
        self.vpc_id: pulumi.Output[str] = self.vpc.id
        self.private_subnet_ids: list[pulumi.Output[str]] = [subnet.id for subnet in self.private]
        self.private_table_ids: list[pulumi.Output[str]] = [table.id for table in self._tables]
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": self.private_subnet_ids})

    def _tags(self, title: str) -> dict[str, str]:
        return {"Name": f"{self._names.prefix}-{title}"}

    def _subnet(self, kind: str, zone: cidr.ZoneSubnets) -> aws.ec2.Subnet:
        block = zone.private if kind == "private" else zone.public
        scope = EMR_SCOPE if kind == "private" else {}
        return aws.ec2.Subnet(
            f"{kind}-{zone.zone}",
            vpc_id=self.vpc.id,
            availability_zone=zone.zone,
            cidr_block=str(block),
            map_public_ip_on_launch=False,
            tags={**self._tags(f"{kind}-{zone.zone}"), **scope},
            opts=self._child,
        )

    def _table(self, subnet: aws.ec2.Subnet, zone: cidr.ZoneSubnets) -> aws.ec2.RouteTable:
        title = f"private-{zone.zone}"
        table = aws.ec2.RouteTable(title, vpc_id=self.vpc.id, tags=self._tags(title), opts=self._child)
        self.ways.append(
            aws.ec2.RouteTableAssociation(
                title, subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
        )
        return table

    def _way_out(self, plan: cidr.Plan) -> None:
        """Public subnets, an internet gateway, and one NAT gateway or one a zone."""
        gateway = aws.ec2.InternetGateway(
            "internet", vpc_id=self.vpc.id, tags=self._tags("internet"), opts=self._child
        )
        public = aws.ec2.RouteTable("public", vpc_id=self.vpc.id, tags=self._tags("public"), opts=self._child)
        aws.ec2.Route(
            "public-out",
            route_table_id=public.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        zones = plan.zones if self._network.nat == "per_zone" else plan.zones[:1]
        gates = [self._nat(zone, public, gateway) for zone in zones]
        for index, (table, zone) in enumerate(zip(self._tables, plan.zones, strict=True)):
            self.ways.append(
                aws.ec2.Route(
                    f"private-{zone.zone}-out",
                    route_table_id=table.id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=gates[index % len(gates)].id,
                    opts=self._child,
                )
            )

    def _nat(
        self, zone: cidr.ZoneSubnets, public: aws.ec2.RouteTable, gateway: aws.ec2.InternetGateway
    ) -> aws.ec2.NatGateway:
        title = f"nat-{zone.zone}"
        subnet = self._subnet("public", zone)
        aws.ec2.RouteTableAssociation(
            f"public-{zone.zone}", subnet_id=subnet.id, route_table_id=public.id, opts=self._child
        )
        # An address cannot be taken, nor a NAT gateway work, before the VPC has its internet gateway.
        after = pulumi.ResourceOptions(parent=self, depends_on=[gateway])
        address = aws.ec2.Eip(title, domain="vpc", tags=self._tags(title), opts=after)
        return aws.ec2.NatGateway(
            title, subnet_id=subnet.id, allocation_id=address.id, tags=self._tags(title), opts=after
        )

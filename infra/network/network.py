"""The network of the nodes: a VPC of the stack's own, or one that is there already."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infra.naming import Names
from infra.network.endpoints import Endpoints, EndpointsArgs
from infra.network.flow_logs import FlowLogs, FlowLogsArgs
from infra.network.security_groups import SecurityGroups, SecurityGroupsArgs
from infra.network.vpc import Vpc, VpcArgs
from infra.settings.network import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`key_arn` is the logs key, for the flow logs; `boundary_arn` bounds the role that writes them.

    `emr_endpoint`: nodes reach EMR itself through an endpoint. `images`: they pull container images from ECR.
    """

    names: Names
    network: NetworkSettings
    emr_endpoint: bool
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    images: bool = False


class Network(pulumi.ComponentResource):
    """Private subnets of one VPC, and the security groups of nodes in it.

    `ways` is what a cluster must wait for: without routes, endpoints and rules its nodes never report.
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: list[pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:network:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        adopted = args.network.adopt
        self.ways: list[pulumi.Resource] = []
        if adopted:
            self.vpc_id = pulumi.Output.from_input(adopted.vpc_id)
            self.private_subnet_ids = [pulumi.Output.from_input(each) for each in adopted.private_subnet_ids]
            made = None
        else:
            made = Vpc("vpc", VpcArgs(names=args.names, network=args.network), child)
            self.vpc_id, self.private_subnet_ids = made.vpc_id, made.private_subnet_ids
            self.ways.extend(made.ways)
        with_endpoints = made is not None and bool(args.network.interface_endpoints)
        self.groups = SecurityGroups(
            "groups",
            SecurityGroupsArgs(names=args.names, vpc_id=self.vpc_id, with_endpoints=with_endpoints),
            child,
        )
        self.ways.extend(self.groups.rules)
        if made:
            self._services(made, args)
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": self.private_subnet_ids})

    @property
    def endpoints_group_id(self) -> pulumi.Output[str] | None:
        """The group of the interface endpoints; None where there are none, or they are others'."""
        return self.groups.group_id("endpoints") if "endpoints" in self.groups.groups else None

    def _services(self, made: Vpc, args: NetworkArgs) -> None:
        """What an own VPC has beside subnets: endpoints and flow logs."""
        child = pulumi.ResourceOptions(parent=self)
        endpoints = Endpoints(
            "endpoints",
            EndpointsArgs(
                names=args.names,
                vpc_id=made.vpc_id,
                subnet_ids=made.private_subnet_ids,
                route_table_ids=made.private_table_ids,
                groups=self.groups,
                services=args.network.interface_endpoints,
                emr=args.emr_endpoint,
                images=args.images,
            ),
            child,
        )
        self.ways.extend(endpoints.ways)
        FlowLogs(
            "flow-logs",
            FlowLogsArgs(
                names=args.names,
                vpc_id=made.vpc_id,
                key_arn=args.key_arn,
                boundary_arn=args.boundary_arn,
                retention_days=args.network.flow_log_retention_days,
            ),
            child,
        )

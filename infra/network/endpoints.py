"""The VPC's endpoints: the ways to AWS services that need no internet, each cut to this stack or account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.network import endpoint_policies
from infra.network.security_groups import SecurityGroups


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """`services` have interface endpoints; `emr`: the nodes reach EMR itself through one too (release 8 and later)."""

    names: Names
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    route_table_ids: Sequence[pulumi.Input[str]]
    groups: SecurityGroups
    services: Sequence[str]
    emr: bool
    images: bool = False  # nodes pull container images from ECR


class Endpoints(pulumi.ComponentResource):
    """Gateway endpoints (free) for S3 and DynamoDB, interface endpoints for what the settings name, and EMR's own.

    EMR's own is declared here so that EMR's service role need not be allowed to make endpoints:
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html, "private subnet".
    """

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:network:Endpoints", name, None, opts)
        self._args = args
        gateways = {
            "s3": endpoint_policies.s3_policy(args.names, images=args.images),
            "dynamodb": endpoint_policies.dynamodb_policy(args.names),
        }
        self.ways: list[pulumi.Resource] = [
            self._gateway(service, policy) for service, policy in gateways.items()
        ]
        for service in args.services:
            policy = endpoint_policies.interface_policy(args.names, service)
            own_name = f"com.amazonaws.{args.names.region}.{service}"
            self.ways.append(self._interface(service, own_name, args.groups.group_id("endpoints"), policy))
        if args.emr:
            cell = f"aws.api.{args.names.region}.emr-service-cell01"
            self.ways.append(self._interface("emr-service", cell, args.groups.group_id("service"), None))
        self.register_outputs({})

    def _gateway(self, service: str, policy: str) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service,
            vpc_id=self._args.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._args.names.region}.{service}",
            route_table_ids=list(self._args.route_table_ids),
            policy=policy,
            tags=self._tags(service),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _interface(
        self, title: str, service_name: str, group_id: pulumi.Input[str], policy: str | None
    ) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            title,
            vpc_id=self._args.vpc_id,
            vpc_endpoint_type="Interface",
            service_name=service_name,
            subnet_ids=list(self._args.subnet_ids),
            security_group_ids=[group_id],
            private_dns_enabled=True,
            policy=policy,
            tags=self._tags(title),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _tags(self, title: str) -> dict[str, str]:
        return {"Name": f"{self._args.names.prefix}-{title}"}

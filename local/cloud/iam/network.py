"""Where a node's requests come from: the VPC of its cluster, and the endpoint there that they pass.

Only the nodes of clusters are in a VPC here, with the sessions that they take and give to steps, and the job runs of an
EMR Serverless application that has subnets; whoever else calls comes from the internet, as a laptop does. Of a VPC's
endpoints for a service the first counts, whatever its routes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.cloud.iam import store
from local.cloud.iam.language import Document


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """A VPC in an account and a region."""

    id: str
    account: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A VPC's endpoint for a service."""

    id: str
    policy: Document | None


def vpc_of_cluster(cluster: Any) -> Vpc | None:
    """The VPC of a cluster, None when its subnet is not known."""
    instances = cluster.request.get("Instances") or {}
    return _vpc_of([instances.get("Ec2SubnetId"), *(instances.get("Ec2SubnetIds") or ())], cluster.arn)


def vpc_of_application(application: Any) -> Vpc | None:
    """The VPC of an EMR Serverless application, None when it has no subnets: then AWS's own network is its."""
    return _vpc_of(
        application.settings.get("networkConfiguration", {}).get("subnetIds") or (), application.arn
    )


def _vpc_of(subnets: Iterable[str | None], arn: str) -> Vpc | None:
    """The VPC of the first subnet; account and region are those of the ARN."""
    subnet = next(filter(None, subnets), None)
    region, account = arn.split(":")[3:5]
    for zone in store.backends("ec2", account, region).subnets.values():
        if subnet in zone:
            return Vpc(id=zone[subnet].vpc_id, account=account, region=region)
    return None


def endpoint(vpc: Vpc, service: str) -> Endpoint | None:
    """The endpoint that a request to `service` passes on its way out of `vpc`, None when there is none."""
    wanted = f".{vpc.region}.{service}"
    for each in list(store.backends("ec2", vpc.account, vpc.region).vpc_end_points.values()):
        if each.state == "available" and each.vpc_id == vpc.id and each.service_name.endswith(wanted):
            return Endpoint(id=each.id, policy=store.document(each.policy_document))
    return None

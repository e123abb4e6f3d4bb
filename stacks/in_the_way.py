"""What AWS would not let a stack go for, looked for before a destroy rather than met in the middle of it.

The AWS provider tries again for a quarter of an hour to delete a subnet or a security group that something still uses,
and then says only that it has dependencies (github.com/hashicorp/terraform-provider-aws, issue 2201). So: network
interfaces of others in the stack's subnets, clusters of others (a run's, say) in its security groups, and its own
clusters that are protected from termination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from facts.errors import UserError

SUBNET, GROUP = "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"
CLUSTER = "aws:emr/cluster:Cluster"
LIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")  # one that ends by itself is waited for
MANAGED = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup")
FILTER_VALUES = 200  # most that a filter of EC2 takes

Client = Callable[..., Any]  # by service and region


def refuse(stack: str, state: Mapping[str, Any], client: Client, say: Callable[[str], None]) -> None:
    """Raise UserError, naming all of it, when anything is in the way of deleting what the stack's `state` holds.

    Who may not look is told what was not looked for, and goes on: AWS will say.
    """
    found: list[str] = []
    for look in (_interfaces, _clusters):
        try:
            found += look(state.get("resources") or [], client)
        except ClientError as error:
            say(f"not looked for what is in the way of stack '{stack}': {error}")
    if found:
        raise UserError(
            f"stack '{stack}' cannot go: {'; '.join(found)}; nothing was touched; remove what is in the way, then "
            "destroy it again"
        )


def _interfaces(resources: list[Mapping[str, Any]], client: Client) -> Iterator[str]:
    """Network interfaces in the stack's subnets that are neither its own nor a node's, which has its groups."""
    subnets, groups = _ids(resources, SUBNET), set(_ids(resources, GROUP))
    own = {one for entry in resources for one in _named(entry.get("outputs") or {})}
    for region in sorted(set(subnets.values())):
        here = sorted(one for one, where in subnets.items() if where == region)
        for one in _in_subnets(client("ec2", region), here):
            if one["NetworkInterfaceId"] in own or groups & {group["GroupId"] for group in one["Groups"]}:
                continue
            what = f" ({one['Description']})" if one.get("Description") else ""
            yield f"network interface {one['NetworkInterfaceId']}{what} of others is in {one['SubnetId']}"


def _in_subnets(ec2: Any, subnets: list[str]) -> Iterator[Mapping[str, Any]]:
    """Every network interface in the subnets, asked for as many at a time as one filter takes."""
    pages = ec2.get_paginator("describe_network_interfaces")
    for some in _batched(subnets, FILTER_VALUES):
        for page in pages.paginate(Filters=[{"Name": "subnet-id", "Values": some}]):
            yield from page["NetworkInterfaces"]


def _batched(of: list[str], most: int) -> Iterator[list[str]]:
    """The list in parts of at most `most`, in order."""
    return (of[start : start + most] for start in range(0, len(of), most))


def _clusters(resources: list[Mapping[str, Any]], client: Client) -> Iterator[str]:
    """Clusters of others in the stack's security groups; its own that are protected."""
    groups, own = _ids(resources, GROUP), _ids(resources, CLUSTER)
    for region in sorted({*groups.values(), *own.values()}):
        emr = client("emr", region)
        pages = emr.get_paginator("list_clusters").paginate(ClusterStates=list(LIVE))
        for one in (one for page in pages for one in page["Clusters"]):
            cluster = emr.describe_cluster(ClusterId=one["Id"])["Cluster"]
            inside = {(cluster.get("Ec2InstanceAttributes") or {}).get(name) for name in MANAGED}
            if one["Id"] not in own and inside & set(groups):
                yield f"cluster {one['Id']} ({one['Name']}) of others is {cluster['Status']['State']} in its network"
            elif one["Id"] in own and cluster["TerminationProtected"]:
                yield (
                    f"its cluster {one['Id']} ({one['Name']}) is protected from termination (set "
                    "termination_protection: false and bring it up)"
                )


def _ids(resources: list[Mapping[str, Any]], token: str) -> dict[str, str]:
    """The ids of the resources of one type, each with its region."""
    return {
        entry["id"]: str(entry["outputs"]["arn"]).split(":")[3]
        for entry in resources
        if entry["type"] == token and entry.get("id") and (entry.get("outputs") or {}).get("arn")
    }


def _named(outputs: Mapping[str, Any]) -> list[str]:
    """The network interfaces that a resource has made: of an endpoint, a NAT gateway."""
    return [*(outputs.get("networkInterfaceIds") or []), *filter(None, [outputs.get("networkInterfaceId")])]

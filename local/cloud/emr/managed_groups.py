"""The rules that EMR adds itself to the security groups of a cluster, as it launches it: data, and how they are added.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html, private subnets: "Amazon EMR checks the
rules in the managed security groups that you specify, and then creates any missing inbound rules". Outbound it leaves a
custom group alone, but for the service's (seen on AWS: github.com/hashicorp/terraform-provider-aws, issue 5413).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.emr import releases

MASTER, SLAVE, SERVICE = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
)
GROUPS = (MASTER, SLAVE, SERVICE)
_EVERYTHING = (("icmp", -1, -1), ("tcp", 0, 65535), ("udp", 0, 65535))
_AGENT, _MANAGER, _HTTPS = (("tcp", port, port) for port in (8443, 9443, 443))
_BY_ENDPOINT = 8  # from this release on EMR is behind an endpoint that carries the service group


@dataclass(frozen=True)
class Added:
    """A rule of `group`. `peer` is the group at its other end, None: the VPC's addresses."""

    group: str
    peer: str | None
    traffic: tuple[str, int, int]  # protocol, first and last port
    side: str = "ingress"


def rules(release_label: str) -> Iterator[Added]:
    """What a cluster of this release needs of its groups."""
    for group in (MASTER, SLAVE):
        for peer in (MASTER, SLAVE):
            yield from (Added(group, peer, traffic) for traffic in _EVERYTHING)
    if releases.sort_key(release_label)[0] >= _BY_ENDPOINT:
        yield Added(SERVICE, None, _HTTPS)
        return
    yield Added(SERVICE, MASTER, _MANAGER)
    for group in (MASTER, SLAVE):
        yield Added(group, SERVICE, _AGENT)
        yield Added(SERVICE, group, _AGENT, "egress")


def add(ec2: Any, vpc_id: str, groups: Mapping[str, str], release_label: str) -> None:
    """Add to moto's groups, by their ids, what they lack of the rules."""
    from moto.ec2.exceptions import InvalidPermissionDuplicateError

    blocks = [each["cidr_block"] for each in ec2.get_vpc(vpc_id).get_cidr_block_association_set()]
    for rule in rules(release_label):
        protocol, first, last = rule.traffic
        authorize = getattr(ec2, f"authorize_security_group_{rule.side}")
        for source in (
            [{"source_groups": [{"GroupId": groups[rule.peer]}], "ip_ranges": []}]
            if rule.peer
            else [{"ip_ranges": [{"CidrIp": block}]} for block in blocks]
        ):
            try:
                authorize(groups[rule.group], protocol, first, last, vpc_id=vpc_id, **source)
            except InvalidPermissionDuplicateError:
                continue  # it is there

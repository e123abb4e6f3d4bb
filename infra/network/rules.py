"""The rules between EMR's security groups: data.

What EMR needs of its managed groups in a private subnet, and nothing wider:
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["primary", "node", "service", "endpoints"]
Direction = Literal["ingress", "egress"]
Protocol = Literal["-1", "icmp", "tcp", "udp"]  # -1: all

ANYWHERE = "0.0.0.0/0"
AGENT_PORT = 8443  # EMR's service to the agent on each node
SERVICE_PORT = 9443  # the primary to EMR's service
HTTPS = 443
# As EMR itself says them. It adds what it misses, to which a rule for all protocols may be another one, and what it
# added would name the groups crosswise: neither could be deleted before the other (ADR 0120).
EVERYTHING: tuple[Protocol, ...] = ("icmp", "tcp", "udp")
_LAST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of `group`; `port` None: all of the protocol. `peer` None: anywhere."""

    name: str
    group: Group
    direction: Direction
    protocol: Protocol
    port: int | None
    peer: Group | None
    description: str

    @property
    def ports(self) -> tuple[int, int] | None:
        """First and last port as EC2 has them; a rule for all protocols has none."""
        if self.port is not None:
            return self.port, self.port
        return {"-1": None, "icmp": (-1, -1)}.get(self.protocol, (0, _LAST_PORT))


def _between(origin: Group, target: Group, port: int | None, why: str) -> tuple[Rule, ...]:
    """Both ends of one connection."""
    kind = "all" if port is None else str(port)
    out = Rule(
        name=f"{origin}-to-{target}-{kind}",
        group=origin,
        direction="egress",
        protocol="-1" if port is None else "tcp",
        port=port,
        peer=target,
        description=why,
    )
    ways: tuple[Protocol, ...] = EVERYTHING if port is None else ("tcp",)
    return out, *(
        Rule(
            name=f"{target}-from-{origin}-{protocol if port is None else kind}",
            group=target,
            direction="ingress",
            protocol=protocol,
            port=port,
            peer=origin,
            description=why,
        )
        for protocol in ways
    )


def _outward(group: Group) -> Rule:
    # S3 and DynamoDB have public addresses even through a gateway endpoint; where the packets may really go is what
    # the route tables say.
    why = "AWS services over HTTPS, as far as the routes go"
    return Rule(
        name=f"{group}-to-https",
        group=group,
        direction="egress",
        protocol="tcp",
        port=HTTPS,
        peer=None,
        description=why,
    )


CLUSTER_RULES: tuple[Rule, ...] = (
    *_between("primary", "primary", None, "Daemons of the primary node"),
    *_between("primary", "node", None, "YARN, HDFS and Spark from the primary"),
    *_between("node", "primary", None, "YARN, HDFS and Spark to the primary"),
    *_between("node", "node", None, "Shuffle and HDFS between nodes"),
    *_between("service", "primary", AGENT_PORT, "EMR to the primary"),
    *_between("service", "node", AGENT_PORT, "EMR to core and task nodes"),
    *_between("primary", "service", SERVICE_PORT, "The primary to EMR, up to release 7"),
    # From release 8 on, EMR is behind an endpoint that carries the service group.
    *_between("primary", "service", HTTPS, "The primary to the endpoint of EMR"),
    *_between("node", "service", HTTPS, "Core and task nodes to the endpoint of EMR"),
    _outward("primary"),
    _outward("node"),
)

ENDPOINT_RULES: tuple[Rule, ...] = (
    Rule(
        name="endpoints-from-primary",
        group="endpoints",
        direction="ingress",
        protocol="tcp",
        port=HTTPS,
        peer="primary",
        description="The primary to AWS services",
    ),
    Rule(
        name="endpoints-from-node",
        group="endpoints",
        direction="ingress",
        protocol="tcp",
        port=HTTPS,
        peer="node",
        description="Core and task nodes to AWS services",
    ),
)

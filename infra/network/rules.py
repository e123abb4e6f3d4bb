"""The rules between EMR's security groups: data.

What EMR needs of its managed groups in a private subnet, and nothing wider:
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["primary", "node", "service", "endpoints"]
Direction = Literal["ingress", "egress"]

ANYWHERE = "0.0.0.0/0"
AGENT_PORT = 8443  # EMR's service to the agent on each node
SERVICE_PORT = 9443  # the primary to EMR's service
HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of `group`; `port` None: all traffic. `peer` None: anywhere."""

    name: str
    group: Group
    direction: Direction
    port: int | None
    peer: Group | None
    description: str


def _between(origin: Group, target: Group, port: int | None, why: str) -> tuple[Rule, Rule]:
    """Both ends of one connection."""
    kind = "all" if port is None else str(port)
    return (
        Rule(
            name=f"{origin}-to-{target}-{kind}",
            group=origin,
            direction="egress",
            port=port,
            peer=target,
            description=why,
        ),
        Rule(
            name=f"{target}-from-{origin}-{kind}",
            group=target,
            direction="ingress",
            port=port,
            peer=origin,
            description=why,
        ),
    )


def _outward(group: Group) -> Rule:
    # S3 and DynamoDB have public addresses even through a gateway endpoint; where the packets may really go is what
    # the route tables say.
    why = "AWS services over HTTPS, as far as the routes go"
    return Rule(
        name=f"{group}-to-https",
        group=group,
        direction="egress",
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
    *_between("primary", "service", HTTPS, "The primary to EMR's endpoint"),
    *_between("node", "service", HTTPS, "Core and task nodes to EMR's endpoint"),
    _outward("primary"),
    _outward("node"),
)

ENDPOINT_RULES: tuple[Rule, ...] = (
    Rule(
        name="endpoints-from-primary",
        group="endpoints",
        direction="ingress",
        port=HTTPS,
        peer="primary",
        description="The primary to AWS services",
    ),
    Rule(
        name="endpoints-from-node",
        group="endpoints",
        direction="ingress",
        port=HTTPS,
        peer="node",
        description="Core and task nodes to AWS services",
    ),
)

"""The nodes of EMR clusters as their resources declare them: fleets and groups, their types, units and markets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from facts import instances
from facts.errors import UserError
from policies.view import Node, Resource, Stack

CLUSTER = "aws:emr/cluster:Cluster"
FLEET = "aws:emr/instanceFleet:InstanceFleet"
GROUP = "aws:emr/instanceGroup:InstanceGroup"
SCALING = "aws:emr/managedScalingPolicy:ManagedScalingPolicy"
WITH_FLEETS = frozenset({CLUSTER, FLEET})
WITH_NODES = frozenset({CLUSTER, FLEET, GROUP})
INNER = {
    "masterInstanceFleet": "primary",
    "coreInstanceFleet": "core",
    "masterInstanceGroup": "primary",
    "coreInstanceGroup": "core",
}
# Letters after a family's generation name its processor; a1 was the first of Graviton.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
GRAVITON = re.compile(r"a1\..+|[a-z]+\d+[a-z-]*g[a-z-]*\..+")


@dataclass(frozen=True)
class Fleet:
    """A fleet or group: its role among the nodes, and its properties."""

    role: str
    node: Node
    is_group: bool

    @property
    def where(self) -> str:
        """How a finding names it."""
        return self.node.path or f"the {self.role} {'group' if self.is_group else 'fleet'}"

    @property
    def types(self) -> list[str]:
        """Its instance types."""
        if self.is_group:
            name = self.node.get("instanceType").text()
            return [name] if name else []
        return [name for one in self.configs if (name := one.get("instanceType").text())]

    @property
    def configs(self) -> list[Node]:
        """What a fleet says of each of its types."""
        return self.node.get("instanceTypeConfigs").items()

    @property
    def spot(self) -> float:
        """Units that are bought on spot."""
        if self.is_group:
            return self.count if self.node.get("bidPrice").present else 0
        return self.node.get("targetSpotCapacity").number() or 0

    @property
    def on_demand(self) -> float:
        """Units that are bought on demand."""
        if self.is_group:
            return 0 if self.node.get("bidPrice").present else self.count
        return self.node.get("targetOnDemandCapacity").number() or 0

    @property
    def count(self) -> float:
        """Nodes of a group; EMR's default is one."""
        number = self.node.get("instanceCount").number()
        return 1 if number is None else number

    @property
    def units(self) -> float:
        """All units together."""
        return self.spot + self.on_demand

    def weight(self, config: Node) -> float:
        """Units that a node of this type counts for."""
        return config.get("weightedCapacity").number() or 1

    @property
    def fewest_nodes(self) -> float:
        """Nodes when EMR takes the heaviest types only."""
        if self.is_group:
            return self.count
        heaviest = max((self.weight(config) for config in self.configs), default=1)
        return -(-self.units // max(heaviest, 1))

    def strategy(self, market: str) -> Node:
        """How capacity is picked: market is onDemandSpecifications or spotSpecifications."""
        return self.specification(market).get("allocationStrategy")

    def specification(self, market: str) -> Node:
        """A market's specification; absent where there is none."""
        found = self.node.get("launchSpecifications").get(market)
        members = found.items() if isinstance(found.value, list) else [found]
        return members[0] if members else Node(None, found.path)


def fleets(resource: Resource) -> Iterator[Fleet]:
    """The fleets and groups that a resource declares itself."""
    if resource.type == CLUSTER:
        for key, role in INNER.items():
            node = resource.get(key)
            twin = resource.get(
                key.replace("Group", "Fleet") if key.endswith("Group") else key.replace("Fleet", "Group")
            )
            # What a preview says of a node that it makes: both kinds are computed, and the one that was given is known.
            if node.unknown and twin.present:
                continue
            if node.present and (node.unknown or node.mapping()):
                yield Fleet(role, node, key.endswith("Group"))
    elif resource.type in WITH_NODES:
        yield Fleet("task", resource.props, resource.type == GROUP)


def of_cluster(cluster: Resource, stack: Stack) -> Iterator[tuple[Resource, Fleet]]:
    """All fleets and groups of a cluster: its own, and those that join it."""
    for resource in (cluster, *stack.referring(cluster, "clusterId", FLEET, GROUP)):
        for fleet in fleets(resource):
            yield resource, fleet


def architecture(instance_type: str) -> str:
    """arm64 or x86_64, by the facts, else by the name."""
    try:
        return instances.instance(instance_type).architecture
    except UserError:
        return "arm64" if GRAVITON.fullmatch(instance_type) else "x86_64"


def size(instance_type: str) -> tuple[float, float, float] | None:
    """vCPUs, GiB of memory and GPUs of a type; None where the facts do not have it."""
    try:
        found = instances.instance(instance_type)
    except UserError:
        return None
    return found.vcpu, found.memory_gib, found.gpus

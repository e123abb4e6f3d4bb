"""EC2 instance types: vCPUs, memory, architecture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from facts import tables

Architecture = Literal["x86_64", "arm64"]


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """One EC2 instance type, as DescribeInstanceTypes has it."""

    name: str  # "m5.xlarge"
    vcpu: int
    memory_gib: float
    architecture: Architecture
    family: str  # "m5"
    local_storage_gb: int  # instance store; 0 where there is none

    @property
    def size(self) -> str:
        """The size class: "xlarge" of m5.xlarge."""
        return self.name.partition(".")[2]


def names() -> tuple[str, ...]:
    """Every instance type of the table."""
    return tuple(sorted(tables.load("instances")["instances"]))


@cache
def instance(name: str) -> InstanceType:
    """The instance type called `name`. Raises UserError that lists the types there are."""
    known = tables.load("instances")["instances"]
    if name not in known:
        raise tables.unknown("the instance type", name, known)
    return InstanceType(name=name, **known[name])

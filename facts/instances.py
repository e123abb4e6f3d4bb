"""EC2 instance types: vCPUs, memory, architecture, and which belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from facts import releases, tables

Architecture = Literal["x86_64", "arm64"]
Kind = Literal["general", "memory", "compute", "gpu"]
Size = Literal["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]
SIZES: tuple[Size, ...] = get_args(Size)  # smallest first

# The first letter of a family: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
_KINDS: dict[str, Kind] = {"m": "general", "r": "memory", "c": "compute", "g": "gpu"}
_FAMILY = re.compile(r"(?P<letter>[a-z])(?P<generation>\d+)(?P<options>[a-z]*)")
_PROCESSORS = "aig"  # of a family's options: AMD, Intel, Graviton; what is left is disks or network


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """One EC2 instance type, as DescribeInstanceTypes has it."""

    name: str  # "m5.xlarge"
    vcpu: int
    memory_gib: float
    architecture: Architecture
    family: str  # "m5"
    local_storage_gb: int  # instance store; 0 where there is none
    gpus: int = 0

    @property
    def size(self) -> str:
        """The size class: "xlarge" of m5.xlarge."""
        return self.name.partition(".")[2]

    @property
    def kind(self) -> Kind:
        """What it is made for."""
        return _KINDS[self.family[0]]

    @property
    def plain_first(self) -> tuple[bool, int, str]:
        """Sorts types of one size: without extra disks or network first, of those the latest generation."""
        found = _FAMILY.fullmatch(self.family)
        assert found, f"{self.family} is no family of EC2"
        extras = found["options"].strip(_PROCESSORS)
        return bool(extras), -int(found["generation"]), self.name


def names() -> tuple[str, ...]:
    """Every instance type of the table."""
    return tuple(sorted(tables.load("instances")["instances"]))


@cache
def instance(name: str) -> InstanceType:
    """The instance type called `name`. Raises UserError that lists the types of its family, or the families."""
    known = tables.load("instances")["instances"]
    if name not in known:
        family = name.partition(".")[0]
        siblings = [one for one in known if one.partition(".")[0] == family]
        if siblings:
            raise tables.unknown("the instance type", name, siblings)
        raise tables.unknown("the instance family", family, {one["family"] for one in known.values()})
    return InstanceType(name=name, **known[name])


def families_since(line: str) -> dict[str, str]:
    """The families that releases of a line ("emr") run on, each with the first release that does ("emr-7.1.0")."""
    return {
        family: f"{line}-{first}" for family, first in tables.load("families")["since"].get(line, {}).items()
    }


def runs(release: str, family: str) -> bool:
    """Whether EMR lists the family's types for the release. Raises UserError for a release that is not known."""
    found = releases.release(release)
    first = families_since(found.line).get(family)
    return first is not None and releases.numbered(first.rpartition("-")[2]) <= found.number


@cache
def alike(kind: Kind, size: str, architecture: Architecture) -> tuple[InstanceType, ...]:
    """The types that may stand for each other, plain ones and late generations first; empty when there are none."""
    every = (instance(name) for name in names())
    found = [one for one in every if (one.kind, one.size, one.architecture) == (kind, size, architecture)]
    return tuple(sorted(found, key=lambda one: one.plain_first))

"""The settings of one instance fleet, and of what scales fleets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from pydantic import Field, field_validator, model_validator

from facts import instances, releases
from facts.errors import UserError
from infra.settings.model import SettingsModel, refuse

# "You can specify up to 5 EC2 instance types per fleet", 30 "when you use an allocation strategy":
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
MAX_TYPES = 5
MAX_TYPES_WITH_STRATEGY = 30

OnDemandAllocation = Literal["lowest-price", "prioritized"]
SpotAllocation = Literal[
    "capacity-optimized",
    "capacity-optimized-prioritized",
    "diversified",
    "lowest-price",
    "price-capacity-optimized",
]


class SizeSettings(SettingsModel):
    """A size class: it stands for every type of that family, size and architecture that the facts know."""

    family: instances.Kind
    """What the nodes are made for: memory has twice, compute half of general's memory; gpu has GPUs."""
    size: instances.Size
    """The size of a node: xlarge has 4 vCPUs, each next one double."""
    architecture: instances.Architecture = "x86_64"
    """The processors: arm64 is Graviton."""

    @model_validator(mode="after")
    def _exists(self) -> SizeSettings:
        if not self._types(self.family):
            there = [kind for kind in get_args(instances.Kind) if self._types(kind)]
            refuse(
                [
                    f"family: there are no '{self.family}' types of {self.size} with {self.architecture}; "
                    f"there are: {', '.join(there)}"
                ]
            )
        return self

    def _types(self, family: instances.Kind) -> tuple[instances.InstanceType, ...]:
        return instances.alike(family, self.size, self.architecture)


class InstanceTypeSettings(SettingsModel):
    """One instance type of a fleet, and how many units of the fleet's target it counts."""

    name: str
    """The EC2 instance type: m5.xlarge. One that the facts know."""
    units: int = Field(default=1, ge=1, le=999)
    """Units of the fleet's target that one node counts: proportional to its size."""
    max_price_percent: int = Field(default=100, ge=1, le=1000)
    """The most that is paid for spot, in percent of the price on demand."""

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            instances.instance(value)
        except UserError as error:
            raise ValueError(str(error)) from None
        return value


class FleetSettings(SettingsModel):
    """One instance fleet. `on_demand_units` and `spot_units` are its targets."""

    types: tuple[InstanceTypeSettings, ...] = Field(default=(), max_length=MAX_TYPES_WITH_STRATEGY)
    """What the fleet may consist of, where no size class says it; more than five want an allocation strategy."""
    size: SizeSettings | None = None
    """A size class of its own, over the cluster's."""
    units: int | None = Field(default=None, ge=1, le=4000)
    """The whole target, which the cluster's purchase profile splits; with a size class in vCPUs, of gpu in GPUs."""
    on_demand_units: int = Field(default=0, ge=0, le=4000)
    """The target on demand, in units."""
    spot_units: int = Field(default=0, ge=0, le=4000)
    """The target on spot, in units; only for task fleets."""
    on_demand_allocation: OnDemandAllocation | None = "lowest-price"
    """Which types come first on demand."""
    spot_allocation: SpotAllocation | None = "price-capacity-optimized"
    """Which types come first on spot."""
    spot_timeout_minutes: int = Field(default=15, ge=5, le=1440)
    """How long a launch waits for spot."""
    spot_timeout_action: Literal["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"] = "SWITCH_TO_ON_DEMAND"
    """What is done when there was no spot in that time."""
    volume_gib: int = Field(default=64, ge=10, le=16384)
    """The size of each EBS volume (gp3)."""
    volumes: int = Field(default=1, ge=1, le=8)
    """EBS volumes a node."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> FleetSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        names = [entry.name for entry in self.types]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"types: '{name}' stands twice; name each type once"
        if not self.on_demand_units and not self.spot_units:
            yield "on_demand_units: is 0, as is spot_units; a fleet needs a target of at least 1 in one of them"
        yield from list(self._overshoots()) or self._disproportion()

    def _overshoots(self) -> Iterable[str]:
        for key, target in (("on_demand_units", self.on_demand_units), ("spot_units", self.spot_units)):
            for index, entry in enumerate(self.types):
                if target and entry.units > target:
                    yield (
                        f"types[{index}].units: is {entry.units}, more than the whole target ({key} is {target}): "
                        "one node would overshoot it; lower the units or raise the target"
                    )

    def _disproportion(self) -> Iterable[str]:
        """Units that follow neither vCPUs nor memory nor GPUs: a target would be met with too little or too much."""
        if not self.types:
            return
        known = [instances.instance(entry.name) for entry in self.types]
        measures = zip(*[(one.vcpu, one.memory_gib, one.gpus) for one in known], strict=True)
        if any(all(sizes) and not self._out_of(sizes) for sizes in measures):
            return
        for index in self._out_of([one.vcpu for one in known])[:1]:
            first, entry = self.types[0], self.types[index]
            vcpus, least = known[index].vcpu, known[0].vcpu
            yield (
                f"types[{index}].units: is {entry.units}, but {entry.name} has {vcpus} vCPUs where {first.name} "
                f"with {least} counts {first.units}; units must be proportional to size, as "
                f"{first.units * vcpus / least:g} is"
            )

    def _out_of(self, sizes: Sequence[float]) -> list[int]:
        """The places of the types whose units do not follow these sizes as those of the first do."""
        first = self.types[0].units
        return [
            index
            for index, (entry, size) in enumerate(zip(self.types, sizes, strict=True))
            if entry.units * sizes[0] != first * size
        ]

    @property
    def target_units(self) -> int:
        """Both markets together."""
        return self.on_demand_units + self.spot_units

    @property
    def has_strategy(self) -> bool:
        """Every market that the fleet buys in has an allocation strategy."""
        on_demand = self.on_demand_allocation is not None or not self.on_demand_units
        return on_demand and (self.spot_allocation is not None or not self.spot_units)


def unsupported(fleet: FleetSettings, release: str) -> Iterable[str]:
    """Types of a fleet that EMR does not list for the release."""
    for index, entry in enumerate(fleet.types):
        one = instances.instance(entry.name)
        if instances.runs(release, one.family):
            continue
        able = {
            other.family
            for other in instances.alike(one.kind, one.size, one.architecture)
            if instances.runs(release, other.family)
        }
        first = instances.families_since(releases.release(release).line).get(one.family)
        since = f", only from {first} on" if first else ""
        instead = (
            f"take a type of: {', '.join(sorted(able))}" if able else "take another size or architecture"
        )
        yield f"types[{index}].name: is '{entry.name}', which {release} does not run{since}; {instead}"


class ScalingSettings(SettingsModel):
    """Managed scaling, in units of the core and task fleets together."""

    minimum_units: int = Field(ge=1, le=4000)
    """Core and task together never have less."""
    maximum_units: int = Field(ge=1, le=4000)
    """Core and task together never have more."""
    maximum_core_units: int = Field(ge=1, le=4000)
    """What is above it goes to the task fleet."""
    maximum_on_demand_units: int = Field(ge=0, le=4000)
    """What is above it is spot."""
    reset_targets: Literal["none", "task", "all"] = "none"
    """For one `up`: fleets get this file's targets again, which scaling has moved; all may replace the cluster."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ScalingSettings:
        refuse(
            f"{key}: is {value}, above maximum_units ({self.maximum_units}); it can be at most that"
            for key, value in (
                ("minimum_units", self.minimum_units),
                ("maximum_core_units", self.maximum_core_units),
                ("maximum_on_demand_units", self.maximum_on_demand_units),
            )
            if value > self.maximum_units
        )
        return self

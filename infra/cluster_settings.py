"""The settings of one persistent cluster on EC2, and what in them contradicts itself or EMR."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from facts import instances, releases
from facts.errors import UserError

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
Conf = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
SparkKey = Annotated[str, StringConstraints(pattern=r"^spark\.[\w.-]+$")]


class SettingsModel(BaseModel):
    """Frozen; an unknown key is a mistake."""

    # The line under a field is its meaning: `emrctl settings explain` and the schema for editors show it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True
    )


def refuse(mistakes: Iterable[str]) -> None:
    """Raise the `mistakes`, each `key: what is wrong`, as one ValueError that the loader takes apart again."""
    if lines := list(mistakes):
        raise ValueError("\n".join(lines))


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

    types: tuple[InstanceTypeSettings, ...] = Field(min_length=1, max_length=MAX_TYPES_WITH_STRATEGY)
    """What the fleet may consist of; more than five want an allocation strategy."""
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
        for key, target in (("on_demand_units", self.on_demand_units), ("spot_units", self.spot_units)):
            for index, entry in enumerate(self.types):
                if target and entry.units > target:
                    yield (
                        f"types[{index}].units: is {entry.units}, more than the whole target ({key} is {target}): "
                        "one node would overshoot it; lower the units or raise the target"
                    )

    @property
    def target_units(self) -> int:
        """Both markets together."""
        return self.on_demand_units + self.spot_units

    @property
    def has_strategy(self) -> bool:
        """Every market that the fleet buys in has an allocation strategy."""
        on_demand = self.on_demand_allocation is not None or not self.on_demand_units
        return on_demand and (self.spot_allocation is not None or not self.spot_units)


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


class ClusterSettings(SettingsModel):
    """A persistent cluster. Nearly every change but scaling, idling and step concurrency replaces it."""

    release: str = releases.DEFAULT_LABEL
    """The EMR release: one that the facts know."""
    applications: tuple[str, ...] = Field(default=("Spark",), min_length=1)
    """What EMR installs, by EMR's names; each in the release."""
    primary: FleetSettings
    """The primary node: one, on demand."""
    core: FleetSettings
    """The core nodes, on demand: they hold HDFS and the application masters."""
    task: FleetSettings | None = None
    """Nodes that come and go, on spot above all."""
    scaling: ScalingSettings | None = None
    """Managed scaling; without it the fleets keep their targets."""
    idle_timeout_seconds: int = Field(default=3600, ge=60, le=604_800)
    """A cluster that idles so long is ended."""
    step_concurrency: int = Field(default=1, ge=1, le=256)
    """Steps that run at once."""
    termination_protection: bool = False
    """Whether the cluster refuses to be ended, until this is off."""
    hdfs_replication: int = Field(default=1, ge=1, le=3)
    """Copies of each HDFS block; never more than core nodes."""
    root_volume_gib: int = Field(default=32, ge=15, le=100)
    """The root disk of each node."""
    spark: dict[SparkKey, Conf] = Field(default_factory=dict)
    """Properties of spark-defaults, over the platform's own."""

    @field_validator("release")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            releases.release(value)
        except UserError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ClusterSettings:
        refuse(
            [
                *self._engine_mistakes(),
                *self._node_mistakes(),
                *self._fleet_mistakes(),
                *self._scaling_mistakes(),
            ]
        )
        return self

    def fleets(self) -> dict[str, FleetSettings]:
        """The fleets by role."""
        fleets = {"primary": self.primary, "core": self.core}
        return {**fleets, "task": self.task} if self.task else fleets

    def most_nodes(self) -> int:
        """How many nodes the cluster can ever have at once."""
        units = self.scaling.maximum_units if self.scaling else self.core.target_units
        if self.task and not self.scaling:
            units += self.task.target_units
        smallest = min(entry.units for fleet in (self.core, self.task) if fleet for entry in fleet.types)
        return 1 + -(-units // smallest)

    def _engine_mistakes(self) -> Iterable[str]:
        release = releases.release(self.release)
        for index, name in enumerate(self.applications):
            if name not in release.applications:
                yield (
                    f"applications[{index}]: '{name}' is not in {self.release}, "
                    f"which has: {', '.join(release.applications)}"
                )
        kinds = {
            role: sorted({instances.instance(entry.name).architecture for entry in fleet.types})
            for role, fleet in self.fleets().items()
        }
        if len({kind for found in kinds.values() for kind in found}) > 1:
            mixed = ", ".join(f"{role}: {'/'.join(found)}" for role, found in kinds.items())
            yield f"core.types: architectures are mixed ({mixed}); take one for the whole cluster"

    def _node_mistakes(self) -> Iterable[str]:
        if self.primary.on_demand_units != 1 or self.primary.spot_units:
            yield (
                f"primary.on_demand_units: is {self.primary.on_demand_units}, with spot_units at "
                f"{self.primary.spot_units}; the primary is one node on demand: 1 and 0"
            )
        if self.core.spot_units:
            yield (
                f"core.spot_units: is {self.core.spot_units}; core nodes hold HDFS and the application masters, "
                "so they are bought on demand: 0 (spot belongs into task)"
            )
        least = self.core.on_demand_units // max(entry.units for entry in self.core.types)
        if least < self.hdfs_replication:
            yield (
                f"hdfs_replication: is {self.hdfs_replication}, but the core fleet may have as few as {least} nodes; "
                f"it can be at most that, or raise core.on_demand_units"
            )

    def _fleet_mistakes(self) -> Iterable[str]:
        without = [role for role, fleet in self.fleets().items() if not fleet.has_strategy]
        for role, fleet in self.fleets().items():
            if len(fleet.types) > MAX_TYPES and without:
                yield (
                    f"{role}.types: has {len(fleet.types)} types; at most {MAX_TYPES} while a fleet has no allocation "
                    f"strategy ({', '.join(without)}), {MAX_TYPES_WITH_STRATEGY} when all have one"
                )

    def _scaling_mistakes(self) -> Iterable[str]:
        if self.scaling is None:
            return
        task = self.task.target_units if self.task else 0
        on_demand = self.core.on_demand_units + (self.task.on_demand_units if self.task else 0)
        limits = (
            (
                "maximum_units",
                self.scaling.maximum_units,
                self.core.target_units + task,
                "core and task targets",
            ),
            ("maximum_core_units", self.scaling.maximum_core_units, self.core.target_units, "core target"),
            ("maximum_on_demand_units", self.scaling.maximum_on_demand_units, on_demand, "on-demand targets"),
        )
        for key, limit, target, what in limits:
            if limit < target:
                yield f"scaling.{key}: is {limit}, below the {what} ({target}); it must be at least that"
        if self.scaling.minimum_units > self.core.target_units + task:
            yield (
                f"scaling.minimum_units: is {self.scaling.minimum_units}, above the core and task targets "
                f"({self.core.target_units + task}); it can be at most that"
            )

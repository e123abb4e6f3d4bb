"""The settings of one cluster on EC2, and what in them contradicts itself or EMR."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from facts import instances, releases
from facts.texts import text
from infra.compute import engines, sizing
from infra.compute.purchase import Purchase
from infra.compute.queues import mistakes as queue_mistakes
from infra.settings.autoscale import AutoscaleSettings
from infra.settings.bootstrap import BootstrapSettings
from infra.settings.fleet import (
    MAX_TYPES,
    MAX_TYPES_WITH_STRATEGY,
    FleetSettings,
    ScalingSettings,
    SizeSettings,
    unsupported,
)
from infra.settings.image import Image, cluster_mistakes
from infra.settings.kerberos import KerberosSettings
from infra.settings.kerberos import mistakes as kerberos_mistakes
from infra.settings.model import SettingsModel, known_release, refuse

Conf = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
SparkKey = Annotated[str, text(r"^spark\.[\w.-]+$", "a setting of Spark, as spark.sql.shuffle.partitions")]
TeamName = Annotated[
    str, text(r"^[a-z][a-z0-9-]{0,30}$", "up to 31 lower-case letters, digits and hyphens, as main")
]
Share = Annotated[int, Field(ge=1, le=100)]


class ClusterSettings(SettingsModel):
    """A persistent cluster. Nearly every change but scaling, idling and step concurrency replaces it."""

    release: str = releases.DEFAULT_LABEL
    """The EMR release: one that the facts know."""
    engine: engines.Engine | None = None
    """What the cluster is for: it names the applications and their configuration, sized by the instance types."""
    applications: tuple[str, ...] = Field(default=("Spark",), min_length=1)
    """What EMR installs, by EMR's names, each in the release; beside an engine, what more."""
    purchase: Purchase | None = None
    """How nodes are bought where a fleet does not say: sla on demand, balanced mostly spot, cheap spot only."""
    size: SizeSettings | None = None
    """The size class of every fleet that neither lists its types nor has one of its own."""
    queues: dict[TeamName, Share] = Field(default_factory=dict)
    """YARN's queues, one a team, and each one's share of the cluster in percent; one of them is default."""
    primary: FleetSettings
    """The primary node: one, on demand."""
    core: FleetSettings
    """The core nodes, on demand: they hold HDFS and the application masters."""
    task: FleetSettings | None = None
    """Nodes that come and go, on spot above all."""
    scaling: ScalingSettings | None = None
    """Managed scaling; without it the fleets keep their targets."""
    nodes: Literal["fleets", "groups"] = "fleets"
    """Instance fleets of many types, or groups of one type each, whose units are nodes."""
    autoscale: dict[Literal["core", "task"], AutoscaleSettings] = Field(default_factory=dict)
    """Rules of one's own by which groups scale, instead of managed scaling."""
    idle_timeout_seconds: int = Field(default=3600, ge=60, le=604_800)
    """A cluster that idles so long is ended."""
    step_concurrency: int = Field(default=1, ge=1, le=256)
    """Steps that run at once."""
    termination_protection: bool = False
    """Whether the cluster refuses to be ended, until this is off; with purchase sla it is on unless said."""
    speculative_execution: bool = False
    """Whether an engine's profile lets Spark run a slow task twice."""
    hdfs_replication: int = Field(default=1, ge=1, le=3)
    """Copies of each HDFS block; never more than core nodes."""
    root_volume_gib: int = Field(default=32, ge=15, le=100)
    """The root disk of each node."""
    bootstrap: BootstrapSettings | None = None
    """What the nodes have beyond EMR's own: scripts at every start, or an image. None: nothing."""
    image: Image | None = None
    """The container image in ECR, by digest, that Spark's processes run in; none: on the nodes themselves."""
    kerberos: KerberosSettings | None = None
    """Kerberos with a KDC of the cluster's own; none: its users are told apart by IAM alone."""
    ephemeral: bool = False
    """No cluster stands: the stack tells jobs how to start one, which ends with its last step."""
    spark: dict[SparkKey, Conf] = Field(default_factory=dict)
    """Properties of spark-defaults, over the platform's own."""

    _known = field_validator("release")(known_release)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ClusterSettings:
        refuse(self._missing())  # what is below cannot be judged without
        refuse(
            [
                *self._engine_mistakes(),
                *cluster_mistakes(
                    self.image, self.release, self.applications, kerberos=self.kerberos is not None
                ),
                *kerberos_mistakes(self.kerberos, self.applications, ephemeral=self.ephemeral),
                *queue_mistakes(self.queues),
                *self._node_mistakes(),
                *self._fleet_mistakes(),
                *self._scaling_mistakes(),
                *self._group_mistakes(),
                *self._ephemeral_mistakes(),
            ]
        )
        return self

    def fleets(self) -> dict[str, FleetSettings]:
        """The fleets by role."""
        fleets = {"primary": self.primary, "core": self.core}
        return {**fleets, "task": self.task} if self.task else fleets

    @property
    def reads_glue(self) -> bool:
        """The engine's tables are in Glue's catalog."""
        return self.engine is not None and engines.PROFILES[self.engine].glue

    def worker_types(self) -> list[str]:
        """The instance types that work is done on: core and task."""
        return [entry.name for fleet in (self.core, self.task) if fleet for entry in fleet.types]

    def most_nodes(self) -> int:
        """How many nodes the cluster can ever have at once."""
        units = self.scaling.maximum_units if self.scaling else self._most("core", self.core)
        if self.task and not self.scaling:
            units += self._most("task", self.task)
        smallest = min(entry.units for fleet in (self.core, self.task) if fleet for entry in fleet.types)
        return 1 + -(-units // smallest)

    def _most(self, role: Literal["core", "task"], fleet: FleetSettings) -> int:
        rules = self.autoscale.get(role)
        return rules.maximum_nodes if rules else fleet.target_units

    def _missing(self) -> Iterable[str]:
        for role, fleet in self.fleets().items():
            if not fleet.types:
                yield f"{role}.types: is missing; list instance types, or give the fleet or its cluster a size"

    def _engine_mistakes(self) -> Iterable[str]:
        release = releases.release(self.release)
        own: tuple[str, ...] = ()
        if self.engine:
            own = engines.PROFILES[self.engine].applications
            nodes = sizing.nodes(self.worker_types())
            for line in (engines.refusal(self.engine, self.release), engines.cramped(self.engine, nodes)):
                if line:
                    yield line
        for index, name in enumerate(self.applications):
            if name not in release.applications and name not in own:
                yield (  # the engine's own come first, and are not the user's to count
                    f"applications[{index - len(own)}]: '{name}' is not in {self.release}, "
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
        for role, fleet in self.fleets().items():
            yield from (f"{role}.{line}" for line in unsupported(fleet, self.release))
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

    def _group_mistakes(self) -> Iterable[str]:
        if self.nodes == "fleets":
            if self.autoscale:
                yield (
                    f"autoscale: has rules for {', '.join(self.autoscale)}, but nodes is 'fleets', and only instance "
                    "groups scale so; set nodes to 'groups', or use scaling"
                )
            return
        if self.autoscale and self.scaling:
            yield "autoscale: stands beside scaling; a cluster scales by rules of its own or by EMR's, so remove one"
        if self.ephemeral:
            yield "nodes: is 'groups', but an ephemeral cluster is launched as fleets; set it to 'fleets'"
        for role, fleet in self.fleets().items():
            if len(fleet.types) > 1 or fleet.types[0].units != 1:
                yield (
                    f"{role}.types: has {len(fleet.types)} types, the first of {fleet.types[0].units} units, but an "
                    "instance group has one type, of one unit; name one, or set nodes to 'fleets'"
                )
            if fleet.on_demand_units and fleet.spot_units:
                yield (
                    f"{role}.spot_units: is {fleet.spot_units} beside on_demand_units ({fleet.on_demand_units}), but "
                    "an instance group is on demand or on spot; set one of the two to 0"
                )
        for scaled, rules in self.autoscale.items():
            group = self.fleets().get(scaled)
            if group is None:
                yield f"autoscale.{scaled}: there is no {scaled} group to scale; remove it"
            elif not rules.minimum_nodes <= group.target_units <= rules.maximum_nodes:
                yield (
                    f"autoscale.{scaled}.minimum_nodes: is {rules.minimum_nodes}, and maximum_nodes is "
                    f"{rules.maximum_nodes}, but the group begins with {group.target_units} nodes; they must include "
                    "that"
                )
            elif scaled == "core" and rules.minimum_nodes < self.hdfs_replication:
                yield (
                    f"autoscale.core.minimum_nodes: is {rules.minimum_nodes}, below hdfs_replication "
                    f"({self.hdfs_replication}): a block would lack a node for a copy; raise it to that"
                )

    def _ephemeral_mistakes(self) -> Iterable[str]:
        if self.ephemeral and self.termination_protection:
            yield "termination_protection: is true, but an ephemeral cluster ends with its last step; set it to false"
        if self.ephemeral and self.scaling and self.scaling.reset_targets != "none":
            yield (
                f"scaling.reset_targets: is '{self.scaling.reset_targets}', which is for a cluster that stands, and "
                "this one is ephemeral; remove it"
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

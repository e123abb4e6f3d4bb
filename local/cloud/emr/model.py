"""What EMR knows of a cluster: its nodes, its steps, their states, and when each changed.

The states that the API shows are here and nowhere else; `lifecycle` changes them, `views` shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from local import contracts
from local.cloud.plane import Timer
from local.contracts import InstanceRole, Market, StepFailure

# Enumerations of the API, kept in step with botocore's by a test.
CLUSTER_ACTIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
CLUSTER_ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")
STEP_OPEN = ("PENDING", "CANCEL_PENDING", "RUNNING")
STEP_ENDED = ("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED")


@dataclass
class Status:
    """A state with its reason and its times."""

    state: str
    created: datetime
    code: str | None = None
    message: str | None = None
    ready: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None

    def become(self, state: str, code: str | None = None, message: str | None = None) -> None:
        """Change the state; the reason is always the new state's own."""
        self.state, self.code, self.message = state, code, message


@dataclass(kw_only=True)
class Instance:
    """One node of a cluster."""

    id: str  # "ci-…"
    ec2_id: str  # "i-…"
    pool_id: str
    role: InstanceRole
    instance_type: str
    market: Market
    weight: int  # units it counts towards its fleet's target
    private_ip: str
    status: Status


@dataclass(kw_only=True)
class Pool:
    """An instance fleet or an instance group: nodes of one role, with the targets they are to meet.

    A group is a fleet of one type, one market and weight 1; only the views tell them apart.
    """

    kind: Literal["FLEET", "GROUP"]
    id: str  # "if-…" or "ig-…"
    role: InstanceRole
    name: str
    config: dict[str, Any]  # as the request had it
    types: list[dict[str, Any]]  # InstanceTypeConfigs
    targets: dict[Market, int]
    instances: list[Instance] = field(default_factory=list)
    status: Status
    auto_scaling_policy: dict[str, Any] | None = None
    short: dict[Market, int] = field(
        default_factory=lambda: {"ON_DEMAND": 0, "SPOT": 0}
    )  # units EC2 did not have
    switched: int = 0  # units of spot that are on demand now, for there was no spot
    resizes: int = 0  # so many were begun

    def wanted(self, market: Market) -> int:
        """Units that are to run in `market`."""
        return self.targets[market] + (self.switched if market == "ON_DEMAND" else -self.switched)

    def running(self) -> list[Instance]:
        """The nodes that have not ended."""
        return [i for i in self.instances if i.status.state != "TERMINATED"]

    def provisioned(self, market: Market) -> int:
        """Units of capacity that run in `market`."""
        return sum(i.weight for i in self.running() if i.market == market and i.status.state == "RUNNING")


@dataclass(kw_only=True)
class Step:
    """One step. `given` says that the runner has it, whatever its state still shows."""

    id: str
    name: str
    config: dict[str, Any]  # HadoopJarStepConfig as the request had it
    action_on_failure: str
    execution_role_arn: str | None
    status: Status
    given: bool = False
    failure: StepFailure | None = None

    def contract(self) -> contracts.Step:
        """The step as the runner is told of it."""
        return contracts.Step(
            step_id=self.id,
            name=self.name,
            jar=self.config["Jar"],
            main_class=self.config.get("MainClass"),
            args=tuple(self.config.get("Args", ())),
            properties={p["Key"]: p.get("Value", "") for p in self.config.get("Properties", ())},
            execution_role_arn=self.execution_role_arn,
        )


@dataclass(kw_only=True)
class Cluster:
    """One cluster, from the request that launched it to its end, and after: EMR shows it for two months."""

    id: str
    arn: str
    name: str
    request: Mapping[str, Any]  # RunJobFlow's
    status: Status
    availability_zone: str
    zones: dict[str, str]  # the zones that may be had, each with its subnet
    security_groups: Mapping[str, str]
    keep_alive: bool
    termination_protected: bool
    visible_to_all_users: bool
    unhealthy_node_replacement: bool
    step_concurrency: int
    tags: dict[str, str]
    collection: Literal["INSTANCE_FLEET", "INSTANCE_GROUP"]
    pools: list[Pool] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    managed_scaling_policy: dict[str, Any] | None = None
    auto_termination_policy: dict[str, Any] | None = None
    idle_timer: Timer | None = None
    launch_problem: str | None = None  # found only while provisioning, as on EMR

    @property
    def active(self) -> bool:
        """Whether the cluster takes changes: it has not begun to end."""
        return self.status.state in CLUSTER_ACTIVE

    @property
    def region(self) -> str:
        """The region the cluster is in."""
        return self.arn.split(":")[3]

    def bootstrap_actions(self) -> list[contracts.BootstrapAction]:
        """What the request would have the nodes run before they are ready."""
        return [
            contracts.BootstrapAction(
                name=asked["Name"],
                path=asked["ScriptBootstrapAction"]["Path"],
                args=tuple(asked["ScriptBootstrapAction"].get("Args", ())),
            )
            for asked in self.request.get("BootstrapActions", ())
        ]

    def open_steps(self) -> list[Step]:
        """The steps that have not ended, oldest first."""
        return [s for s in self.steps if s.status.state in STEP_OPEN]

    def instances(self) -> Iterator[Instance]:
        """Every node there is or was."""
        for pool in self.pools:
            yield from pool.instances

    def contract(self) -> contracts.Cluster:
        """The cluster as the runner is told of it."""
        return contracts.Cluster(
            cluster_id=self.id,
            name=self.name,
            release_label=self.request.get("ReleaseLabel", ""),
            log_uri=self.request.get("LogUri"),
            instance_profile=self.request.get("JobFlowRole", ""),
            configurations=tuple(self.request.get("Configurations", ())),
            instances=tuple(
                contracts.Instance(
                    instance_id=i.id,
                    ec2_instance_id=i.ec2_id,
                    role=i.role,
                    instance_type=i.instance_type,
                    market=i.market,
                )
                for pool in self.pools
                for i in pool.running()
            ),
        )

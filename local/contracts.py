"""What the control plane (local/cloud) and the Spark runner (local/spark) say to each other.

The control plane owns every state that the EMR API shows; the runner starts, watches and ends processes and
reports through `StepSink`. Both sides run in one process, on different threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

InstanceRole = Literal["MASTER", "CORE", "TASK"]
Market = Literal["ON_DEMAND", "SPOT"]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One EC2 instance of a cluster, which one YARN process stands for."""

    instance_id: str  # "ci-…", EMR's own id
    ec2_instance_id: str  # "i-…"
    role: InstanceRole
    instance_type: str
    market: Market


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What the runner must know of a cluster when it starts it."""

    cluster_id: str
    name: str
    release_label: str
    log_uri: str | None  # "s3://bucket/prefix/", None when the cluster keeps no logs
    instance_profile: str  # name or ARN, as RunJobFlow's JobFlowRole had it
    configurations: Sequence[Mapping[str, object]]  # EMR's: Classification, Properties, Configurations
    instances: Sequence[Instance]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as AddJobFlowSteps had it."""

    step_id: str
    name: str
    jar: str
    main_class: str | None
    args: Sequence[str]
    properties: Mapping[str, str]
    execution_role_arn: str | None


@dataclass(frozen=True, kw_only=True)
class StepFailure:
    """Why a step failed, in the words of EMR's FailureDetails."""

    reason: str
    message: str
    log_file: str | None  # s3 URI of the log that shows it


@dataclass(frozen=True, kw_only=True)
class YarnMetrics:
    """What a cluster's ResourceManager says of itself, memory in MiB: what EMR makes its YARN metrics of."""

    nodes_active: int
    apps_running: int
    apps_pending: int
    containers_allocated: int
    containers_pending: int
    containers_reserved: int
    memory_total_mb: int
    memory_available_mb: int
    memory_allocated_mb: int
    memory_reserved_mb: int
    memory_pending_mb: int
    unhealthy: tuple[str, ...] = ()  # instances whose node has died, or calls itself unhealthy


@dataclass(frozen=True, kw_only=True)
class BootstrapAction:
    """A script that a cluster's nodes run before they are ready."""

    name: str
    path: str  # "s3://…"
    args: Sequence[str]


class StepSink(Protocol):
    """How the runner tells the control plane what became of a step. Safe to call from any thread."""

    def running(self, cluster_id: str, step_id: str) -> None:
        """The step's process has started."""

    def finished(self, cluster_id: str, step_id: str, failure: StepFailure | None) -> None:
        """The step's process has ended and its logs are in the log bucket; `failure` is None on success."""


class ClusterRunner(Protocol):
    """What the control plane asks of whoever runs clusters. No call blocks longer than it takes to note it."""

    def start_step(self, cluster: Cluster, step: Step) -> None:
        """Run the step on the cluster, whose processes start with its first step."""

    def cancel_step(self, cluster_id: str, step_id: str) -> None:
        """End a running step and its YARN application; `finished` follows."""

    def bootstrap(
        self, cluster: Cluster, actions: Sequence[BootstrapAction], done: Callable[[str | None], None]
    ) -> None:
        """Run the actions one after the other; `done` is told why one failed, None when all went well."""

    def resize(self, cluster: Cluster) -> None:
        """The cluster's instances are now these: start and decommission nodes to match."""

    def leave(self, cluster_id: str, instance_id: str) -> None:
        """An instance will go soon: its node finishes what it can and takes nothing new."""

    def lose(self, cluster_id: str, instance_id: str) -> None:
        """An instance is gone: its node ends at once with all it runs."""

    def terminate(self, cluster_id: str) -> None:
        """End every process of the cluster."""

    def metrics(self, cluster_id: str) -> YarnMetrics | None:
        """What the cluster's ResourceManager says now; None while it has none."""

    def status(self) -> Sequence[Mapping[str, object]]:
        """The running clusters with their processes, for `emrctl local status`; plain JSON values."""

    def stop(self) -> None:
        """End every process of every cluster; returns when they are gone."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """A driver and its executors, memory as the heap of each in MiB."""

    driver_cores: int
    driver_memory_mb: int
    executors: int
    executor_cores: int
    executor_memory_mb: int


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One attempt of a job run of EMR Serverless or EMR on EKS, as its runner must know it."""

    run_id: str
    attempt: int  # 1 for the first
    service: Literal["emr-serverless", "emr-containers"]
    parent_id: str  # of the application or the virtual cluster
    region: str
    release_label: str
    execution_role_arn: str
    session_policies: Mapping[
        str, Any
    ]  # AssumeRole's Policy and PolicyArns, which narrow the role; often empty
    driver: Literal["spark-submit", "spark-sql", "hive"]
    entry_point: str  # a script or jar, or the query of a Hive driver
    arguments: Sequence[str]
    parameters: str  # spark-submit's options as one line, in the shell's quoting
    configurations: Sequence[Mapping[str, object]]  # as RunJobFlow's, but in this API's small letters
    sizes: Sizes
    driver_logs: str | None  # S3 folder of the driver's stdout.gz and stderr.gz, None when no logs are kept


class JobSink(Protocol):
    """How the runner of job runs tells the control plane what became of one. Safe to call from any thread."""

    def running(self, run_id: str, attempt: int) -> None:
        """The driver's process has started."""

    def finished(self, run_id: str, attempt: int, failure: str | None) -> None:
        """The driver has ended and its logs are kept; `failure` is its last error, None on success."""


class JobRunner(Protocol):
    """What the control plane asks of whoever runs job runs. No call blocks longer than it takes to note it."""

    def start_run(self, run: JobRun, sink: JobSink) -> None:
        """Run it; `sink` is told how it goes."""

    def cancel_run(self, run_id: str, grace_seconds: float) -> None:
        """Ask the driver to end, and end it when `grace_seconds` have passed; `finished` follows."""

    def status(self) -> Sequence[Mapping[str, object]]:
        """The drivers that run, for `emrctl local status`; plain JSON values."""

    def stop(self) -> None:
        """End every driver; returns when they are gone."""

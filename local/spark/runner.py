"""Runs the steps of clusters: for each cluster a YARN, started with its first step."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from facts.errors import UserError
from local.contracts import BootstrapAction, Cluster, Step, StepFailure, StepSink, YarnMetrics
from local.keys import Key
from local.spark import (
    bootstrap,
    classifications,
    credentials,
    daemons,
    hadoop,
    lanes,
    sizing,
    submit,
    toolchain,
)
from local.spark.clients import BotoClients, fixed
from local.spark.credentials import Clients, Node, RoleError
from local.spark.lanes import Lane
from local.spark.rest import ResourceManager
from local.spark.steplogs import LogBucket
from local.spark.steprun import StepRun
from local.spark.toolchain import Toolchain
from local.spark.yarn import Yarn, YarnError, containers_of, end_processes

log = logging.getLogger(__name__)
_END_SECONDS = 15.0
_Answer = TypeVar("_Answer")


@dataclass(kw_only=True)
class _Running:
    """A cluster that has had a step."""

    cluster: Cluster
    node: Node
    clients: Clients
    folder: Path
    applied: classifications.Applied
    logs: LogBucket
    lock: threading.Lock = field(default_factory=threading.Lock)  # one thread starts or resizes the YARN
    steps: dict[str, StepRun] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)  # steps cancelled before they were here
    threads: list[threading.Thread] = field(default_factory=list)
    yarn: Yarn | None = None
    ready: bool = False
    ended: bool = False


class SparkRunner:
    """Implements `local.contracts.ClusterRunner`.

    `machine` is EC2's own key: with it the nodes get the role of their instance profile, with which logs are kept and
    step roles assumed; no process of a cluster sees either.
    """

    def __init__(
        self, home: Path, endpoint: str, region: str, machine: Key, sink: StepSink,
        *, tools: Callable[[Lane], Toolchain] | None = None,
    ) -> None:  # fmt: skip
        self._home, self._endpoint, self._region, self._sink = home, endpoint, region, sink
        self._tools = tools or toolchain.finder()
        self._clusters: dict[str, _Running] = {}
        self._lock = threading.RLock()
        self._machine = BotoClients(endpoint, region, fixed(machine))

    def start_step(self, cluster: Cluster, step: Step) -> None:
        with self._lock:
            running = self._known(cluster)
            thread = threading.Thread(target=self._run, args=(running, step), name=step.step_id, daemon=True)
            running.threads.append(thread)
        thread.start()

    def cancel_step(self, cluster_id: str, step_id: str) -> None:
        with self._lock:
            running = self._clusters.get(cluster_id)
            run = running.steps.get(step_id) if running else None
            if running is not None and run is None:
                running.cancelled.add(step_id)
        if run is not None:
            run.cancel()

    def bootstrap(
        self, cluster: Cluster, actions: Sequence[BootstrapAction], done: Callable[[str | None], None]
    ) -> None:
        with self._lock:
            running = self._known(cluster)
            thread = threading.Thread(
                target=self._bootstrap, args=(running, actions, done), name="bootstrap", daemon=True
            )
            running.threads.append(thread)
        thread.start()

    def resize(self, cluster: Cluster) -> None:
        with self._lock:
            running = self._clusters.get(cluster.cluster_id)
            if running is None:
                return
            running.cluster = cluster
        threading.Thread(target=self._resize, args=(running,), name="resize", daemon=True).start()

    def terminate(self, cluster_id: str) -> None:
        with self._lock:
            running = self._clusters.get(cluster_id)
            if running is None:
                return
            running.ended = True
            steps, yarn = list(running.steps.values()), running.yarn
        for run in steps:
            run.cancel()
        if yarn is not None:
            yarn.stop()
        else:  # only a bootstrap action may run
            end_processes(cluster_id)
        for thread in running.threads:
            thread.join(_END_SECONDS)
        running.logs.keep_containers(yarn.node_folders() if yarn else [])
        _forget(running.folder)
        with self._lock:
            self._clusters.pop(cluster_id, None)

    def leave(self, cluster_id: str, instance_id: str) -> None:
        yarn = self._ready_yarn(cluster_id)
        if yarn is not None:
            threading.Thread(target=yarn.leave, args=(instance_id,), name="leave", daemon=True).start()

    def lose(self, cluster_id: str, instance_id: str) -> None:
        yarn = self._ready_yarn(cluster_id)
        if yarn is not None:
            yarn.lose(instance_id)

    def metrics(self, cluster_id: str) -> YarnMetrics | None:
        yarn = self._ready_yarn(cluster_id)
        if yarn is None:
            return None
        return _asked(yarn, lambda api: replace(api.metrics(), unhealthy=yarn.unhealthy()))

    def status(self) -> Sequence[Mapping[str, object]]:
        with self._lock:
            there = list(self._clusters.values())
        return [_status(running) for running in there]

    def stop(self) -> None:
        with self._lock:
            names = list(self._clusters)
        for name in names:
            self.terminate(name)

    def _ready_yarn(self, cluster_id: str) -> Yarn | None:
        with self._lock:
            running = self._clusters.get(cluster_id)
            return running.yarn if running is not None and running.ready else None

    def _known(self, cluster: Cluster) -> _Running:
        """What is kept of the cluster, from now on if not before; called under the lock."""
        if cluster.cluster_id not in self._clusters:
            self._clusters[cluster.cluster_id] = self._running(cluster)
        return self._clusters[cluster.cluster_id]

    def _running(self, cluster: Cluster) -> _Running:
        node = Node(self._machine, cluster.instance_profile, _primary(cluster))
        clients = node.clients(self._endpoint, self._region)
        return _Running(
            cluster=cluster,
            node=node,
            clients=clients,
            folder=self._home / "clusters" / cluster.cluster_id,
            applied=classifications.apply(cluster.configurations),
            logs=LogBucket(clients("s3"), cluster.log_uri, cluster.cluster_id),
        )

    def _run(self, running: _Running, step: Step) -> None:
        """The whole of a step: its thread's target. Whatever happens, the sink is told."""
        outcome: StepFailure | None = StepFailure(
            reason="Unknown Error.", message="the Spark runner failed; see emrctl local logs", log_file=None
        )
        try:
            outcome = self._outcome(running, step)
        except Exception:
            log.exception("step %s of %s", step.step_id, running.cluster.cluster_id)
        finally:
            with self._lock:
                running.steps.pop(step.step_id, None)
            self._sink.finished(running.cluster.cluster_id, step.step_id, outcome)

    def _bootstrap(
        self, running: _Running, actions: Sequence[BootstrapAction], done: Callable[[str | None], None]
    ) -> None:
        """All of a cluster's bootstrap actions: its thread's target. Whatever happens, `done` is told."""
        failure: str | None = "the Spark runner failed; see emrctl local logs"
        try:
            folder, cluster = running.folder / "bootstrap", running.cluster
            tools = self._tools(lanes.lane(cluster.release_label))
            file = folder / "aws" / "credentials"
            credentials.keep(file, running.node.session())
            environment = {
                **daemons.environment(tools, cluster.cluster_id, running.folder),
                **credentials.environment(file, self._endpoint, self._region),
            }
            failure = bootstrap.run(
                actions,
                _primary(cluster),
                folder,
                running.clients,
                running.logs,
                environment,
                lambda: running.ended,
            )
            shutil.rmtree(folder / "aws", ignore_errors=True)
        except (UserError, RoleError, OSError) as error:
            failure = str(error)
        except Exception:
            log.exception("bootstrap actions of %s", running.cluster.cluster_id)
        finally:
            done(failure)

    def _outcome(self, running: _Running, step: Step) -> StepFailure | None:
        try:
            tools = self._tools(lanes.lane(running.cluster.release_label))
        except UserError as error:
            return StepFailure(reason="Unknown Error.", message=str(error), log_file=None)
        run = StepRun(running.cluster, step, running.folder, tools, self._sink, running.logs)
        with self._lock:
            if running.ended:
                return run.refuse("the cluster is ending")
            if step.step_id in running.cancelled:
                return run.refuse("Cancelled")
            running.steps[step.step_id] = run
        try:
            yarn = self._ready(running, tools)
        except (YarnError, UserError, OSError) as error:
            return run.refuse(f"the cluster's YARN does not start: {error}")
        return run.run(yarn, running.node, running.clients, self._endpoint, self._region, running.applied)

    def _ready(self, running: _Running, tools: Toolchain) -> Yarn:
        """The cluster's YARN; the first step that asks starts it, the others wait. What has died is replaced."""
        if running.ready and running.yarn is not None and running.yarn.whole:
            return running.yarn  # without the lock, which a resize holds until a node has finished its work
        with running.lock:
            if running.yarn is None or not running.ready:
                yarn = self._yarn(running, tools)
                with self._lock:
                    if running.ended:
                        raise YarnError("the cluster is ending")
                    running.yarn = yarn
                yarn.start(self._nodes(running))
                running.ready = True
            elif not running.yarn.whole:
                running.yarn.mend(self._nodes(running))
            return running.yarn

    def _yarn(self, running: _Running, tools: Toolchain) -> Yarn:
        folder, applied = running.folder, running.applied
        _forget(folder)  # of the same cluster, restored from a snapshot: its processes were another server's
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("staging", "tmp"):
            (folder / name).mkdir(exist_ok=True)
        submit.prepare(tools, folder)
        types = [instance.instance_type for instance in sizing.nodes(running.cluster.instances)]
        submit.write_defaults(
            folder / "spark" / "spark-defaults.conf", submit.defaults(tools, folder, applied, types)
        )
        core = hadoop.core_site(self._endpoint, self._region, folder / "tmp")
        core |= applied.properties["core-site"]
        return Yarn(running.cluster.cluster_id, folder, tools, core, applied)

    def _resize(self, running: _Running) -> None:
        with running.lock:
            if running.yarn is not None and running.ready:
                running.yarn.resize(self._nodes(running))

    def _nodes(self, running: _Running) -> list[Any]:
        with self._lock:
            others = [r.yarn for r in self._clusters.values() if r is not running and r.yarn is not None]
        elsewhere = sum(max(0, len(yarn.running) - 1) for yarn in others)
        return sizing.nodes(running.cluster.instances, elsewhere=elsewhere)


def _primary(cluster: Cluster) -> str:
    """The EC2 id of the primary node."""
    return next((i.ec2_instance_id for i in cluster.instances if i.role == "MASTER"), cluster.cluster_id)


def _forget(folder: Path) -> None:
    """Leave the daemons' logs of an ended cluster, and nothing else: no credentials, no data."""
    for path in [
        *folder.glob("steps/*/aws"),
        *folder.glob("bootstrap/aws"),
        *folder.glob("nodes/*/local"),
        *folder.glob("nodes/*/containers"),
        *folder.glob("nodes/*/tmp"),
    ]:
        shutil.rmtree(path, ignore_errors=True)
    for name in ("staging", "state", "tmp", "home", "python", "apps"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _asked(yarn: Yarn, question: Callable[[ResourceManager], _Answer]) -> _Answer | None:
    """What the ResourceManager answers; None while it does not."""
    try:
        return question(yarn.api)
    except (YarnError, OSError) as error:
        log.info("%s: the ResourceManager does not answer: %s", yarn.cluster_id, error)
        return None


def _status(running: _Running) -> Mapping[str, object]:
    cluster, daemons = running.cluster, running.yarn.running if running.yarn else []
    workers = [i for i in cluster.instances if i.role != "MASTER"]
    yarn = running.yarn if running.ready else None
    metrics = None if yarn is None else _asked(yarn, lambda api: api.metrics())
    queues = None if yarn is None else _asked(yarn, lambda api: api.queues())
    return {
        "cluster_id": cluster.cluster_id,
        "ready": running.ready,
        "steps": sorted(running.steps),
        "instances": len(workers),
        "nodes": max(0, len(daemons) - 1),
        "memory_factor": sizing.MEMORY_FACTOR,
        "metrics": None if metrics is None else asdict(metrics),
        "queues": queues or [],
        "processes": [{"kind": d.kind, "name": d.name, "pid": d.process.pid} for d in daemons],
        "containers": len(containers_of(cluster.cluster_id)),
    }

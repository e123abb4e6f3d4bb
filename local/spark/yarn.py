"""The YARN of one cluster: its ResourceManager and NodeManagers, started together, resized, ended."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from local import processes
from local.contracts import Instance
from local.spark import daemons, decommission, hadoop, labels, sizing
from local.spark.classifications import Applied
from local.spark.daemons import CLUSTER_MARK, Daemon
from local.spark.hadoop import Conf
from local.spark.rest import ResourceManager
from local.spark.toolchain import Toolchain

log = logging.getLogger(__name__)
READY_SECONDS = 60.0
_POLL = 0.05
_END_SECONDS = 5.0
_STARTS = 3  # a port that was free may be taken by the time the daemon binds it


class YarnError(Exception):
    """YARN cannot run; the message says why in one line."""


class Yarn:
    """One cluster's YARN in `folder`. Methods are called one at a time, but `stop`, which may come at any time."""

    def __init__(
        self, cluster_id: str, folder: Path, tools: Toolchain, core_site: Conf, applied: Applied
    ) -> None:
        self.cluster_id, self.folder = cluster_id, folder
        self.conf = folder / "conf"  # what clients use as HADOOP_CONF_DIR
        self._tools, self._core = tools, core_site
        self._applied = applied
        self._env = daemons.environment(tools, cluster_id, folder)
        self._nodes: dict[str, Daemon] = {}
        self._rm: Daemon | None = None
        self._api: ResourceManager | None = None
        self._yarn_site: Conf = {}
        self._labels = labels.of_cluster(applied.properties["yarn-site"])
        self._count = 0  # nodes there ever were: each has an address of its own
        self._excluded = self.conf / "excluded"
        self._leaving = threading.Lock()
        self._stopping = threading.Event()
        self._starting = threading.Lock()

    @property
    def api(self) -> ResourceManager:
        """The ResourceManager's REST API. Raises YarnError before `start`."""
        if self._api is None:
            raise YarnError("YARN is not running")
        return self._api

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the cluster has in its environment."""
        return dict(self._env)

    @property
    def running(self) -> list[Daemon]:
        """What runs, the ResourceManager first."""
        return [*([self._rm] if self._rm else []), *self._nodes.values()]

    @property
    def whole(self) -> bool:
        """Whether all that was started still runs."""
        return all(daemon.process.poll() is None for daemon in self.running)

    def unhealthy(self) -> tuple[str, ...]:
        """The instances whose node has died on its own, or says that it cannot work. May raise OSError."""
        sick = {node["nodeHostName"] for node in self.api.running_nodes("UNHEALTHY").values()}
        return tuple(
            name
            for name, daemon in sorted(self._nodes.items())
            if daemon.process.poll() is not None or (daemon.host in sick and daemon.host != hadoop.LOOPBACK)
        )

    def node_folders(self) -> list[Path]:
        """The folders of all nodes there ever were; container logs lie in them."""
        return sorted((self.folder / "nodes").glob("*/containers"))

    def start(self, instances: Sequence[Instance]) -> None:
        """Start the ResourceManager and a node for each of `instances`; returns when all take containers.

        Raises YarnError when that does not come about.
        """
        for attempt in range(1, _STARTS + 1):
            try:
                self._start_once(instances)
                return
            except YarnError as error:
                self._end_daemons()
                taken = "BindException" in str(error) or "Address already in use" in str(error)
                if not taken or attempt == _STARTS or self._stopping.is_set():
                    raise
                log.info("%s: a port was taken meanwhile, starting again", self.cluster_id)

    def resize(self, instances: Sequence[Instance]) -> None:
        """Have exactly one node for each of `instances`: new ones start, others finish their work and end."""
        wanted = {i.instance_id for i in instances}
        leaving = [self._nodes[name] for name in self._nodes if name not in wanted]
        with self._starting:
            if self._stopping.is_set():
                return
            for instance in instances:
                if instance.instance_id not in self._nodes:
                    self._start_node(instance)
        for node in leaving:
            self._drain(node)
            _end([psutil.Process(node.process.pid)] if node.process.poll() is None else [])
            node.process.wait()
            self._nodes.pop(node.name, None)

    def leave(self, instance_id: str) -> None:
        """Have the instance's node take nothing new; fine when it has none."""
        node = self._nodes.get(instance_id)
        if node is None:
            return
        try:
            self._decommission(node, decommission.seconds(self._yarn_site))
        except (OSError, psutil.Error, subprocess.SubprocessError) as error:
            log.warning("%s: node %s is not told that it leaves: %s", self.cluster_id, instance_id, error)

    def lose(self, instance_id: str) -> None:
        """End the instance's node and all containers on it at once; fine when it has none.

        The ResourceManager learns of it as on EMR: by a node that no longer answers.
        """
        node = self._nodes.pop(instance_id, None)
        if node is None:
            return
        home = str(self.folder / "nodes" / instance_id)
        _end([psutil.Process(node.process.pid)] if node.process.poll() is None else [])
        node.process.wait()
        _end(process for process in processes_of(self.cluster_id, container="_") if _within(process, home))

    def mend(self, instances: Sequence[Instance]) -> None:
        """Start anew what has died on its own: a node alone, or with the ResourceManager everything.

        Raises YarnError when that does not come about.
        """
        if self._rm is None or self._rm.process.poll() is not None:
            self._end_daemons()
            self.start(instances)
            return
        for name in [n for n, daemon in self._nodes.items() if daemon.process.poll() is not None]:
            log.warning("%s: node %s has died: %s", self.cluster_id, name, self._nodes[name].last_words())
            del self._nodes[name]
        self.resize(instances)
        self._wait_ready()

    def stop(self) -> None:
        """End every process of the cluster, containers and clients included; returns when they are gone."""
        self._stopping.set()
        with self._starting:
            self._end_daemons()

    def _start_once(self, instances: Sequence[Instance]) -> None:
        with self._starting:
            if self._stopping.is_set():
                raise YarnError("the cluster is ending")
            ports = daemons.free_ports()
            self._api = ResourceManager(ports.web)
            self._write(ports, instances)
            self._rm = self._daemon("resourcemanager", "primary", {})
            if self._labels:  # a node whose label is not known yet is not taken
                self._once_there(lambda: self.api.add_labels(self._labels))
            for instance in instances:
                self._start_node(instance)
        self._wait_ready()

    def _write(self, ports: hadoop.Ports, instances: Sequence[Instance]) -> None:
        own = self._applied.properties
        sizes = [sizing.node_size(i.instance_type) for i in instances]
        largest = max(sizes, key=lambda size: size.memory_mb)
        self.conf.mkdir(parents=True, exist_ok=True)
        self._excluded.touch()
        self._yarn_site = {
            **hadoop.yarn_site(ports, largest, self.folder / "state", self._excluded),
            **labels.resource_manager(own["yarn-site"]),
            **own["yarn-site"],
        }
        hadoop.write_xml(self.conf / "core-site.xml", self._core)
        hadoop.write_xml(self.conf / "yarn-site.xml", self._yarn_site)

    def _start_node(self, instance: Instance) -> None:
        folder = self.folder / "nodes" / instance.instance_id
        size = sizing.node_size(instance.instance_type)
        host = decommission.address(self._count)
        self._count += 1
        own = {
            **hadoop.node_site(folder, size, home=Path(self._env["HOME"]), host=host),
            **labels.node_manager(labels.of_node(instance, self._labels)),
            **self._own_of_nodes(),
        }
        self._nodes[instance.instance_id] = self._daemon("nodemanager", instance.instance_id, own, host)

    def _own_of_nodes(self) -> Conf:
        return {
            k: v
            for k, v in self._applied.properties["yarn-site"].items()
            if k.startswith("yarn.nodemanager.")
        }

    def _daemon(self, kind: daemons.Kind, name: str, own: Conf, host: str = hadoop.LOOPBACK) -> Daemon:
        conf = {"core-site.xml": self._core, "yarn-site.xml": {**self._yarn_site, **own}}
        if kind == "resourcemanager":
            conf["capacity-scheduler.xml"] = {
                **hadoop.capacity_scheduler(),
                **labels.queues(self._labels),
                **self._applied.properties["capacity-scheduler"],
            }
        return daemons.start(kind, name, self.folder / "nodes" / name, conf, self._tools, self._env, host)

    def _wait_ready(self) -> None:
        self._once_there(lambda: len(self.api.running_nodes()) >= len(self._nodes))

    def _once_there(self, question: Callable[[], bool | None]) -> None:
        """Ask the ResourceManager until it answers with anything but False. Raises YarnError when it does not."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._stopping.is_set():
                raise YarnError("the cluster is ending")
            for daemon in self.running:
                if daemon.process.poll() is not None:
                    raise YarnError(f"the {daemon.kind} {daemon.name} has ended: {daemon.last_words()}")
            with suppress(OSError):  # not there yet
                if question() is not False:
                    return
            time.sleep(_POLL)
        words = "; ".join(f"{d.kind}: {d.last_words()}" for d in self.running)
        raise YarnError(f"YARN is not ready after {READY_SECONDS:.0f} s ({words})")

    def _drain(self, node: Daemon) -> None:
        """Give the node nothing new and wait until its work is done, for so long as is allowed."""
        allowed = decommission.seconds(self._yarn_site)
        deadline = time.monotonic() + allowed
        try:
            node_id = self._decommission(node, allowed)
            while node_id is not None and not self._stopping.is_set() and time.monotonic() < deadline:
                told = self.api.running_nodes("RUNNING,DECOMMISSIONING").get(node_id)
                if told is None or (node.host == hadoop.LOOPBACK and not told["numContainers"]):
                    return
                time.sleep(_POLL * 4)
        except (OSError, psutil.Error, subprocess.SubprocessError) as error:
            log.warning("%s: node %s leaves without ceremony: %s", self.cluster_id, node.name, error)

    def _decommission(self, node: Daemon, seconds: float) -> str | None:
        """Tell the ResourceManager that the node goes; its id there, None when it has none. Raises as `refresh`."""
        node_id = self._node_id(node)
        if node_id is None:
            return None
        if node.host == hadoop.LOOPBACK:  # nodes that share a host cannot be told apart
            self.api.take_no_more(node_id)
            return node_id
        with self._leaving:
            hosts = self._excluded.read_text().split()
            if node.host not in hosts:
                self._excluded.write_text("".join(f"{host}\n" for host in [*hosts, node.host]))
                decommission.refresh(self._tools, self.folder, self._env, seconds)
        return node_id

    def _node_id(self, node: Daemon) -> str | None:
        """The ResourceManager's name of a node: a port in it is the process's. May raise OSError, psutil.Error."""
        ports = {c.laddr.port for c in psutil.Process(node.process.pid).net_connections() if c.laddr}
        return next((i for i in self.api.running_nodes() if int(i.rpartition(":")[2]) in ports), None)

    def _end_daemons(self) -> None:
        end_processes(self.cluster_id)
        for daemon in self.running:
            daemon.process.wait()
        self._rm, self._nodes = None, {}


def processes_of(cluster_id: str, *, container: str = "") -> list[psutil.Process]:
    """The processes that carry the mark of the cluster; with `container`, those of containers named so."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            environment = process.environ()
            ours = environment.get(CLUSTER_MARK) == cluster_id
            if ours and container in environment.get("CONTAINER_ID", "") and processes.alive(process):
                found.append(process)
    return found


def containers_of(cluster_id: str) -> set[str]:
    """The ids of the containers that run in a cluster."""
    found = set()
    for process in processes_of(cluster_id, container="_"):
        with suppress(psutil.Error, OSError, KeyError):  # it ends while it is looked at
            found.add(process.environ()["CONTAINER_ID"])
    return found


def end_processes(cluster_id: str) -> None:
    """End whatever runs of a cluster; returns when it is gone.

    Nothing has a state to save, and a NodeManager that is asked politely first waits for its containers.
    """
    while found := processes_of(cluster_id):
        _end(found)


def _within(process: psutil.Process, folder: str) -> bool:
    with suppress(psutil.Error, OSError):
        return process.cwd().startswith(folder)
    return False


def _end(found: Iterable[psutil.Process]) -> None:
    found = list(found)
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    processes.wait_gone(found, _END_SECONDS)

"""The ResourceManager's REST API: what the runner asks it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.contracts import YarnMetrics
from local.spark.hadoop import LOOPBACK, USER

FINAL = frozenset({"FINISHED", "FAILED", "KILLED"})
_SECONDS = 5.0
_METRICS: Mapping[str, str] = {
    "nodes_active": "activeNodes",
    "apps_running": "appsRunning",
    "apps_pending": "appsPending",
    "containers_allocated": "containersAllocated",
    "containers_pending": "containersPending",
    "containers_reserved": "containersReserved",
    "memory_total_mb": "totalMB",
    "memory_available_mb": "availableMB",
    "memory_allocated_mb": "allocatedMB",
    "memory_reserved_mb": "reservedMB",
    "memory_pending_mb": "pendingMB",
}
# No proxy of the user's environment stands between us and our own loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Application:
    """A YARN application, as the ResourceManager tells it."""

    id: str
    state: str
    final_status: str
    diagnostics: str

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in FINAL


class ResourceManager:
    """The REST API of the ResourceManager on a port of the loopback. Every call may raise OSError."""

    def __init__(self, port: int) -> None:
        self._base = f"http://{LOOPBACK}:{port}/ws/v1/cluster"

    def running_nodes(self, states: str = "RUNNING") -> dict[str, dict[str, Any]]:
        """The nodes that take containers, or those in other `states`, by node id."""
        told = self._call("GET", f"/nodes?states={states}")
        return {node["id"]: node for node in (told.get("nodes") or {}).get("node", [])}

    def applications(self, tag: str | None = None) -> list[Application]:
        """The applications, or those that carry `tag`."""
        told = self._call("GET", "/apps" + (f"?applicationTags={tag.lower()}" if tag else ""))
        return [
            Application(
                id=app["id"], state=app["state"], final_status=app["finalStatus"],
                diagnostics=app.get("diagnostics", ""),
            )
            for app in (told.get("apps") or {}).get("app", [])
        ]  # fmt: skip

    def metrics(self) -> YarnMetrics:
        """What the cluster has, uses and is asked for."""
        told = self._call("GET", "/metrics")["clusterMetrics"]
        counts: dict[str, Any] = {name: int(told[key]) for name, key in _METRICS.items()}
        return YarnMetrics(**counts)

    def queues(self) -> list[dict[str, Any]]:
        """The queues under root: their share of the cluster and what they use of it, in percent of that share."""
        told = self._call("GET", "/scheduler")["scheduler"]["schedulerInfo"]
        return [
            {
                "name": queue["queueName"], "capacity_percent": queue["capacity"],
                "used_percent": queue["usedCapacity"], "applications": queue["numApplications"],
                "containers": queue["numContainers"],
            }
            for queue in (told.get("queues") or {}).get("queue", [])
        ]  # fmt: skip

    def add_labels(self, names: Sequence[str]) -> None:
        """Make node labels known, each shared with what asks for none."""
        body = {"nodeLabelInfo": [{"name": name, "exclusivity": False} for name in names]}
        self._call("POST", f"/add-node-labels?user.name={USER}", body)

    def kill(self, application_id: str) -> None:
        """Ask for the end of an application; it ends soon."""
        self._call("PUT", f"/apps/{application_id}/state?user.name={USER}", {"state": "KILLED"})

    def take_no_more(self, node_id: str) -> None:
        """Let a node finish what it runs, and give it nothing new: it has nothing left to offer."""
        body = {"resource": {"memory": 0, "vCores": 0}, "overCommitTimeout": -1}
        self._call("POST", f"/nodes/{node_id}/resource?user.name={USER}", body)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 our own loopback
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        )
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            text = answer.read()
        told: dict[str, Any] = json.loads(text) if text else {}
        return told

"""All the EMR on EKS there is in this process: virtual clusters and job templates of every account and region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloud.emr_containers.lifecycle import Lifecycle
from local.cloud.emr_containers.model import JobTemplate, VirtualCluster
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.events import Emit
from local.cloud.runs.tokens import Tokens


@dataclass(kw_only=True)
class Region:
    """What there is in one account and region."""

    clusters: dict[str, VirtualCluster] = field(default_factory=dict)
    templates: dict[str, JobTemplate] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)


class ContainersControl:
    """Holds the virtual clusters and templates, and hands out what changes them."""

    def __init__(self, conductor: Conductor, emit: Emit) -> None:
        self.plane, self.conductor = conductor.plane, conductor
        self.lifecycle = Lifecycle(conductor, self.find, "aws", emit)
        self._regions: defaultdict[tuple[str, str], Region] = defaultdict(Region)

    def region(self, account_id: str, region: str) -> Region:
        """What there is in an account and region; the caller adds to it."""
        return self._regions[(account_id, region)]

    def find(self, cluster_id: str) -> VirtualCluster:
        """The virtual cluster of this id, wherever it is."""
        return next(r.clusters[cluster_id] for r in self._regions.values() if cluster_id in r.clusters)

    def forget(self, account_id: str, region: str) -> None:
        """End and drop everything of one account in one region."""
        with self.plane.lock:
            found = self.region(account_id, region)
            for cluster in found.clusters.values():
                self.conductor.forget(cluster.runs.values())
            self._regions[(account_id, region)] = Region()

    def state(self) -> object:
        """What there is, for a snapshot."""
        return {
            place: (found.clusters, found.templates, found.tokens.answers)
            for place, found in self._regions.items()
        }

    def restore(self, state: Any) -> None:
        """Take back what there was, into a control that has nothing; what is under way goes on."""
        with self.plane.lock:
            for place, (clusters, templates, answers) in state.items():
                region = self._regions[place]
                region.clusters.update(clusters)
                region.templates.update(templates)
                region.tokens.answers.update(answers)
            for region in self._regions.values():
                for cluster in region.clusters.values():
                    self.lifecycle.resume(cluster)

    def overview(self) -> list[Mapping[str, object]]:
        """Every virtual cluster that is there with its open runs, for `emrctl local status`."""
        with self.plane.lock:
            return [
                {
                    "id": c.id, "name": c.request["name"], "region": c.region, "state": c.state,
                    "runs": [{"id": r.id, "state": r.state} for r in c.active_runs()],
                }
                for region in self._regions.values() for c in region.clusters.values() if c.state != "TERMINATED"
            ]  # fmt: skip

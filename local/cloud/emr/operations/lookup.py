"""What every operation needs: the state it works on, and finding things in it or failing in EMR's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud.emr.account import MotoAccount
from local.cloud.emr.control import EmrControl
from local.cloud.emr.errors import InvalidRequestError, ValidationError, no_such_cluster
from local.cloud.emr.model import Cluster, Pool, Step

Request = Mapping[str, Any]
Json = dict[str, Any]
ENDED = "A job flow that is shutting down, terminated, or finished may not be modified."


class Lookup:
    """One account's EMR in one region; the operations are mixed into it."""

    control: EmrControl
    account: MotoAccount
    clusters: dict[str, Cluster]

    def _cluster(self, cluster_id: str) -> Cluster:
        if cluster_id not in self.clusters:
            raise no_such_cluster(cluster_id)
        return self.clusters[cluster_id]

    def _changeable(self, cluster_id: str) -> Cluster:
        cluster = self._cluster(cluster_id)
        if not cluster.active:
            raise ValidationError(ENDED)
        return cluster

    def _all_changeable(self, cluster_ids: Sequence[str]) -> list[Cluster]:
        return [self._changeable(i) for i in cluster_ids]

    def _pool(self, cluster: Cluster, pool_id: str, what: str) -> Pool:
        for pool in cluster.pools:
            if pool.id == pool_id:
                return pool
        raise InvalidRequestError(f"{what} id '{pool_id}' is not valid.")

    def _group(self, group_id: str) -> tuple[Cluster, Pool]:
        for cluster in self.clusters.values():
            for pool in cluster.pools:
                if pool.id == group_id and pool.kind == "GROUP":
                    return cluster, pool
        raise InvalidRequestError(f"Instance group id '{group_id}' is not valid.")

    def _step(self, cluster: Cluster, step_id: str) -> Step:
        for step in cluster.steps:
            if step.id == step_id:
                return step
        raise InvalidRequestError(f"Step id '{step_id}' is not valid.")

    def _only(self, kind: str, cluster: Cluster, operation: str) -> None:
        if all(pool.kind == kind for pool in cluster.pools):
            return
        has, other = ("fleets", "ListInstanceFleets") if kind == "GROUP" else ("groups", "ListInstanceGroups")
        raise InvalidRequestError(
            "Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in the "
            f"request uses instance {has}. The {operation} request does not support clusters that use "
            f"instance {has}. Use the {other} request instead."
        )

"""The policies of a cluster: managed scaling, auto-termination, a group's own automatic scaling."""

from __future__ import annotations

from local.cloud.emr import policies, views
from local.cloud.emr.operations.lookup import Json, Lookup, Request


class PolicyOperations(Lookup):
    """The operations on policies."""

    def put_managed_scaling_policy(self, request: Request) -> None:
        cluster = self._changeable(request["ClusterId"])
        policy = policies.managed_scaling(request["ManagedScalingPolicy"], cluster)
        cluster.managed_scaling_policy = policy
        self.control.scaler.watch(cluster)

    def get_managed_scaling_policy(self, request: Request) -> Json:
        return {"ManagedScalingPolicy": self._cluster(request["ClusterId"]).managed_scaling_policy}

    def remove_managed_scaling_policy(self, request: Request) -> None:
        self._changeable(request["ClusterId"]).managed_scaling_policy = None

    def put_auto_termination_policy(self, request: Request) -> None:
        cluster = self._changeable(request["ClusterId"])
        policy = policies.auto_termination(request.get("AutoTerminationPolicy") or {})
        cluster.auto_termination_policy = policy
        self.control.lifecycle.rearm(cluster)

    def get_auto_termination_policy(self, request: Request) -> Json:
        return {"AutoTerminationPolicy": self._cluster(request["ClusterId"]).auto_termination_policy}

    def remove_auto_termination_policy(self, request: Request) -> None:
        cluster = self._changeable(request["ClusterId"])
        cluster.auto_termination_policy = None
        self.control.lifecycle.disarm(cluster)

    def put_auto_scaling_policy(self, request: Request) -> Json:
        cluster = self._changeable(request["ClusterId"])
        pool = self._pool(cluster, request["InstanceGroupId"], "Instance group")
        pool.auto_scaling_policy = dict(request["AutoScalingPolicy"])
        for state in ("PENDING", "ATTACHED"):  # attached at once here
            self.control.lifecycle.tell.scaling_policy(cluster, pool, state)
        return {
            "ClusterId": cluster.id, "InstanceGroupId": pool.id, "ClusterArn": cluster.arn,
            "AutoScalingPolicy": views.auto_scaling_policy(pool),
        }  # fmt: skip

    def remove_auto_scaling_policy(self, request: Request) -> None:
        cluster = self._changeable(request["ClusterId"])
        pool = self._pool(cluster, request["InstanceGroupId"], "Instance group")
        pool.auto_scaling_policy = None
        self.control.lifecycle.tell.scaling_policy(cluster, pool, "DETACHED")

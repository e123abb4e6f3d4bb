"""Instance fleets, instance groups and the instances in them."""

from __future__ import annotations

from local.cloud.emr import pools, views
from local.cloud.emr.errors import InvalidRequestError, ValidationError
from local.cloud.emr.operations.lookup import ENDED, Json, Lookup, Request
from local.cloud.emr.paging import page
from local.contracts import Market


class NodeOperations(Lookup):
    """The operations on a cluster's nodes."""

    def add_instance_fleet(self, request: Request) -> Json:
        cluster = self._changeable(request["ClusterId"])
        self._only("FLEET", cluster, "AddInstanceFleet")
        pool = pools.fleet(request["InstanceFleet"], self.control.plane.now())
        pools.check_roles([p.role for p in cluster.pools] + [pool.role], kind="FLEET")
        self.control.lifecycle.add_pool(cluster, pool)
        return {"ClusterId": cluster.id, "InstanceFleetId": pool.id, "ClusterArn": cluster.arn}

    def list_instance_fleets(self, request: Request) -> Json:
        cluster = self._cluster(request["ClusterId"])
        self._only("FLEET", cluster, "ListInstanceFleets")
        return page("InstanceFleets", [views.fleet(p) for p in cluster.pools], request, 100)

    def modify_instance_fleet(self, request: Request) -> None:
        cluster, change = self._changeable(request["ClusterId"]), request["InstanceFleet"]
        self._only("FLEET", cluster, "ModifyInstanceFleet")
        pool = self._pool(cluster, change["InstanceFleetId"], "Instance fleet")
        if pool.role == "MASTER":
            raise InvalidRequestError("The master instance fleet cannot be resized.")
        targets: dict[Market, int] = {
            "ON_DEMAND": change.get("TargetOnDemandCapacity", pool.targets["ON_DEMAND"]),
            "SPOT": change.get("TargetSpotCapacity", pool.targets["SPOT"]),
        }
        types = change.get("InstanceTypeConfigs") or pool.types
        pools.check_targets(pool.role, targets, types)
        pool.targets, pool.types, pool.switched = targets, types, 0
        for name in ("ResizeSpecifications", "Context"):
            if change.get(name) is not None:
                pool.config[name] = change[name]
        self.control.lifecycle.resize(cluster, pool)

    def add_instance_groups(self, request: Request) -> Json:
        cluster = self._changeable(request["JobFlowId"])
        self._only("GROUP", cluster, "AddInstanceGroups")
        added = [pools.group(config, self.control.plane.now()) for config in request["InstanceGroups"]]
        pools.check_roles([p.role for p in [*cluster.pools, *added]], kind="GROUP")
        for pool in added:
            self.control.lifecycle.add_pool(cluster, pool)
        return {
            "JobFlowId": cluster.id, "InstanceGroupIds": [p.id for p in added], "ClusterArn": cluster.arn,
        }  # fmt: skip

    def list_instance_groups(self, request: Request) -> Json:
        cluster = self._cluster(request["ClusterId"])
        self._only("GROUP", cluster, "ListInstanceGroups")
        return page("InstanceGroups", [views.group(p) for p in cluster.pools], request, 100)

    def modify_instance_groups(self, request: Request) -> None:
        changes = [(self._group(c["InstanceGroupId"]), c) for c in request.get("InstanceGroups", [])]
        for (cluster, pool), change in changes:
            if not cluster.active:
                raise ValidationError(ENDED)
            if change.get("InstanceCount") is not None:
                market: Market = pool.config.get("Market") or "ON_DEMAND"
                targets: dict[Market, int] = {**pool.targets, market: change["InstanceCount"]}
                if pool.role != "TASK" or change["InstanceCount"]:
                    pools.check_targets(pool.role, targets, pool.types)
                pool.targets = targets
                self.control.lifecycle.resize(cluster, pool)
            for name in ("ShrinkPolicy", "Configurations"):
                if change.get(name) is not None:
                    pool.config[name] = change[name]

    def list_instances(self, request: Request) -> Json:
        cluster = self._cluster(request["ClusterId"])
        roles = request.get("InstanceGroupTypes") or request.get("InstanceFleetType")
        wanted = request.get("InstanceGroupId") or request.get("InstanceFleetId")
        if wanted:
            self._pool(cluster, wanted, "Instance group or fleet")
        states = request.get("InstanceStates")
        nodes = [
            views.instance(node, pool.kind)
            for pool in cluster.pools
            if (not wanted or pool.id == wanted) and (not roles or pool.role in roles)
            for node in pool.instances
            if not states or node.status.state in states
        ]
        return page("Instances", nodes, request, 2000)

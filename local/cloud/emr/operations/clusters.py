"""Clusters: launched, shown, changed, ended, tagged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.cloud.emr import launch, policies, views
from local.cloud.emr.errors import ValidationError
from local.cloud.emr.operations.lookup import Json, Lookup, Request
from local.cloud.emr.paging import page


class ClusterOperations(Lookup):
    """The operations on clusters."""

    def run_job_flow(self, request: Request) -> Json:
        cluster = launch.cluster_of(request, self.account, self.control.plane.now())
        configuration = request.get("SecurityConfiguration")
        document = self.account.security_configuration(configuration) if configuration else {}
        cluster.launch_problem = cluster.launch_problem or self.control.launch_problem(cluster, document)
        self.clusters[cluster.id] = cluster
        self.control.lifecycle.launch(cluster)
        self.control.scaler.watch(cluster)
        return {"JobFlowId": cluster.id, "ClusterArn": cluster.arn}

    def describe_cluster(self, request: Request) -> Json:
        return {"Cluster": views.cluster(self._cluster(request["ClusterId"]))}

    def list_clusters(self, request: Request) -> Json:
        states = request.get("ClusterStates")
        after, before = _moment(request.get("CreatedAfter")), _moment(request.get("CreatedBefore"))
        chosen = [
            views.cluster_summary(c)
            for c in sorted(self.clusters.values(), key=lambda c: c.status.created, reverse=True)
            if (not states or c.status.state in states)
            and (after is None or c.status.created > after)
            and (before is None or c.status.created < before)
        ]
        return page("Clusters", chosen, request, 50)

    def modify_cluster(self, request: Request) -> Json:
        cluster = self._changeable(request["ClusterId"])
        level = request.get("StepConcurrencyLevel")
        if level is not None:
            policies.check_concurrency(level)
            cluster.step_concurrency = level
            self.control.scheduler.schedule(cluster)
        return {
            "StepConcurrencyLevel": cluster.step_concurrency,
            "ExtendedSupport": request.get("ExtendedSupport"),
        }

    def terminate_job_flows(self, request: Request) -> None:
        clusters = [self._cluster(i) for i in request["JobFlowIds"]]
        if any(c.termination_protected and c.active for c in clusters):
            raise ValidationError(
                "Could not shut down one or more job flows since they are termination protected."
            )
        for cluster in clusters:
            self.control.lifecycle.terminate(cluster, "USER_REQUEST", "Terminated by user request")

    def set_termination_protection(self, request: Request) -> None:
        for cluster in self._all_changeable(request["JobFlowIds"]):
            cluster.termination_protected = request["TerminationProtected"]
            self.control.lifecycle.rearm(cluster)

    def set_visible_to_all_users(self, request: Request) -> None:
        for cluster in self._all_changeable(request["JobFlowIds"]):
            cluster.visible_to_all_users = request["VisibleToAllUsers"]

    def set_keep_job_flow_alive_when_no_steps(self, request: Request) -> None:
        for cluster in self._all_changeable(request["JobFlowIds"]):
            cluster.keep_alive = request["KeepJobFlowAliveWhenNoSteps"]
            self.control.scheduler.schedule(cluster)

    def set_unhealthy_node_replacement(self, request: Request) -> None:
        for cluster in self._all_changeable(request["JobFlowIds"]):
            cluster.unhealthy_node_replacement = request["UnhealthyNodeReplacement"]

    def add_tags(self, request: Request) -> None:
        cluster = self._cluster(request["ResourceId"])
        cluster.tags.update({t["Key"]: t.get("Value", "") for t in request["Tags"]})

    def remove_tags(self, request: Request) -> None:
        cluster = self._cluster(request["ResourceId"])
        for key in request["TagKeys"]:
            cluster.tags.pop(key, None)

    def list_bootstrap_actions(self, request: Request) -> Json:
        actions = [
            {"Name": action.name, "ScriptPath": action.path, "Args": list(action.args)}
            for action in self._cluster(request["ClusterId"]).bootstrap_actions()
        ]
        return page("BootstrapActions", actions, request, 50)


def _moment(value: Any) -> datetime | None:
    """A time of a request; moto's reading of it says no zone, and means UTC."""
    return value.replace(tzinfo=value.tzinfo or UTC) if isinstance(value, datetime) else None

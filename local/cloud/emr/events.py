"""What EMR tells EventBridge of clusters, fleets, groups, steps and scaling policies.

Details, severities and messages: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-cloudwatch-events.html;
their fields: https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-emr.html. All values are strings, as there.
The texts of cluster and step messages are EMR's; those of scaling policies, groups and fleets are ours in EMR's form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.cloud import events
from local.cloud.emr.model import Cluster, Pool, Status, Step
from local.cloud.plane import ControlPlane

Told = tuple[str, str]  # severity, message with {who}, {at}, …
_INFO, _WARN, _ERROR, _CRITICAL = "INFO", "WARN", "ERROR", "CRITICAL"
# BOOTSTRAPPING and TERMINATING are states of a cluster without an event of their own.
CLUSTER: Mapping[str, Told] = {
    "STARTING": (_INFO, "Amazon EMR cluster {who} was requested at {at} and is being created."),
    "RUNNING": (_INFO, "Amazon EMR cluster {who} began running steps at {at}."),
    "WAITING": (_INFO, "Amazon EMR cluster {who} was created at {at} and is ready for use."),
    "TERMINATED": (_INFO, "Amazon EMR Cluster {who} has terminated at {at} with a reason of {code}."),
    "TERMINATED_WITH_ERRORS": (
        _CRITICAL,
        "Amazon EMR Cluster {who} has terminated with errors at {at} with a reason of {code}.",
    ),
}
_IDLE_AGAIN = "Amazon EMR cluster {who} finished running all pending steps at {at}."
STEP: Mapping[str, Told] = {
    "PENDING": (_INFO, "Step {step} was added to Amazon EMR cluster {who} at {at} and is pending execution."),
    "CANCEL_PENDING": (
        _WARN,
        "Step {step} in Amazon EMR cluster {who} was cancelled at {at} and is pending cancellation.",
    ),
    "RUNNING": (_INFO, "Step {step} in Amazon EMR cluster {who} started running at {at}."),
    "COMPLETED": (
        _INFO,
        "Step {step} in Amazon EMR cluster {who} completed execution at {at}. The step started running at "
        "{began} and took {minutes} minutes to complete.",
    ),
    "CANCELLED": (
        _WARN,
        "Cancellation request has succeeded for cluster step {step} in Amazon EMR cluster {who} at {at}.",
    ),
    "FAILED": (_ERROR, "Step {step} in Amazon EMR cluster {who} failed at {at}."),
}
_GROUP: Mapping[str, str] = {
    "RESIZING": "A resize for instance group {pool} in Amazon EMR cluster {who} started at {at}. It is resizing "
    "from an instance count of {running} to {requested}.",
    "RUNNING": "The resizing operation for instance group {pool} in Amazon EMR cluster {who} is complete. It now "
    "has an instance count of {running}.",
}
_FLEET: Mapping[str, str] = {
    "RESIZING": "A resize for instance fleet {pool} in Amazon EMR cluster {who} started at {at}. The instance fleet "
    "is resizing from an On-Demand capacity of {on_demand} to a target of {target_on_demand}, and from a Spot "
    "capacity of {spot} to a target of {target_spot}.",
    "RUNNING": "Provisioning for instance fleet {pool} in Amazon EMR cluster {who} is complete. The instance fleet "
    "now has On-Demand capacity of {on_demand} and Spot capacity of {spot}. Target On-Demand capacity was "
    "{target_on_demand}, and target Spot capacity was {target_spot}.",
}
_RESIZED = _FLEET["RUNNING"].replace("Provisioning for", "The resizing operation for")
SCALING: Mapping[str, str] = {
    "PENDING": "An Auto Scaling policy was added to instance group {pool} in Amazon EMR cluster {who} at {at}. "
    "The policy is pending attachment.",
    "ATTACHED": "The Auto Scaling policy for instance group {pool} in Amazon EMR cluster {who} was attached at {at}.",
    "DETACHED": "The Auto Scaling policy for instance group {pool} in Amazon EMR cluster {who} was detached at {at}.",
}


class Teller:
    """Tells EventBridge what has become of a cluster and its parts; each method is called after the change."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def cluster(self, cluster: Cluster) -> None:
        """The cluster's state has changed."""
        told = CLUSTER.get(cluster.status.state)
        if told is None:
            return
        severity, text = told
        if cluster.status.state == "WAITING" and cluster.steps:
            text = _IDLE_AGAIN
        detail = {
            "severity": severity,
            "stateChangeReason": _reason(cluster.status),
            "name": cluster.name,
            "clusterId": cluster.id,
            "state": cluster.status.state,
            "message": text.format(who=_who(cluster), at=self._at(), code=cluster.status.code or ""),
        }
        self._emit(cluster, "EMR Cluster State Change", detail)

    def step(self, cluster: Cluster, step: Step) -> None:
        """The step's state has changed."""
        told = STEP.get(step.status.state)
        if told is None:
            return
        severity, text = told
        began = step.status.started or step.status.created
        minutes = int((self._plane.now() - began).total_seconds() // 60)
        message = text.format(
            step=f"{step.id} ({step.name})",
            who=_who(cluster),
            at=self._at(),
            began=_minute(began),
            minutes=minutes,
        )
        detail = {
            "severity": severity,
            "actionOnFailure": step.action_on_failure,
            "stepId": step.id,
            "name": step.name,
            "clusterId": cluster.id,
            "state": step.status.state,
            "message": message,
        }
        self._emit(cluster, "EMR Step Status Change", detail)

    def pool(self, cluster: Cluster, pool: Pool, *, resized: bool = False) -> None:
        """A fleet or a group begins to resize, or runs; `resized`: because that is over."""
        text = (_FLEET if pool.kind == "FLEET" else _GROUP)[pool.status.state]
        if resized and pool.kind == "FLEET":
            text = _RESIZED
        counts = {
            "on_demand": pool.provisioned("ON_DEMAND"), "target_on_demand": pool.targets["ON_DEMAND"],
            "spot": pool.provisioned("SPOT"), "target_spot": pool.targets["SPOT"],
        }  # fmt: skip
        counts["running"] = counts["on_demand"] + counts["spot"]
        counts["requested"] = counts["target_on_demand"] + counts["target_spot"]
        message = text.format(pool=pool.id, who=_who(cluster), at=self._at(), **counts)
        common = {"severity": _INFO, "clusterId": cluster.id, "state": pool.status.state, "message": message}
        if pool.kind == "FLEET":
            self._emit(cluster, "EMR Instance Fleet State Change", {**common, **_fleet(pool, counts)})
        else:
            self._emit(cluster, "EMR Instance Group State Change", {**common, **_group(pool, counts)})

    def scaling_policy(self, cluster: Cluster, pool: Pool, state: str) -> None:
        """A group's automatic scaling policy has been put or removed."""
        detail = {
            "resourceId": pool.id,
            "severity": _INFO,
            "clusterId": cluster.id,
            "state": state,
            "message": SCALING[state].format(pool=pool.id, who=_who(cluster), at=self._at()),
            "scalingResourceType": "INSTANCE_GROUP",
        }
        self._emit(cluster, "EMR Auto Scaling Policy State Change", detail)

    def _emit(self, cluster: Cluster, detail_type: str, detail: Mapping[str, Any]) -> None:
        account = cluster.arn.split(":")[4]
        events.emit(self._plane, account, cluster.region, "aws.emr", detail_type, detail)

    def _at(self) -> str:
        return _minute(self._plane.now())


def _fleet(pool: Pool, counts: Mapping[str, int]) -> dict[str, str]:
    return {
        "instanceFleetId": pool.id,
        "instanceFleetType": pool.role,
        "provisionedOnDemandCapacity": str(counts["on_demand"]),
        "provisionedSpotCapacity": str(counts["spot"]),
        "targetOnDemandCapacity": str(counts["target_on_demand"]),
        "targetSpotCapacity": str(counts["target_spot"]),
    }


def _group(pool: Pool, counts: Mapping[str, int]) -> dict[str, str]:
    return {
        "instanceGroupId": pool.id,
        "instanceGroupType": pool.role,
        "instanceType": pool.types[0]["InstanceType"],
        "market": "SPOT" if pool.targets["SPOT"] else "ON_DEMAND",
        "requestedInstanceCount": str(counts["requested"]),
        "runningInstanceCount": str(counts["running"]),
    }


def _who(cluster: Cluster) -> str:
    return f"{cluster.id} ({cluster.name})"


def _reason(status: Status) -> str:
    """The reason as EMR writes it: JSON in a string, with an empty code where there is none."""
    reason = {"code": status.code or ""}
    if status.code and status.message:
        reason["message"] = status.message
    return json.dumps(reason, separators=(",", ":"))


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")

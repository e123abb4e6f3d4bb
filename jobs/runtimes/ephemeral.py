"""A cluster of the run's own: made from a launch template for one step, and ended with it, whatever happens.

RunJobFlow takes no client token, so the attempt's token is the cluster's name (and a tag, and the step's name):
clusters are listed for it before anything is sent, and again when it is unknown whether something was. The step and
its role stand in the request, and the cluster is not kept alive without steps: from the moment that it exists EMR
itself ends it with its step, also when nobody watches any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes import ec2, sending
from jobs.runtimes.base import Capacity, Phase, Status, Submission

if TYPE_CHECKING:
    import boto3

# https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html
BEFORE = ("STARTING", "BOOTSTRAPPING")
AT_WORK = ("RUNNING", "WAITING")
GONE = ("TERMINATED", "TERMINATED_WITH_ERRORS")
# As when the step is cancelled. https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStateChangeReason.html
_ASKED = ("USER_REQUEST", "ALL_STEPS_COMPLETED")
_BY_ITSELF = ("COMPLETED", "FAILED")  # how a step ends that had its cluster to its end


class Ephemeral:
    """`Runtime` of one launch template. An attempt's id is its cluster's and its step's, with a slash between."""

    def __init__(self, session: boto3.Session, template: Place, clock: Clock | None = None) -> None:
        self._session, self._template = session, template
        self._clock = clock or Clock()
        self._emr = session.client("emr", config=sending.ASKING)
        self._send = session.client("emr", config=sending.SENDING)
        self._clusters: dict[str, ec2.Ec2] = {}

    def submit(self, submission: Submission) -> str:
        """See `Runtime`."""
        return sending.once(
            lambda: self.find(submission.token, submission.since),
            lambda: str(
                self._send.run_job_flow(**request(self._template.template or {}, submission))["JobFlowId"]
            ),
            self._clock,
            f"EMR made no cluster from the launch template '{self._template.name}'",
        )

    def find(self, token: str, since: datetime) -> Status | None:
        """See `Runtime`. One call for each fifty clusters since `since`, and one for the cluster's only step."""
        return self.find_all({token: since}).get(token)

    def find_all(self, tokens: Mapping[str, datetime]) -> Mapping[str, Status]:
        """As `find`, of many. EMR lists no step but by its cluster, so that each cluster costs a call of its own."""
        since = min(tokens.values()) - ec2.SKEW
        clusters: dict[str, list[Any]] = {}
        for page in self._emr.get_paginator("list_clusters").paginate(CreatedAfter=since):
            for each in page["Clusters"]:
                if each["Name"] in tokens:
                    clusters.setdefault(each["Name"], []).append(each)
        return {token: self._status(token, same) for token, same in clusters.items()}

    def _status(self, token: str, clusters: Sequence[Mapping[str, Any]]) -> Status:
        first, *others = sorted(clusters, key=lambda each: (_timeline(each)["CreationDateTime"], each["Id"]))
        twins = tuple(each["Id"] for each in others if _state(each) not in ec2.ENDING)
        # Our own request has one step only, but a hand may have added others.
        steps = self._emr.list_steps(ClusterId=first["Id"])["Steps"]
        step = next((each for each in reversed(steps) if each["Name"] == token), None)
        return status(first, step, twins)

    def alive(self) -> bool:
        """See `Runtime`. A template can always be tried."""
        return True

    def cancel(self, id_: str, *, force: bool) -> None:
        """See `Runtime`. The step is interrupted, and its cluster ends with it; by force the cluster is ended."""
        cluster_id, _, step_id = id_.partition("/")
        state = self._emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"]
        if step_id and not force and state in AT_WORK:
            self._at(cluster_id).cancel(step_id, force=False)
        elif state not in ec2.ENDING:
            self._emr.terminate_job_flows(JobFlowIds=[cluster_id])

    def logs(self, id_: str) -> Mapping[str, str]:
        """See `Runtime`."""
        cluster_id, _, step_id = id_.partition("/")
        return self._at(cluster_id).logs(step_id) if step_id else {}

    def log_uri(self, id_: str) -> str:
        """See `Runtime`."""
        cluster_id, _, step_id = id_.partition("/")
        return self._at(cluster_id).log_uri(step_id) if step_id else f"{self._template.log_uri}{cluster_id}/"

    def capacity(self, id_: str) -> Sequence[Capacity]:
        """See `Runtime`. Every instance that the cluster had, for as long as it had it."""
        hours: dict[tuple[str, bool], list[float]] = {}
        pages = self._emr.get_paginator("list_instances").paginate(ClusterId=id_.partition("/")[0])
        for instance in (instance for page in pages for instance in page["Instances"]):
            timeline = _timeline(instance)
            began = timeline.get("CreationDateTime")
            lasted = (
                ((timeline.get("EndDateTime") or self._clock.now()) - began).total_seconds() if began else 0.0
            )
            kind = (instance["InstanceType"], instance.get("Market") == "SPOT")
            hours.setdefault(kind, []).append(lasted / 3600)
        return [
            Capacity(instance_type=name, spot=spot, count=len(each), hours=sum(each))
            for (name, spot), each in sorted(hours.items())
        ]

    def _at(self, cluster_id: str) -> ec2.Ec2:
        if cluster_id not in self._clusters:
            place = replace(self._template, id=cluster_id)
            self._clusters[cluster_id] = ec2.Ec2(self._session, place, self._clock)
        return self._clusters[cluster_id]


def request(template: Mapping[str, Any], submission: Submission) -> dict[str, Any]:
    """RunJobFlow's request: the template's, with the step of one attempt. The role is the step's, not the cluster's."""
    # The stack's own tags stand above a job's: roles are cut to them.
    own = {tag["Key"]: tag["Value"] for tag in template.get("Tags", [])}
    tags = {**submission.tags, **own, "token": submission.token}
    return {
        **template,
        "Name": submission.token,
        "Steps": [ec2.step(submission)],
        "StepExecutionRoleArn": submission.role_arn,
        "Instances": {
            **template.get("Instances", {}),
            "KeepJobFlowAliveWhenNoSteps": False,
            "TerminationProtected": False,
        },
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    }


def status(cluster: Mapping[str, Any], step: Mapping[str, Any] | None, twins: Sequence[str] = ()) -> Status:
    """An attempt by its cluster and its step. It is over when the step is and nothing can keep the cluster any more."""
    state, step_state = _state(cluster), _state(step)
    phase = ec2.PHASES[step_state] if step else Phase.PENDING
    times = _timeline(step) if step else {}
    why = ec2.reason(step["Status"]) if step else None
    if phase.over and state not in ec2.ENDING:
        phase = Phase.CANCELLING if phase is Phase.CANCELLED else Phase.RUNNING
    elif step_state not in _BY_ITSELF and (phase.over or state in GONE):
        # The cluster ended below the step, or before it.
        asked = cluster["Status"].get("StateChangeReason", {}).get("Code") in _ASKED
        phase, why = Phase.CANCELLED if asked else Phase.FAILED, ec2.reason(cluster["Status"])
    return Status(
        id=f"{cluster['Id']}/{step['Id']}" if step else cluster["Id"],
        phase=phase,
        state=step_state if step_state == "RUNNING" else f"{step_state or 'no step'}, cluster {state}",
        created=_timeline(cluster).get("CreationDateTime"),
        started=times.get("StartDateTime"),
        ended=(times.get("EndDateTime") or _timeline(cluster).get("EndDateTime")) if phase.over else None,
        reason=why,
        twins=twins,
    )


def _state(of: Mapping[str, Any] | None) -> str:
    return str(of["Status"]["State"]) if of else ""


def _timeline(of: Mapping[str, Any]) -> Mapping[str, Any]:
    timeline: Mapping[str, Any] = of["Status"].get("Timeline", {})
    return timeline

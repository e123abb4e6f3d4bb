"""The parts of EMR's rows that are code: one big request, waiting for states, and fleets found in a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local.provider.errors import GoneError, ProviderError, is_absent
from local.provider.run import Run
from local.provider.shapes import follow_shape, place
from local.provider.table import Call
from local.provider.types import emr_groups
from local.provider.types.emr_common import ENDED, ended, listed, volumes, without_empty

_RUN: Final = Call(op="RunJobFlow")
_LIST: Final = Call(op="ListInstanceFleets")
_READY: Final = ("RUNNING", "WAITING")
_FLEET_STEADY: Final = ("RUNNING", "SUSPENDED", "TERMINATED")

# Arguments that RunJobFlow takes under their own name.
BY_NAME: Final = (
    "additionalInfo",
    "applications",
    "autoTerminationPolicy",
    "autoscalingRole",
    "bootstrapActions",
    "customAmiId",
    "ebsRootVolumeSize",
    "kerberosAttributes",
    "logEncryptionKmsKeyId",
    "logUri",
    "name",
    "osReleaseLabel",
    "placementGroupConfigs",
    "releaseLabel",
    "scaleDownBehavior",
    "securityConfiguration",
    "serviceRole",
    "stepConcurrencyLevel",
    "visibleToAllUsers",
)
HANDLED: Final = (
    "configurationsJson",
    "coreInstanceFleet",
    "coreInstanceGroup",
    "ec2Attributes",
    "keepJobFlowAliveWhenNoSteps",
    "masterInstanceFleet",
    "masterInstanceGroup",
    "terminationProtection",
    "unhealthyNodeReplacement",
)
_FLEETS: Final = {"masterInstanceFleet": "MASTER", "coreInstanceFleet": "CORE"}
# ec2Attributes: the argument, RunJobFlow's member of Instances, DescribeCluster's of Ec2InstanceAttributes.
_EC2: Final = {
    "keyName": ("Ec2KeyName", "Ec2KeyName"),
    "subnetId": ("Ec2SubnetId", "Ec2SubnetId"),
    "emrManagedMasterSecurityGroup": ("EmrManagedMasterSecurityGroup", "EmrManagedMasterSecurityGroup"),
    "emrManagedSlaveSecurityGroup": ("EmrManagedSlaveSecurityGroup", "EmrManagedSlaveSecurityGroup"),
    "serviceAccessSecurityGroup": ("ServiceAccessSecurityGroup", "ServiceAccessSecurityGroup"),
}
_EC2_LISTS: Final = {
    "additionalMasterSecurityGroups": "AdditionalMasterSecurityGroups",
    "additionalSlaveSecurityGroups": "AdditionalSlaveSecurityGroups",
}


def check_cluster(inputs: Mapping[str, Any]) -> tuple[str, str] | None:
    """What would make RunJobFlow fail, said before anything is made."""
    kinds = [kind for kind in ("masterInstanceFleet", "masterInstanceGroup") if inputs.get(kind) is not None]
    if len(kinds) != 1:
        return "masterInstanceFleet", "a cluster needs one of masterInstanceFleet and masterInstanceGroup"
    return None


def run_job_flow(run: Run) -> dict[str, Any]:
    """The whole cluster is one request."""
    shape, props = run.known.input_shape(_RUN), run.props
    params: dict[str, Any] = {}
    for prop in BY_NAME:
        member = run.known.mapper.member(shape, prop)
        assert member is not None
        inner = follow_shape(shape, member)
        assert inner is not None
        if props.get(prop) is not None:
            place(params, shape, member, run.known.mapper.to_wire(props[prop], inner, prop))
    if props.get("configurationsJson"):
        params["Configurations"] = json.loads(props["configurationsJson"])
    if props.get("tagsAll"):
        params["Tags"] = [{"Key": key, "Value": value} for key, value in props["tagsAll"].items()]
    attributes = props.get("ec2Attributes") or {}
    if attributes.get("instanceProfile"):
        params["JobFlowRole"] = attributes["instanceProfile"]
    params["Instances"] = {
        "KeepJobFlowAliveWhenNoSteps": bool(props.get("keepJobFlowAliveWhenNoSteps", True)),
        "TerminationProtected": bool(props.get("terminationProtection")),
        "UnhealthyNodeReplacement": bool(props.get("unhealthyNodeReplacement")),
        **_pools(run),
        **_ec2_params(attributes),
    }
    return run.call("RunJobFlow", **params)


def _pools(run: Run) -> dict[str, Any]:
    groups = emr_groups.of_cluster(run.props)
    fleets = [_fleet_config(run, prop, kind) for prop, kind in _FLEETS.items() if run.props.get(prop)]
    return {"InstanceGroups": groups} if groups else {"InstanceFleets": fleets}


def _ec2_params(attributes: Mapping[str, Any]) -> dict[str, Any]:
    params = {member: attributes[prop] for prop, (member, _) in _EC2.items() if attributes.get(prop)}
    if attributes.get("subnetIds"):
        params["Ec2SubnetIds"] = list(attributes["subnetIds"])
        params.pop("Ec2SubnetId", None)
    for prop, member in _EC2_LISTS.items():
        if attributes.get(prop):
            params[member] = [one.strip() for one in str(attributes[prop]).split(",")]
    return params


def _fleet_config(run: Run, prop: str, kind: str) -> dict[str, Any]:
    shape = follow_shape(run.known.input_shape(_RUN), "Instances.InstanceFleets.0")
    assert shape is not None
    given = {key: value for key, value in run.props[prop].items() if key not in _FLEET_OUTPUTS}
    config: dict[str, Any] = run.known.mapper.to_wire(given, shape, prop)
    return {"InstanceFleetType": kind, **config}


_FLEET_OUTPUTS: Final = ("id", "provisionedOnDemandCapacity", "provisionedSpotCapacity")


def cluster_ready(run: Run) -> None:
    """Wait, as the real provider does, until the cluster takes steps."""

    def done() -> bool:
        status = run.call("DescribeCluster", ClusterId=run.id)["Cluster"]["Status"]
        if status["State"] in ENDED:
            reason = status.get("StateChangeReason", {})
            why = f"{reason.get('Code', '')} {reason.get('Message', '')}".strip()
            raise GoneError(f"the cluster {run.id} is {status['State']}: {why}")
        return status["State"] in _READY

    run.wait(f"the cluster {run.id} to be running", done)


def terminate(run: Run) -> None:
    """Terminate and wait until it is over; what the cluster used can only then be deleted."""
    run.call("TerminateJobFlows", JobFlowIds=[run.id])

    def done() -> bool:
        state = run.call("DescribeCluster", ClusterId=run.id)["Cluster"]["Status"]["State"]
        return state in ("TERMINATED", "TERMINATED_WITH_ERRORS")

    run.wait(f"the cluster {run.id} to be terminated", done)


def read_cluster(run: Run) -> None:
    """What DescribeCluster says in another form than the arguments have, and the fleets."""
    cluster = run.answers["DescribeCluster"]["Cluster"]
    attributes = cluster.get("Ec2InstanceAttributes") or {}
    found = {prop: attributes[member] for prop, (_, member) in _EC2.items() if attributes.get(member)}
    found |= {
        prop: ",".join(attributes[member]) for prop, member in _EC2_LISTS.items() if attributes.get(member)
    }
    if attributes.get("RequestedEc2SubnetIds"):
        found["subnetIds"] = list(attributes["RequestedEc2SubnetIds"])
    if attributes.get("IamInstanceProfile"):
        found["instanceProfile"] = attributes["IamInstanceProfile"]
    run.found["ec2Attributes"] = found
    if kerberos := _kerberos(run, cluster):
        run.found["kerberosAttributes"] = kerberos
    run.found["keepJobFlowAliveWhenNoSteps"] = not cluster.get("AutoTerminate", False)
    run.found["unhealthyNodeReplacement"] = bool(cluster.get("UnhealthyNodeReplacement", False))
    if cluster.get("Configurations"):
        run.found["configurationsJson"] = json.dumps(without_empty(cluster["Configurations"]))
    if cluster.get("InstanceCollectionType") == "INSTANCE_GROUP":
        emr_groups.read_cluster(run)
        return
    fleets = _fleets(run, run.id)
    for prop, kind in _FLEETS.items():
        fleet = next((one for one in fleets if one["InstanceFleetType"] == kind), None)
        if fleet is not None:
            run.found[prop] = _fleet_props(run, fleet, run.known.schema.kind(prop), prop)


def _kerberos(run: Run, cluster: Mapping[str, Any]) -> dict[str, Any] | None:
    """The realm that AWS says, and of the rest what the program said: the real provider takes no more from the API
    either (internal/service/emr/cluster.go, flattenKerberosAttributes)."""
    realm = (cluster.get("KerberosAttributes") or {}).get("Realm")
    if realm is None:
        return None
    said = {**run.old, **run.props}.get("kerberosAttributes") or {}
    return {**said, "realm": realm}


def _fleets(run: Run, cluster: str) -> list[dict[str, Any]]:
    return listed(run, "ListInstanceFleets", "InstanceFleets", cluster)


def _fleet_props(run: Run, fleet: Mapping[str, Any], kind: Any, path: str) -> dict[str, Any]:
    """A fleet of the list as the argument's block; volumes that are alike are counted, as the real provider
    does."""
    shape = follow_shape(run.known.output_shape(_LIST), "InstanceFleets.0")
    assert shape is not None
    mapper = run.known.mapper
    if path:
        props: dict[str, Any] = mapper.from_wire(fleet, shape, kind, path)
    else:
        props = {}
        for prop, one in kind.items():
            member = mapper.member(shape, prop)  # type: ignore[arg-type]
            inner = follow_shape(shape, member) if member else None
            if member and inner is not None and fleet.get(member) is not None:
                props[prop] = mapper.from_wire(fleet[member], inner, one, prop)
    specifications = fleet.get("InstanceTypeSpecifications") or []
    for block, specification in zip(props.get("instanceTypeConfigs") or [], specifications, strict=False):
        found = volumes(specification.get("EbsBlockDevices") or [])
        if found:
            block["ebsConfigs"] = found
    return props


def _fleet(run: Run) -> dict[str, Any] | None:
    cluster = {**run.old, **run.props}["clusterId"]
    return next((one for one in _fleets(run, cluster) if one["Id"] == run.id), None)


def read_fleet(run: Run) -> bool:
    """Put the fleet into what was found; True when it, or its cluster, is no more."""
    if ended(run):
        return True
    fleet = _fleet(run)
    if fleet is None or fleet["Status"]["State"] in ("TERMINATING", "TERMINATED"):
        return True
    kinds = {**run.known.schema.inputs, **run.known.schema.outputs}
    run.found |= _fleet_props(run, fleet, kinds, "")
    return False


def fleet_ready(run: Run) -> None:
    """Wait until the fleet has what was asked, so that its provisioned capacity is the last word."""

    def done() -> bool:
        fleet = _fleet(run)
        if fleet is None:
            raise ProviderError(f"the instance fleet {run.id} is not in its cluster any more")
        return fleet["Status"]["State"] in _FLEET_STEADY

    run.wait(f"the instance fleet {run.id} to be running", done)


def resize(run: Run) -> None:
    """Only the targets of a fleet change in place."""
    _modify(
        run, int(run.props.get("targetOnDemandCapacity") or 0), int(run.props.get("targetSpotCapacity") or 0)
    )


def to_zero(run: Run) -> None:
    """A fleet cannot be deleted alone: it is resized to nothing, as the real provider does."""
    try:
        run.call("DescribeCluster", ClusterId=run.old["clusterId"])
        if not ended(run):
            _modify(run, 0, 0)
    except ClientError as error:
        if not is_absent(error):
            raise


def _modify(run: Run, on_demand: int, spot: int) -> None:
    fleet = {"InstanceFleetId": run.id, "TargetOnDemandCapacity": on_demand, "TargetSpotCapacity": spot}
    run.call("ModifyInstanceFleet", ClusterId={**run.old, **run.props}["clusterId"], InstanceFleet=fleet)

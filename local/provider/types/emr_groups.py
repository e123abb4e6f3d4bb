"""EMR: instance groups, those of a cluster and task groups as resources of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local.provider.errors import ProviderError, is_absent
from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource
from local.provider.types.emr_common import ended, listed, same_json, volumes, without_empty

_GONE: Final = ("TERMINATING", "TERMINATED")
_STEADY: Final = ("RUNNING", "SUSPENDED")
_BLOCKS: Final = {"masterInstanceGroup": "MASTER", "coreInstanceGroup": "CORE"}


def of_cluster(props: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of RunJobFlow's Instances that a cluster's arguments name."""
    return [_config(props[prop], role) for prop, role in _BLOCKS.items() if props.get(prop)]


def read_cluster(run: Run) -> None:
    """The groups of a cluster, as its arguments' blocks."""
    groups = _listed(run, run.id)
    for prop, role in _BLOCKS.items():
        group = next((one for one in groups if one["InstanceGroupType"] == role), None)
        if group is None:
            continue
        found, said = _props(group), {**run.old, **run.props}.get(prop) or {}
        policy = said.get("autoscalingPolicy")
        if policy and same_policy(found.get("autoscalingPolicy"), policy):
            found["autoscalingPolicy"] = policy  # the same document, as the program writes it
        run.found[prop] = {"id": group["Id"], **found}


def change_core(run: Run) -> None:
    """Of a cluster's groups only the core's size and policy change in place."""
    old, new = run.old.get("coreInstanceGroup") or {}, run.props.get("coreInstanceGroup") or {}
    if not old.get("id") or not new:
        raise ProviderError(f"the cluster {run.id} has no core group to change")
    if old.get("instanceCount") != new.get("instanceCount"):
        _modify(run, old["id"], InstanceCount=int(new.get("instanceCount") or 1))
    if not same_policy(old.get("autoscalingPolicy"), new.get("autoscalingPolicy")):
        _put_policy(run, run.id, old["id"], new.get("autoscalingPolicy"))


def same_policy(one: Any, other: Any) -> bool:
    """Whether two policies, as JSON, are one; none is as good as an empty text."""
    if not one or not other:
        return not one and not other
    return same_json(one, other)


def _config(block: Mapping[str, Any], role: str) -> dict[str, Any]:
    """An InstanceGroupConfig; a bid makes it a spot group, as with the real provider."""
    config: dict[str, Any] = {
        "InstanceRole": role,
        "InstanceType": block["instanceType"],
        "InstanceCount": int(block.get("instanceCount") or 1),
        "Market": "SPOT" if block.get("bidPrice") else "ON_DEMAND",
    }
    for prop, member in (("name", "Name"), ("bidPrice", "BidPrice")):
        if block.get(prop):
            config[member] = block[prop]
    for prop, member in (
        ("autoscalingPolicy", "AutoScalingPolicy"),
        ("configurationsJson", "Configurations"),
    ):
        if block.get(prop):
            config[member] = json.loads(block[prop])
    devices = [_volume(one) for one in block.get("ebsConfigs") or []]
    if devices or block.get("ebsOptimized") is not None:
        config["EbsConfiguration"] = {
            "EbsBlockDeviceConfigs": devices, "EbsOptimized": bool(block.get("ebsOptimized")),
        }  # fmt: skip
    return config


def _volume(block: Mapping[str, Any]) -> dict[str, Any]:
    members = (("iops", "Iops"), ("throughput", "Throughput"))
    more = {member: int(block[prop]) for prop, member in members if block.get(prop)}
    specification = {"VolumeType": block["type"], "SizeInGB": int(block["size"]), **more}
    return {
        "VolumeSpecification": specification, "VolumesPerInstance": int(block.get("volumesPerInstance") or 1),
    }  # fmt: skip


def _props(group: Mapping[str, Any]) -> dict[str, Any]:
    """What a cluster's block and a group of its own both say."""
    props = {
        "autoscalingPolicy": _policy(group.get("AutoScalingPolicy")),
        "bidPrice": group.get("BidPrice"),
        "ebsConfigs": volumes(group.get("EbsBlockDevices") or []),
        "instanceCount": group["RequestedInstanceCount"],
        "instanceType": group["InstanceType"],
        "name": group.get("Name"),
    }
    return {prop: value for prop, value in props.items() if value not in (None, "", [])}


def _policy(shown: Mapping[str, Any] | None) -> str | None:
    """A policy without its state, and without the dimension that EMR adds: the cluster's own id."""
    if shown is None:
        return None
    policy = json.loads(json.dumps({key: shown[key] for key in ("Constraints", "Rules") if key in shown}))
    for rule in policy.get("Rules", []):
        alarm = rule["Trigger"]["CloudWatchAlarmDefinition"]
        alarm["Dimensions"] = [one for one in alarm.get("Dimensions", []) if one["Key"] != "JobFlowId"]
    return json.dumps(without_empty(policy))


def _listed(run: Run, cluster: str) -> list[dict[str, Any]]:
    return listed(run, "ListInstanceGroups", "InstanceGroups", cluster)


def _modify(run: Run, group: str, **change: Any) -> None:
    run.call("ModifyInstanceGroups", InstanceGroups=[{"InstanceGroupId": group, **change}])


def _put_policy(run: Run, cluster: str, group: str, policy: str | None) -> None:
    ids = {"ClusterId": cluster, "InstanceGroupId": group}
    if policy:
        run.call("PutAutoScalingPolicy", **ids, AutoScalingPolicy=json.loads(policy))
    else:
        run.call("RemoveAutoScalingPolicy", **ids)


# A task group


def _add(run: Run) -> dict[str, Any]:
    return run.call(
        "AddInstanceGroups", JobFlowId=run.props["clusterId"], InstanceGroups=[_config(run.props, "TASK")]
    )


def _group(run: Run) -> dict[str, Any] | None:
    cluster = {**run.old, **run.props}["clusterId"]
    return next((one for one in _listed(run, cluster) if one["Id"] == run.id), None)


def _read(run: Run) -> bool:
    """Put the group into what was found; True when it, or its cluster, is no more."""
    if ended(run):
        return True
    group = _group(run)
    if group is None or group["Status"]["State"] in _GONE:
        return True
    run.found |= {
        **_props(group),
        "runningInstanceCount": group["RunningInstanceCount"],
        "status": group["Status"]["State"],
    }
    if group.get("EbsOptimized") is not None:
        run.found["ebsOptimized"] = group["EbsOptimized"]
    if group.get("Configurations"):
        run.found["configurationsJson"] = json.dumps(without_empty(group["Configurations"]))
    return False


def _ready(run: Run) -> None:
    """Wait, as the real provider does, until the group has what was asked."""

    def done() -> bool:
        group = _group(run)
        if group is None:
            raise ProviderError(f"the instance group {run.id} is not in its cluster any more")
        return group["Status"]["State"] in _STEADY

    run.wait(f"the instance group {run.id} to be running", done)


def _resize(run: Run) -> None:
    change: dict[str, Any] = {"InstanceCount": int(run.props.get("instanceCount") or 1)}
    if run.old.get("configurationsJson") != run.props.get("configurationsJson"):
        change["Configurations"] = json.loads(run.props.get("configurationsJson") or "[]")
    _modify(run, run.id, **change)


def _scale(run: Run) -> None:
    _put_policy(run, run.props["clusterId"], run.id, run.props.get("autoscalingPolicy"))


def _to_zero(run: Run) -> None:
    """A group cannot be deleted alone: it is resized to nothing, as the real provider does."""
    try:
        run.call("DescribeCluster", ClusterId=run.old["clusterId"])
        if not ended(run):
            _modify(run, run.id, InstanceCount=0)
    except ClientError as error:
        if not is_absent(error):
            raise


_ARGUMENTS = frozenset({
    "autoscalingPolicy", "bidPrice", "configurationsJson", "ebsConfigs", "ebsOptimized", "instanceCount",
    "instanceType", "name", "runningInstanceCount", "status",
})  # fmt: skip

INSTANCE_GROUP = Resource(
    type="aws:emr/instanceGroup:InstanceGroup",
    terraform="aws_emr_instance_group",
    service="emr",
    create=_add,
    id="=InstanceGroupIds.0",
    import_id="$clusterId/$id",
    settle=_ready,
    reads=(Part(call=Call(op="DescribeCluster", args={"ClusterId": "$clusterId"}), at="Cluster.Status"),),
    gone=_read,
    changes=(
        Change(props=("instanceCount", "configurationsJson"), do=(_resize,)),
        Change(props=("autoscalingPolicy",), do=(_scale,)),
    ),
    delete=(_to_zero,),
    name=Name(),
    by_hook=_ARGUMENTS,
    keep=frozenset({"clusterId"}),
    same={"autoscalingPolicy": same_policy, "configurationsJson": same_json},
    volatile=frozenset({"runningInstanceCount", "status"}),
)

ROWS = (INSTANCE_GROUP,)

"""EMR Serverless applications, and virtual clusters of EMR on EKS."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED

_APPLICATION = {"applicationId": "$id"}
_TAGGING = Tagging(
    add=Call(op="TagResource", args={"resourceArn": "$arn", "tags": "$tagsAdded"}),
    remove=Call(op="UntagResource", args={"resourceArn": "$arn", "tagKeys": "$tagsRemoved"}),
)
_NAMES = {
    "initialCapacities": "initialCapacity",
    "monitoringConfiguration.cloudwatchLoggingConfiguration": "cloudWatchLoggingConfiguration",
    "runtimeConfigurations": "runtimeConfiguration",
}
_BY_HOOK = frozenset({"initialCapacities"})
_CREATE = Call(op="CreateApplication", by_name=True, skip=_BY_HOOK, args={"tags": "$tagsAll"})
_UPDATE = Call(op="UpdateApplication", by_name=True, skip=_BY_HOOK, args=_APPLICATION)
_CHANGEABLE = (
    "architecture autoStartConfiguration autoStopConfiguration initialCapacities "
    "interactiveConfiguration maximumCapacity monitoringConfiguration networkConfiguration releaseLabel "
    "runtimeConfigurations schedulerConfiguration"
)


def _capacity(run: Run) -> dict[str, Any]:
    """The API has a map by the workers' type where the program has a list of blocks."""
    wanted = {
        one["initialCapacityType"]: {
            "workerCount": int(one["initialCapacityConfig"]["workerCount"]),
            "workerConfiguration": one["initialCapacityConfig"].get("workerConfiguration"),
        }
        for one in run.props.get("initialCapacities") or []
    }
    shown = {kind: {name: v for name, v in one.items() if v is not None} for kind, one in wanted.items()}
    return {"initialCapacity": shown} if wanted or run.id else {}


def _create(run: Run) -> dict[str, Any]:
    return run.call(_CREATE.op, **run.params(_CREATE), **_capacity(run))


def _update(run: Run) -> None:
    params = run.params(_UPDATE)
    # What an update does not say stays; a list can be said to be empty.
    params.setdefault("runtimeConfiguration", [])
    run.call(_UPDATE.op, **params, **_capacity(run))


def _read(run: Run) -> None:
    application = run.answers["GetApplication"]["application"]
    run.found["initialCapacities"] = [
        {"initialCapacityType": kind, "initialCapacityConfig": dict(one)}
        for kind, one in sorted((application.get("initialCapacity") or {}).items())
    ]
    run.found["tagsAll"] = application.get("tags") or {}


def _settled(run: Run) -> None:
    def done() -> bool:
        state = run.call("GetApplication", applicationId=run.id)["application"]["state"]
        return state not in ("CREATING", "STARTING", "STOPPING")

    run.wait(f"application {run.id}", done)


def _same_word(one: Any, other: Any) -> bool:
    """AWS answers "Spark" where the program says "spark"."""
    return str(one).lower() == str(other).lower()


def _terminated(run: Run) -> bool:
    return str(run.answers["GetApplication"]["application"]["state"]) == "TERMINATED"


def _delete(run: Run) -> None:
    """A terminated application is still there for a while, and refuses to be deleted again."""
    if run.call("GetApplication", applicationId=run.id)["application"]["state"] != "TERMINATED":
        run.call("DeleteApplication", applicationId=run.id)


APPLICATION = Resource(
    type="aws:emrserverless/application:Application",
    terraform="aws_emrserverless_application",
    service="emr-serverless",
    create=_create,
    id="=applicationId",
    settle=_settled,
    reads=(
        Part(
            call=Call(op="GetApplication", args=_APPLICATION),
            at="application",
            skip=frozenset({"initialCapacities"}),
        ),
    ),
    gone=_terminated,
    finish=_read,
    changes=(Change(props=tuple(_CHANGEABLE.split()), do=(_update,)),),
    delete=(_delete,),
    tagging=_TAGGING,
    name=Name(length=64),
    names=_NAMES,
    defaults={"architecture": "X86_64"},
    by_hook=frozenset({"initialCapacities", "name", "type", *_CHANGEABLE.split()}),
    same={"type": _same_word},
    unsupported={
        "imageConfiguration": "images of one's own do not run here",
        "jobLevelCostAllocationConfiguration": NOT_MODELLED,
    },
)


def _ended(run: Run) -> bool:
    return str(run.answers["DescribeVirtualCluster"]["virtualCluster"]["state"]) in ("TERMINATED", "ARRESTED")


def _delete_cluster(run: Run) -> None:
    """A cluster's runs end first: until then the namespace is taken."""

    def state() -> str:
        return str(run.call("DescribeVirtualCluster", id=run.id)["virtualCluster"]["state"])

    if state() != "TERMINATED":
        run.call("DeleteVirtualCluster", id=run.id)
        run.wait(f"virtual cluster {run.id}", lambda: state() == "TERMINATED")


VIRTUAL_CLUSTER = Resource(
    type="aws:emrcontainers/virtualCluster:VirtualCluster",
    terraform="aws_emrcontainers_virtual_cluster",
    service="emr-containers",
    create=Call(op="CreateVirtualCluster", by_name=True, args={"tags": "$tagsAll"}),
    id="=id",
    reads=(Part(call=Call(op="DescribeVirtualCluster", args={"id": "$id"}), at="virtualCluster"),),
    gone=_ended,
    delete=(_delete_cluster,),
    tagging=_TAGGING,
    name=Name(length=64),
)

ROWS = (APPLICATION, VIRTUAL_CLUSTER)

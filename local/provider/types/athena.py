"""Athena: workgroups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED, OTHER_ACCOUNTS

_GROUP = {"WorkGroup": "$id"}
# What the real provider says only when it is true, and takes back only when it was said:
# terraform-provider-aws, internal/service/athena/workgroup.go, expandWorkGroupConfigurationUpdates.
_SWITCHES = ("EnableMinimumEncryptionConfiguration", "RequesterPaysEnabled")
_DEFAULTS = {"EnforceWorkGroupConfiguration": True, "PublishCloudWatchMetricsEnabled": True}
_CREATE = Call(
    op="CreateWorkGroup", by_name=True, skip=frozenset({"configuration"}), args={"Tags": "$tagsAll"}
)
_ARN = "arn:$partition:athena:$region:$account:workgroup/$id"


def _said(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The API's configuration as the real provider sends it: a cutoff of 0 is none, which engine runs is not said."""
    found = {**_DEFAULTS, **configuration}
    if not found.get("BytesScannedCutoffPerQuery"):
        found.pop("BytesScannedCutoffPerQuery", None)
    for member in _SWITCHES:
        if not found.get(member):
            found.pop(member, None)
    engine = found.get("EngineVersion")
    if engine is not None:
        found["EngineVersion"] = {"SelectedEngineVersion": engine.get("SelectedEngineVersion", "AUTO")}
    return found


def _configuration(run: Run, props: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration among `props`, as the API has it; empty: none is said."""
    said = props.get("configuration")
    shape = run.known.input_shape(_CREATE).members["Configuration"]
    return _said(run.known.mapper.to_wire(said, shape, "configuration")) if said else {}


def _create(run: Run) -> dict[str, Any]:
    params, configuration = run.params(_CREATE), _configuration(run, run.props)
    if configuration:
        params["Configuration"] = configuration
    return run.call(_CREATE.op, **params)


def _update(run: Run) -> None:
    """One call for all that has changed, with the whole configuration when anything in it has."""
    changes: dict[str, Any] = {}
    had, wanted = _configuration(run, run.old), _configuration(run, run.props)
    if wanted and {"EngineVersion": had.get("EngineVersion"), **wanted} != {"EngineVersion": None, **had}:
        changes["ConfigurationUpdates"] = _updates(had, wanted)
    if not run.known.same("description", run.old.get("description"), run.props.get("description")):
        changes["Description"] = run.props.get("description") or ""
    if run.old.get("state") != run.props["state"]:
        changes["State"] = run.props["state"]
    if changes:
        run.call("UpdateWorkGroup", WorkGroup=run.id, **changes)


def _updates(had: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    updates = dict(wanted)
    if "BytesScannedCutoffPerQuery" not in updates:
        updates["RemoveBytesScannedCutoffPerQuery"] = True
    updates |= {member: False for member in _SWITCHES if member in had and member not in wanted}
    results = updates.pop("ResultConfiguration", {})
    if results or "ResultConfiguration" in had:
        updates["ResultConfigurationUpdates"] = _result_updates(results)
    return updates


def _result_updates(results: Mapping[str, Any]) -> dict[str, Any]:
    """Of results what is said, and that the rest is no more.

    The real provider cannot take away encryption or ACL while there is a location: it sends neither value nor removal.
    """
    members = ("AclConfiguration", "EncryptionConfiguration", "ExpectedBucketOwner", "OutputLocation")
    return {
        **{member: results[member] for member in members if member in results},
        **{f"Remove{member}": True for member in members if member not in results},
    }


def _switch_off(run: Run) -> None:
    """A new workgroup is on: the call that makes one cannot say otherwise."""
    if not run.old:
        run.call("UpdateWorkGroup", WorkGroup=run.id, State="DISABLED")


def _delete(run: Run) -> None:
    recursive: dict[str, Any] = {"RecursiveDeleteOption": True} if run.old.get("forceDestroy") else {}
    run.call("DeleteWorkGroup", WorkGroup=run.id, **recursive)


_FOR_SPARK = "workgroups here are for SQL, not for Spark"
_FOR_IDENTITY_CENTER = "the local AWS has no Identity Center"

WORKGROUP = Resource(
    type="aws:athena/workgroup:Workgroup",
    terraform="aws_athena_workgroup",
    service="athena",
    create=_create,
    id="$name",
    reads=(
        Part(call=Call(op="GetWorkGroup", args=_GROUP), at="WorkGroup"),
        Part(call=Call(op="ListTagsForResource", args={"ResourceARN": _ARN})),
    ),
    changes=(
        Change(props=("configuration", "description", "state"), do=(_update,)),
        Change(props=("state",), do=(_switch_off,), on_create=True, initial="ENABLED"),
    ),
    delete=(_delete,),
    tagging=Tagging(
        add=Call(op="TagResource", args={"ResourceARN": _ARN, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={"ResourceARN": _ARN, "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=128),
    names={
        "configuration.resultConfiguration.encryptionConfiguration.kmsKeyArn": "KmsKey",
        "configuration.resultConfiguration.aclConfiguration.s3AclOption": "S3AclOption",
    },
    outputs={"arn": _ARN},
    defaults={"forceDestroy": False, "state": "ENABLED"},
    keep=frozenset({"forceDestroy"}),
    by_hook=frozenset({"name", "configuration", "description", "state"}),
    unsupported={
        "configuration.customerContentEncryptionConfiguration": _FOR_SPARK,
        "configuration.executionRole": _FOR_SPARK,
        "configuration.identityCenterConfiguration": _FOR_IDENTITY_CENTER,
        "configuration.managedQueryResultsConfiguration": NOT_MODELLED,
        "configuration.monitoringConfiguration": _FOR_SPARK,
        "configuration.queryResultsS3AccessGrantsConfiguration": _FOR_IDENTITY_CENTER,
        "configuration.resultConfiguration.expectedBucketOwner": OTHER_ACCOUNTS["expectedBucketOwner"],
    },
)

ROWS = (WORKGROUP,)

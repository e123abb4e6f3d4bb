"""CloudTrail: trails."""

from __future__ import annotations

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging, When

_TRAIL = {"Name": "$id"}
# What a trail keeps when nobody has said what: internal/service/cloudtrail/trail.go, setEventSelectors.
_ALL_MANAGEMENT = {"IncludeManagementEvents": True, "ReadWriteType": "All", "DataResources": []}
_UPDATED = (
    "cloudWatchLogsGroupArn cloudWatchLogsRoleArn enableLogFileValidation includeGlobalServiceEvents "
    "isMultiRegionTrail kmsKeyId s3BucketName s3KeyPrefix snsTopicName"
)
_LOGS = {
    "CloudWatchLogsLogGroupArn": "$cloudWatchLogsGroupArn",
    "CloudWatchLogsRoleArn": "$cloudWatchLogsRoleArn",
}


def _log(run: Run) -> None:
    """A trail is made without logging."""
    run.call("StartLogging" if run.props.get("enableLogging", True) else "StopLogging", Name=run.id)


def _update(run: Run) -> None:
    """What an update does not say stays; what the program says no more is said to be empty."""
    params = run.params(_UPDATE)
    for prop, member in _MEMBERS.items():
        if run.old.get(prop) and not run.props.get(prop):
            params[member] = ""
    run.call(_UPDATE.op, **params)


def _select(run: Run) -> None:
    wanted = run.params(_SELECT)
    if "EventSelectors" not in wanted and "AdvancedEventSelectors" not in wanted:
        wanted["EventSelectors"] = [_ALL_MANAGEMENT]
    run.call(_SELECT.op, **wanted)


def _finish(run: Run) -> None:
    """As the real provider reads it: the selector of a trail that nobody told is no setting."""
    selectors = run.answers["GetEventSelectors"].get("EventSelectors") or []
    if len(selectors) == 1 and {**_ALL_MANAGEMENT, **selectors[0]} == _ALL_MANAGEMENT:
        run.found["eventSelectors"] = []
    topic = run.found.get("snsTopicArn")
    run.found["snsTopicName"] = str(topic).rpartition(":")[2] if topic else None


def _gone(run: Run) -> bool:
    return not run.answers["DescribeTrails"]["trailList"]


_MEMBERS: dict[str, str] = {
    "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
    "cloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "kmsKeyId": "KmsKeyId",
    "s3KeyPrefix": "S3KeyPrefix",
    "snsTopicName": "SnsTopicName",
}
_UPDATE = Call(op="UpdateTrail", by_name=True, skip=frozenset({"name"}), args={**_TRAIL, **_LOGS})
_SELECT = Call(
    op="PutEventSelectors",
    args={
        "TrailName": "$id",
        "EventSelectors": When("eventSelectors", "$eventSelectors"),
        "AdvancedEventSelectors": When("advancedEventSelectors", "$advancedEventSelectors"),
    },
)


TRAIL = Resource(
    type="aws:cloudtrail/trail:Trail",
    terraform="aws_cloudtrail",
    service="cloudtrail",
    create=Call(op="CreateTrail", by_name=True, args={**_LOGS, "TagsList": "$tagsAll"}),
    id="=TrailARN",
    reads=(
        Part(call=Call(op="DescribeTrails", args={"trailNameList": ["$id"]}), at="trailList.0"),
        Part(call=Call(op="GetTrailStatus", args=_TRAIL), take={"enableLogging": "IsLogging"}),
        Part(call=Call(op="GetEventSelectors", args={"TrailName": "$id"})),
        Part(
            call=Call(op="ListTags", args={"ResourceIdList": ["$id"]}),
            take={"tagsAll": "ResourceTagList.0.TagsList"},
        ),
    ),
    gone=_gone,
    finish=_finish,
    changes=(
        Change(props=tuple(_UPDATED.split()), do=(_update,)),
        Change(props=("enableLogging",), do=(_log,), on_create=True, initial=False),
        Change(props=("eventSelectors", "advancedEventSelectors"), do=(_select,), on_create=True),
    ),
    delete=(Call(op="DeleteTrail", args=_TRAIL),),
    tagging=Tagging(
        add=Call(op="AddTags", args={"ResourceId": "$id", "TagsList": "$tagsAdded"}),
        remove=Call(op="RemoveTags", args={"ResourceId": "$id", "TagsList": "$tagsRemoved"}),
    ),
    name=Name(length=128),
    names={
        "arn": "TrailARN",
        "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
        "enableLogFileValidation": "LogFileValidationEnabled",
        "snsTopicArn": "SnsTopicARN",
    },
    defaults={
        "enableLogFileValidation": False,
        "enableLogging": True,
        "includeGlobalServiceEvents": True,
        "isMultiRegionTrail": False,
    },
    volatile=frozenset({"snsTopicArn"}),  # it goes and comes with the topic
    unsupported={
        "insightSelectors": "the local AWS looks for no unusual activity",
        "isOrganizationTrail": "there is no organisation here",
    },
)

ROWS = (TRAIL,)

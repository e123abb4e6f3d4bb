"""S3: whom a bucket tells of its objects."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource

_BUCKET = {"Bucket": "$id"}
# The argument → its list in the API, the member and the property for who is told.
_KINDS: Mapping[str, tuple[str, str, str]] = {
    "topics": ("TopicConfigurations", "TopicArn", "topicArn"),
    "queues": ("QueueConfigurations", "QueueArn", "queueArn"),
}
_FILTERS = {"filterPrefix": "prefix", "filterSuffix": "suffix"}


def _put(run: Run) -> None:
    """The whole at once: what is not said any more is gone."""
    wanted: dict[str, Any] = {}
    for prop, (member, _, _) in _KINDS.items():
        if run.props.get(prop):
            wanted[member] = [_rule(prop, one) for one in run.props[prop]]
    if run.props.get("eventbridge"):
        wanted["EventBridgeConfiguration"] = {}
    run.call(
        "PutBucketNotificationConfiguration", Bucket=run.props["bucket"], NotificationConfiguration=wanted
    )


def _rule(prop: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """One rule; without an id it gets one, as with the real provider."""
    _, member, target = _KINDS[prop]
    given = [(name, one[key]) for key, name in _FILTERS.items() if one.get(key)]
    rules = [{"Name": name, "Value": value} for name, value in given]
    return {
        "Id": one.get("id") or f"tf-s3-{prop.removesuffix('s')}-{uuid.uuid4().hex}",
        member: one[target],
        "Events": sorted(one["events"]),
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _silent(run: Run) -> bool:
    """Read whom it tells; when that is nobody, there is no such resource."""
    answer = run.answers["GetBucketNotificationConfiguration"]
    for prop, (member, _, _) in _KINDS.items():
        if answer.get(member):
            run.found[prop] = [_found(prop, one) for one in answer[member]]
    run.found["eventbridge"] = "EventBridgeConfiguration" in answer
    return not any(run.found.get(prop) for prop in (*_KINDS, "eventbridge"))


def _found(prop: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    _, member, target = _KINDS[prop]
    named = {
        one["Name"].lower(): one["Value"]
        for one in rule.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    }
    filters = {key: named[name] for key, name in _FILTERS.items() if name in named}
    return {"id": rule["Id"], target: rule[member], "events": sorted(rule["Events"]), **filters}


def _clear(run: Run) -> None:
    run.call("PutBucketNotificationConfiguration", Bucket=run.id, NotificationConfiguration={})


NOTIFICATION = Resource(
    type="aws:s3/bucketNotification:BucketNotification",
    terraform="aws_s3_bucket_notification",
    service="s3",
    create=_put,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketNotificationConfiguration", args=_BUCKET)),),
    gone=_silent,
    changes=(Change(props=(*_KINDS, "eventbridge"), do=(_put,)),),
    delete=(_clear,),
    defaults={"eventbridge": False},
    keep=frozenset({"bucket"}),
    by_hook=frozenset({*_KINDS, "eventbridge"}),
    unsupported={"lambdaFunctions": "no Lambda function runs here"},
)

ROWS = (NOTIFICATION,)

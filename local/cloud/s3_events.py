"""What S3 tells queues, topics and EventBridge of its objects, in the form that S3 gives it.

moto matches events and configurations; its messages lack most fields, deletions of a version and markers are not told,
and what cannot be delivered is lost without a word.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html and …/ev-events.html
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from xml.etree import ElementTree as Xml

from local.cloud import events, mend
from local.cloud.iam import deliveries

log = logging.getLogger(__name__)
_sequence = itertools.count(time.time_ns())
PRINCIPAL = "s3.amazonaws.com"
_TAGGED = "s3:ObjectTagging:Put"
_MARKED, _DELETED = "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRemoved:Delete"
# Event → the operation that EventBridge gives as the reason.
_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    _DELETED: "DeleteObject",
    _MARKED: "DeleteObject",
}


def install() -> None:
    """Have moto's S3 tell of its objects so."""
    from moto.s3 import notifications
    from moto.s3.models import FakeBucket, S3Backend
    from moto.s3.responses import S3Response

    notifications.send_event = send
    notifications._get_test_event = _test_event
    notifications._send_sqs_message = _to_queue
    notifications._send_sns_message = _to_topic
    mend.around(S3Backend, "delete_object", _telling_deletions)
    mend.around(FakeBucket, "set_notification_configuration", _validating)
    mend.before(S3Response, "_notification_config_from_body", _lower_case)
    mend.around(S3Response, "get_bucket_notification", _saying_event_bridge)


def send(account: str, event: str, bucket: Any, key: Any) -> None:
    """Tell whoever `bucket` names of `event` ("s3:ObjectCreated:Put") on `key`; moto calls this after the change."""
    configured, event = bucket.notification_configuration, str(getattr(event, "value", event))
    if configured is None or (event == _TAGGED and not _tagging_asked()):
        return
    sequencer = f"{next(_sequence):018X}"
    for targets, deliver in ((configured.queue, _queue_of), (configured.topic, _topic_of)):
        for target in targets:
            if target.matches(event, key.name):
                deliver(account, _record(account, event, bucket, key, target.id, sequencer), target.arn)
    for target in configured.cloud_function:
        if target.matches(event, key.name):
            log.warning(
                "bucket %s: no event for %s: Lambda functions do not run in this local AWS",
                bucket.name,
                target.arn,
            )
    if configured.event_bridge is not None:
        _to_event_bridge(account, event, bucket, key, sequencer)


def _tagging_asked() -> bool:
    """Whether the request at hand is for tags: moto tells of tags with every object that is put, S3 does not."""
    from flask import has_request_context, request

    return not has_request_context() or "tagging" in request.args


def _record(
    account: str, event: str, bucket: Any, key: Any, configuration: str, sequencer: str
) -> dict[str, Any]:
    thing: dict[str, Any] = {"key": quote_plus(key.name, safe="/"), "sequencer": sequencer}
    if not event.startswith("s3:ObjectRemoved:"):
        thing |= {"size": key.size, "eTag": key.etag.replace('"', "")}
    if bucket.is_versioned:
        thing["versionId"] = key.version_id
    owner = {"principalId": account}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": _now(),
        "eventName": event.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": _id(16), "x-amz-id-2": _id(32)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {"name": bucket.name, "ownerIdentity": owner, "arn": bucket.arn},
            "object": thing,
        },
    }
    return {"Records": [record]}


def _to_event_bridge(account: str, event: str, bucket: Any, key: Any, sequencer: str) -> None:
    """The bus gets every event of the bucket; what of it, its rules decide."""
    from moto.s3.notifications import _detail_type

    removed = event.startswith("s3:ObjectRemoved:")
    thing: dict[str, Any] = {"key": key.name, "sequencer": sequencer}
    if not removed:
        thing |= {"size": key.size, "etag": key.etag.replace('"', "")}
    if bucket.is_versioned:
        thing["version-id"] = key.version_id
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": thing,
        "request-id": _id(16),
        "requester": account,
        "source-ip-address": "127.0.0.1",
    }
    if event in _REASONS:
        detail["reason"] = _REASONS[event]
    if removed:
        detail["deletion-type"] = "Delete Marker Created" if event == _MARKED else "Permanently Deleted"
    events.deliver(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": _detail_type(event),
            "source": "aws.s3",
            "account": account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": bucket.region_name,
            "resources": [bucket.arn],
            "detail": detail,
        }
    )


def _queue_of(account: str, message: Any, arn: str) -> None:
    _to_queue(account, message, arn.rpartition(":")[2], arn.split(":")[3])


def _topic_of(account: str, message: Any, arn: str) -> None:
    _to_topic(account, message, arn, arn.split(":")[3])


def _to_queue(account: str, message: Any, queue: str, region: str) -> None:
    from moto.sqs.models import sqs_backends

    try:
        _check(message, f"arn:aws:sqs:{region}:{account}:{queue}", account)
        sqs_backends[account][region].send_message(queue_name=queue, message_body=json.dumps(message))
    except Exception as error:  # the caller's change has been made: what cannot be told does not undo it
        log.warning("S3: the queue %s takes no event: %s", queue, error)


def _to_topic(account: str, message: Any, arn: str, region: str) -> None:
    from moto.sns.models import sns_backends

    try:
        _check(message, arn, account)
        body = json.dumps(message)
        sns_backends[account][region].publish(arn=arn, message=body, subject="Amazon S3 Notification")
    except Exception as error:
        log.warning("S3: the topic %s takes no event: %s", arn, error)


def _validating(configure: Callable[..., None]) -> Callable[..., None]:
    """A configuration is refused when S3 may not send to one of its topics and queues.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """

    def set_notification_configuration(bucket: Any, given: Mapping[str, Any] | None) -> None:
        from moto.s3.exceptions import S3ClientError

        arns = [
            one[kind]
            for kind in ("Queue", "Topic")
            for one in (given or {}).get(f"{kind}Configuration") or ()
        ]
        try:
            for arn in arns:
                deliveries.check(PRINCIPAL, arn, bucket.arn, bucket.account_id)
        except deliveries.RefusedError:
            raise S3ClientError(
                "InvalidArgument", "Unable to validate the following destination configurations"
            ) from None
        configure(bucket, given)

    return set_notification_configuration


def _saying_event_bridge(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto 5.2.5 sends to EventBridge and does not say, when it is asked, that it does."""

    def get_bucket_notification(response: Any) -> Any:
        status, headers, body = read(response)
        configured = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if configured is not None and configured.event_bridge is not None:
            document = Xml.fromstring(body)  # noqa: S314 moto's own answer
            Xml.SubElement(document, "EventBridgeConfiguration")
            body = Xml.tostring(document, encoding="unicode")
        return status, headers, body

    return get_bucket_notification


def _check(message: Mapping[str, Any], target: str, account: str) -> None:
    """Raise RefusedError when the target's policy does not let S3 bring it the message."""
    records = message.get("Records")
    bucket = records[0]["s3"]["bucket"]["name"] if records else message["Bucket"]
    deliveries.check(PRINCIPAL, target, f"arn:aws:s3:::{bucket}", account)


def _test_event(bucket: str) -> dict[str, Any]:
    """What S3 sends when a configuration is put."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _now(),
        "Bucket": bucket,
        "RequestId": _id(16),
        "HostId": _id(32),
    }


def _lower_case(response: Any) -> None:
    """S3 takes `Prefix` and `Suffix`, too, and gives them back so; moto only knows the lower case."""
    name = rb"(?<=<Name>)(Prefix|Suffix)(?=</Name>)"
    response.body = re.sub(name, lambda found: found[0].lower(), response.body)


def _telling_deletions(delete: Callable[..., Any]) -> Callable[..., Any]:
    """moto tells of a deletion only when nothing of a key is left."""

    def delete_object(
        backend: Any, bucket_name: str, key_name: str, version_id: Any = None, bypass: bool = False
    ) -> Any:
        bucket = backend.get_bucket(bucket_name)
        versions = bucket.keys.getlist(key_name, []) if version_id is not None else []
        gone = next((v for v in versions if str(v.version_id) == str(version_id)), None)
        done, answer = delete(backend, bucket_name, key_name, version_id, bypass)
        left = bucket.keys.getlist(key_name, [])
        if done and bucket.is_versioned and version_id is None and left:
            send(backend.account_id, _MARKED, bucket, left[-1])
        elif done and gone is not None and left:
            send(backend.account_id, _DELETED, bucket, gone)
        return done, answer

    return delete_object


def _now() -> str:
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"


def _id(characters: int) -> str:
    return uuid.uuid4().hex[:characters].upper()

"""SQS: queues and their policies."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types import attributes
from local.provider.types.common import NOT_MODELLED

_QUEUE = {"QueueUrl": "$id"}
_ATTRIBUTES = {
    **attributes.names_of(
        [
            "contentBasedDeduplication",
            "deduplicationScope",
            "delaySeconds",
            "fifoQueue",
            "fifoThroughputLimit",
            "kmsDataKeyReusePeriodSeconds",
            "kmsMasterKeyId",
            "policy",
            "redrivePolicy",
        ]
    ),
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_CREATE = Call(op="CreateQueue", args={"QueueName": "$name", "tags": "$tagsAll"})
_READ = Part(call=Call(op="GetQueueAttributes", args={**_QUEUE, "AttributeNames": ["All"]}))


def _create(run: Run) -> dict[str, Any]:
    given = attributes.said(run, _ATTRIBUTES)
    return run.call(_CREATE.op, **run.params(_CREATE), Attributes=given)


def _change(run: Run) -> None:
    run.call("SetQueueAttributes", QueueUrl=run.id, Attributes=attributes.changed(run, _ATTRIBUTES))


def _read(run: Run) -> None:
    attributes.reading("GetQueueAttributes", {**_ATTRIBUTES, "arn": "QueueArn"})(run)
    run.found["name"] = run.found["arn"].rpartition(":")[2]


QUEUE = Resource(
    type="aws:sqs/queue:Queue",
    terraform="aws_sqs_queue",
    service="sqs",
    create=_create,
    id="=QueueUrl",
    reads=(_READ, Part(call=Call(op="ListQueueTags", args=_QUEUE))),
    finish=_read,
    changes=(Change(props=tuple(_ATTRIBUTES), do=(_change,)),),
    delete=(Call(op="DeleteQueue", args=_QUEUE),),
    tagging=Tagging(
        add=Call(op="TagQueue", args={**_QUEUE, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagQueue", args={**_QUEUE, "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=80),
    defaults={
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "maxMessageSize": 262144,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    },
    keep=frozenset({"namePrefix"}),
    by_hook=frozenset({*_ATTRIBUTES, "name", "arn"}),
    outputs={"url": "$id"},
    json=frozenset({"policy", "redrivePolicy"}),
    unsupported={"redriveAllowPolicy": NOT_MODELLED},
)


def _set_policy(run: Run) -> dict[str, Any]:
    policy = {"Policy": run.props["policy"]}
    return run.call("SetQueueAttributes", QueueUrl=run.props["queueUrl"], Attributes=policy)


def _no_policy(run: Run) -> None:
    run.call("SetQueueAttributes", QueueUrl=run.id, Attributes={"Policy": ""})


def _without_policy(run: Run) -> bool:
    return not run.answers["GetQueueAttributes"].get("Attributes", {}).get("Policy")


QUEUE_POLICY = Resource(
    type="aws:sqs/queuePolicy:QueuePolicy",
    terraform="aws_sqs_queue_policy",
    service="sqs",
    create=_set_policy,
    id="$queueUrl",
    reads=(_READ,),
    gone=_without_policy,
    finish=attributes.reading("GetQueueAttributes", {"policy": "Policy"}),
    changes=(Change(props=("policy",), do=(_set_policy,)),),
    delete=(_no_policy,),
    keep=frozenset({"queueUrl"}),
    by_hook=frozenset({"policy"}),
    json=frozenset({"policy"}),
)

ROWS = (QUEUE, QUEUE_POLICY)

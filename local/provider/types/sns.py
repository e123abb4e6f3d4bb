"""SNS: topics, their policies, subscriptions."""

from __future__ import annotations

import json
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types import attributes
from local.provider.types.common import NOT_MODELLED, unsupported

_TOPIC = {"TopicArn": "$id"}
_TOPIC_ATTRIBUTES = attributes.names_of(
    ("contentBasedDeduplication", "deliveryPolicy", "displayName", "fifoTopic", "kmsMasterKeyId", "policy")
)
_CREATE = Call(op="CreateTopic", args={"Name": "$name", "Tags": "$tagsAll"})
_READ_TOPIC = Part(call=Call(op="GetTopicAttributes", args=_TOPIC))
_FEEDBACK = tuple(
    f"{to}{what}"
    for to in ("application", "firehose", "http", "lambda", "sqs")
    for what in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
)


def _create_topic(run: Run) -> dict[str, Any]:
    given = attributes.said(run, _TOPIC_ATTRIBUTES)
    return run.call(_CREATE.op, **run.params(_CREATE), Attributes=given)


def _change_topic(run: Run) -> None:
    for name, value in attributes.changed(run, _TOPIC_ATTRIBUTES).items():
        run.call("SetTopicAttributes", TopicArn=run.id, AttributeName=name, AttributeValue=value)


def _read_topic(run: Run) -> None:
    attributes.reading("GetTopicAttributes", {**_TOPIC_ATTRIBUTES, "arn": "TopicArn", "owner": "Owner"})(run)
    run.found["name"] = run.id.rpartition(":")[2]


TOPIC = Resource(
    type="aws:sns/topic:Topic",
    terraform="aws_sns_topic",
    service="sns",
    create=_create_topic,
    id="=TopicArn",
    reads=(_READ_TOPIC, Part(call=Call(op="ListTagsForResource", args={"ResourceArn": "$id"}))),
    finish=_read_topic,
    changes=(Change(props=tuple(_TOPIC_ATTRIBUTES), do=(_change_topic,)),),
    delete=(Call(op="DeleteTopic", args=_TOPIC),),
    tagging=Tagging(
        add=Call(op="TagResource", args={"ResourceArn": "$id", "Tags": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={"ResourceArn": "$id", "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(length=256),
    defaults={"contentBasedDeduplication": False, "fifoTopic": False},
    keep=frozenset({"namePrefix"}),
    by_hook=frozenset({*_TOPIC_ATTRIBUTES, "name", "arn", "owner"}),
    json=frozenset({"deliveryPolicy", "policy"}),
    unsupported={
        **unsupported("deliveries are not logged here", *_FEEDBACK),
        **unsupported(NOT_MODELLED, "archivePolicy", "fifoThroughputScope", "maximumMessageSize"),
        **unsupported(NOT_MODELLED, "signatureVersion", "tracingConfig"),
    },
    absent={"beginningArchiveTime": NOT_MODELLED},
)


def _set_policy(run: Run) -> dict[str, Any]:
    arn, policy = run.props["arn"], run.props["policy"]
    return run.call("SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _default_policy(run: Run) -> None:
    """A topic's policy cannot be taken away: the real provider puts AWS's own back.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sns/topic_policy.go
    """
    arn, verbs = (
        run.id,
        "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe",
    )
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{verb}" for verb in (*verbs.split(), "ListSubscriptionsByTopic", "Publish")],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": run.at.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    run.call("SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))


TOPIC_POLICY = Resource(
    type="aws:sns/topicPolicy:TopicPolicy",
    terraform="aws_sns_topic_policy",
    service="sns",
    create=_set_policy,
    id="$arn",
    reads=(_READ_TOPIC,),
    finish=attributes.reading(
        "GetTopicAttributes", {"arn": "TopicArn", "policy": "Policy", "owner": "Owner"}
    ),
    changes=(Change(props=("policy",), do=(_set_policy,)),),
    delete=(_default_policy,),
    by_hook=frozenset({"arn", "policy", "owner"}),
    json=frozenset({"policy"}),
)

_SUBSCRIPTION = {"SubscriptionArn": "$id"}
_SUBSCRIPTION_ATTRIBUTES = attributes.names_of(
    # The scope first: by it AWS judges the policy.
    ("filterPolicyScope", "filterPolicy", "deliveryPolicy", "rawMessageDelivery", "redrivePolicy")
)
_OF_SUBSCRIPTION = {
    **_SUBSCRIPTION_ATTRIBUTES,
    "arn": "SubscriptionArn",
    "endpoint": "Endpoint",
    "ownerId": "Owner",
    "protocol": "Protocol",
    "topic": "TopicArn",
}


def _subscribe(run: Run) -> dict[str, Any]:
    return run.call(
        "Subscribe",
        TopicArn=run.props["topic"],
        Protocol=run.props["protocol"],
        Endpoint=run.props["endpoint"],
        Attributes=attributes.said(run, _SUBSCRIPTION_ATTRIBUTES),
        ReturnSubscriptionArn=True,
    )


def _change_subscription(run: Run) -> None:
    for name, value in attributes.changed(run, _SUBSCRIPTION_ATTRIBUTES).items():
        run.call(
            "SetSubscriptionAttributes", SubscriptionArn=run.id, AttributeName=name, AttributeValue=value
        )


def _read_subscription(run: Run) -> None:
    attributes.reading("GetSubscriptionAttributes", _OF_SUBSCRIPTION)(run)
    flags = {"confirmationWasAuthenticated", "pendingConfirmation"}
    attributes.reading("GetSubscriptionAttributes", attributes.names_of(flags))(run)


SUBSCRIPTION = Resource(
    type="aws:sns/topicSubscription:TopicSubscription",
    terraform="aws_sns_topic_subscription",
    service="sns",
    create=_subscribe,
    id="=SubscriptionArn",
    reads=(Part(call=Call(op="GetSubscriptionAttributes", args=_SUBSCRIPTION)),),
    finish=_read_subscription,
    changes=(Change(props=tuple(_SUBSCRIPTION_ATTRIBUTES), do=(_change_subscription,)),),
    delete=(Call(op="Unsubscribe", args=_SUBSCRIPTION),),
    defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
    keep=frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"}),
    by_hook=frozenset({*_OF_SUBSCRIPTION, "confirmationWasAuthenticated", "pendingConfirmation"}),
    json=frozenset({"deliveryPolicy", "filterPolicy", "redrivePolicy"}),
    unsupported={
        "replayPolicy": NOT_MODELLED,
        "subscriptionRoleArn": "nothing is delivered to Firehose here",
    },
)

ROWS = (SUBSCRIPTION, TOPIC, TOPIC_POLICY)

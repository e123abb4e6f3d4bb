"""What services bring to topics and queues unasked: the policy of the topic or queue must let them, and its key's.

EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
SNS: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
Alarms: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from local.cloud import mend
from local.cloud.iam import store
from local.cloud.iam.judge import Policies, judge
from local.cloud.iam.language import Context, Question
from local.cloud.iam.principals import Caller
from local.cloud.iam.words import explain

log = logging.getLogger("local.iam")
# Set in the threads of a server that enforces IAM: of its requests, and of its control plane.
ENFORCED: ContextVar[bool] = ContextVar("enforced", default=False)
# A topic's default policy lets whoever acts for its owner publish; of our services only CloudWatch says so.
# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
_FOR_OWNER = "cloudwatch.amazonaws.com"


class RefusedError(Exception):
    """The topic or queue does not take it; the message says why."""


def check(service: str, target: str, source: str, account: str) -> None:
    """Let a service ("events.amazonaws.com") bring to the topic or queue `target` what comes from the ARN `source`.

    `account` is the source's. Raises RefusedError; without enforcement, never.
    """
    if not ENFORCED.get():
        return
    caller = Caller(kind="service", account="", arn=service, service=service)
    context: dict[str, tuple[str, ...]] = {
        "aws:sourcearn": (source,), "aws:sourceaccount": (account,), "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service,), "aws:securetransport": ("true",),
    }  # fmt: skip
    if service == _FOR_OWNER:
        context["aws:sourceowner"] = (account,)
    for action, arn in _asked(target):
        _judge(caller, action, arn, context)


def _judge(caller: Caller, action: str, arn: str, context: Context) -> None:
    question = Question(caller=caller, action=action, resource=arn, context=context)
    document, owner = store.of_resource(arn)
    refusal = judge(question, Policies(resource=document, owner=owner))
    if refusal is not None:
        message = explain(question, refusal)
        log.info("refused: %s", message)
        raise RefusedError(message)


def _asked(target: str) -> Iterator[tuple[str, str]]:
    """What the service does: send or publish, and with the key that seals the topic or queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    yield ("sqs:SendMessage" if target.split(":")[2] == "sqs" else "sns:Publish"), target
    key = store.key_of(target)
    if key is not None and key.key_manager == "CUSTOMER":
        yield "kms:GenerateDataKey", key.arn
        yield "kms:Decrypt", key.arn


def install() -> None:
    """Have moto's topics ask before they send to a queue; for the rest, whoever delivers asks."""
    from moto.sns.models import Subscription

    mend.around(Subscription, "publish", _asking)


def _asking(plain: Any) -> Any:
    def publish(subscription: Any, *given: Any, **more: Any) -> None:
        topic = subscription.topic
        try:
            if subscription.protocol == "sqs":
                check("sns.amazonaws.com", subscription.endpoint, topic.arn, topic.account_id)
        except RefusedError as error:  # the publisher is not told, as on AWS
            log.warning("topic %s: %s takes no message: %s", topic.name, subscription.endpoint, error)
        else:
            plain(subscription, *given, **more)

    return publish

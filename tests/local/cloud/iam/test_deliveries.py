"""What services bring to topics and queues of their own accord: only what the topic's or queue's policy lets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.cloud.iam.conftest import ACCOUNT, REGION, Cloud, policy, refused

KMS_USE = ["kms:GenerateDataKey*", "kms:Decrypt"]


class Queue:
    """A queue that at first takes messages of nobody but its account's own users."""

    def __init__(self, aws: Cloud, **attributes: str) -> None:
        self._sqs, name = aws.client("sqs"), aws.name("queue")
        self._url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def open_to(self, service: str, source: str) -> None:
        """Let a service send what comes from `source`."""
        statement = grant(service, "sqs:SendMessage", self.arn, source)
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy(statement)})

    def take(self) -> list[dict[str, Any]]:
        """The messages there are; they are gone then."""
        found = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in found:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return list(found)


def grant(service: str, action: str | list[str], resource: str, source: str) -> dict[str, Any]:
    """An Allow for a service, as AWS's pages have it."""
    condition = {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource,
        "Condition": condition,
    }  # fmt: skip


def topic_to(aws: Cloud, queue: Queue) -> str:
    """A topic with its default policy, to which the queue subscribes."""
    sns = aws.client("sns")
    arn: str = sns.create_topic(Name=aws.name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn)
    return arn


def rule_to(aws: Cloud, target: str, **more: Any) -> str:
    """A rule of EventBridge that sends events of the source "iam.test" to the target."""
    events, name = aws.client("events"), aws.name("rule")
    arn: str = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target, **more}])
    return arn


def tell(aws: Cloud, rule_arn: str) -> None:
    """Put an event that the rule matches."""
    source = rule_arn.rpartition("/")[2]
    aws.client("events").put_events(Entries=[{"Source": source, "DetailType": "x", "Detail": "{}"}])


def test_a_queue_takes_what_a_topic_sends_when_its_policy_says_so(aws: Cloud) -> None:
    queue = Queue(aws)
    topic = topic_to(aws, queue)
    publish = aws.client("sns").publish
    publish(TopicArn=topic, Message="lost")
    queue.open_to("sns.amazonaws.com", f"arn:aws:sns:{REGION}:{ACCOUNT}:another")
    publish(TopicArn=topic, Message="lost, too")
    assert queue.take() == []
    queue.open_to("sns.amazonaws.com", topic)
    publish(TopicArn=topic, Message="heard")
    assert [json.loads(message["Body"])["Message"] for message in queue.take()] == ["heard"]


def test_a_queue_takes_what_a_rule_sends_when_its_policy_says_so(aws: Cloud) -> None:
    queue, buried = Queue(aws), Queue(aws)
    rule = rule_to(aws, queue.arn, DeadLetterConfig={"Arn": buried.arn})
    tell(aws, rule)
    assert (queue.take(), buried.take()) == ([], [])  # the dead-letter queue has a policy, too
    buried.open_to("events.amazonaws.com", rule)
    tell(aws, rule)
    (dead,) = buried.take()
    assert dead["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert (
        "sqs:SendMessage on resource: " + queue.arn
        in dead["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    )
    queue.open_to("events.amazonaws.com", rule)
    tell(aws, rule)
    assert len(queue.take()) == 1


def test_a_topic_takes_what_a_rule_sends_only_with_a_policy_of_its_own(aws: Cloud) -> None:
    queue = Queue(aws)
    topic = topic_to(aws, queue)
    queue.open_to("sns.amazonaws.com", topic)
    rule = rule_to(aws, topic)
    tell(aws, rule)
    assert queue.take() == []
    text = policy(grant("events.amazonaws.com", "sns:Publish", topic, rule))
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    tell(aws, rule)
    assert len(queue.take()) == 1


def test_events_of_the_control_plane_are_judged_as_those_of_calls(aws: Cloud) -> None:
    queue = Queue(aws)
    events = aws.client("events")
    rule = events.put_rule(Name=aws.name("rule"), EventPattern='{"source": ["aws.cloudwatch"]}')["RuleArn"]
    events.put_targets(Rule=rule.rpartition("/")[2], Targets=[{"Id": "1", "Arn": queue.arn}])
    alarm(aws, "OK", [])
    assert queue.take() == []
    queue.open_to("events.amazonaws.com", rule)
    alarm(aws, "OK", [])
    assert len(queue.take()) == 1
    events.remove_targets(Rule=rule.rpartition("/")[2], Ids=["1"])
    events.delete_rule(Name=rule.rpartition("/")[2])


def alarm(aws: Cloud, state: str, actions: list[str]) -> None:
    """An alarm that goes into a state, and tells of it."""
    cloudwatch, name = aws.client("cloudwatch"), aws.name("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="iam", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=actions,
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    aws.server.plane.settle()
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_an_alarm_may_publish_by_the_topic_s_default_policy_and_not_by_one_without_it(aws: Cloud) -> None:
    queue = Queue(aws)
    topic = topic_to(aws, queue)
    queue.open_to("sns.amazonaws.com", topic)
    alarm(aws, "ALARM", [topic])
    assert len(queue.take()) == 1
    text = policy(grant("events.amazonaws.com", "sns:Publish", topic, "*"))
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    alarm(aws, "ALARM", [topic])
    assert queue.take() == []


@pytest.mark.parametrize("kind", ["Queue", "Topic"])
def test_s3_tells_only_whom_it_may_and_says_so_when_it_is_configured(aws: Cloud, kind: str) -> None:
    queue, bucket = Queue(aws), aws.bucket()
    target = queue.arn if kind == "Queue" else topic_to(aws, queue)
    arn = f"arn:aws:s3:::{bucket}"
    told = {f"{kind}Configurations": [{f"{kind}Arn": target, "Events": ["s3:ObjectCreated:*"]}]}
    s3 = aws.client("s3")
    given = {"Bucket": bucket, "NotificationConfiguration": told}
    assert refused(s3.put_bucket_notification_configuration, **given) == (
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    )
    assert f"{kind}Configurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    if kind == "Queue":
        queue.open_to("s3.amazonaws.com", arn)
    else:
        queue.open_to("sns.amazonaws.com", target)
        text = policy(grant("s3.amazonaws.com", "sns:Publish", target, arn))
        aws.client("sns").set_topic_attributes(TopicArn=target, AttributeName="Policy", AttributeValue=text)
    s3.put_bucket_notification_configuration(**given)
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    assert ["s3:TestEvent" in message["Body"] for message in queue.take()] == [True, False]


def test_a_sealed_queue_s_key_must_let_the_service_use_it(aws: Cloud) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    queue = Queue(aws, KmsMasterKeyId=key)
    rule = rule_to(aws, queue.arn)
    queue.open_to("events.amazonaws.com", rule)
    tell(aws, rule)
    assert queue.take() == []
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    own = policy(root, grant("events.amazonaws.com", KMS_USE, "*", rule))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=own)
    tell(aws, rule)
    assert len(queue.take()) == 1

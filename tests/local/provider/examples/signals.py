"""Alarms, topics, queues."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example, policy

_QUERIES: list[dict[str, Any]] = [
    {"id": "share", "expression": "failed / all", "label": "share of failures", "returnData": True},
    *(
        {
            "id": name,
            "metric": {
                "metricName": f"Jobs{name.title()}",
                "namespace": "Example",
                "period": 300,
                "stat": "Sum",
                "dimensions": {"stack": "example"},
            },
        }
        for name in ("failed", "all")
    ),
]


def _on(action: str, resource: str) -> str:
    return policy(action, resource, Principal={"Service": "events.amazonaws.com"})


def _redrive(most: int) -> str:
    return json.dumps({"deadLetterTargetArn": "${other-queue.arn}", "maxReceiveCount": most})


EXAMPLES: dict[str, Example] = {
    "alarm": Example(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        props={
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 2,
            "metricName": "AppsPending",
            "namespace": "AWS/ElasticMapReduce",
            "dimensions": {"JobFlowId": "${cluster}"},
            "period": 300,
            "statistic": "Average",
            "threshold": 5,
            "alarmActions": ["${topic}"],
            **TAGS,
        },
        change={
            "actionsEnabled": False,
            "alarmActions": ["${other-topic}"],
            "alarmDescription": "too many",
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "datapointsToAlarm": 2,
            "dimensions": {"JobFlowId": "${cluster}", "more": "x"},
            "evaluationPeriods": 3,
            "insufficientDataActions": ["${other-topic}"],
            "metricName": "AppsRunning",
            "namespace": "Example",
            "okActions": ["${other-topic}"],
            "period": 600,
            "statistic": "Sum",
            "threshold": 7.5,
            "treatMissingData": "notBreaching",
            "unit": "Count",
            **NEW_TAGS,
        },
        replace={"name": "another-alarm"},
    ),
    "alarm-of-queries": Example(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        props={
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "threshold": 0.1,
            "metricQueries": _QUERIES,
        },
        change={"metricQueries": [{**_QUERIES[0], "label": "failures"}, *_QUERIES[1:]]},
    ),
    "alarm-of-percentile": Example(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        props={
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "Seconds",
            "namespace": "Example",
            "period": 300,
            "extendedStatistic": "p99",
            "evaluateLowSampleCountPercentiles": "evaluate",
            "threshold": 60,
        },
        change={"extendedStatistic": "p95", "evaluateLowSampleCountPercentiles": "ignore"},
    ),
    "composite-alarm": Example(
        type="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        props={"alarmName": "several-${log-group}", "alarmRule": "ALARM(${alarm})", **TAGS},
        change={
            "alarmActions": ["${topic}"],
            "alarmDescription": "several",
            "alarmRule": "ALARM(${alarm}) OR ALARM(${alarm-of-queries})",
            "insufficientDataActions": ["${topic}"],
            "okActions": ["${topic}"],
            **NEW_TAGS,
        },
        replace={"alarmName": "several-others"},
    ),
    "metric-filter": Example(
        type="aws:cloudwatch/logMetricFilter:LogMetricFilter",
        props={
            "logGroupName": "${log-group}",
            "pattern": "ERROR",
            "metricTransformation": {"name": "Errors", "namespace": "Example", "value": "1"},
        },
        change={
            "pattern": "FATAL",
            "metricTransformation": {
                "name": "Deaths",
                "namespace": "Example",
                "value": "2",
                "defaultValue": "0",
                "unit": "Count",
            },
        },
        replace={"name": "another-filter"},
    ),
    "topic": Example(
        type="aws:sns/topic:Topic",
        props={"displayName": "one", **TAGS},
        change={
            "deliveryPolicy": json.dumps({"http": {"disableSubscriptionOverrides": True}}),
            "displayName": "two",
            "kmsMasterKeyId": "${other-key.arn}",
            **NEW_TAGS,
        },
        replace={"name": "another-topic"},
    ),
    "other-topic": Example(
        type="aws:sns/topic:Topic",
        props={
            "name": "guarded-${log-group}",
            "policy": _on("sns:Publish", "arn:aws:sns:us-east-1:123456789012:guarded-${log-group}"),
        },
        change={"policy": _on("sns:Get*", "arn:aws:sns:us-east-1:123456789012:guarded-${log-group}")},
    ),
    "fifo-topic": Example(
        type="aws:sns/topic:Topic",
        props={"name": "${log-group}.fifo", "fifoTopic": True},
        change={"contentBasedDeduplication": True},
    ),
    "topic-policy": Example(
        type="aws:sns/topicPolicy:TopicPolicy",
        props={"arn": "${fifo-topic}", "policy": _on("sns:Publish", "${fifo-topic}")},
        change={"policy": _on("sns:GetTopicAttributes", "${fifo-topic}")},
        replace={"arn": "${topic}", "policy": _on("sns:Publish", "${topic}")},
        stays=True,
    ),
    "subscription": Example(
        type="aws:sns/topicSubscription:TopicSubscription",
        props={
            "topic": "${topic}",
            "protocol": "sqs",
            "endpoint": "${queue.arn}",
            "filterPolicy": json.dumps({"state": ["FAILED"]}),
            "filterPolicyScope": "MessageBody",
        },
        change={
            "deliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 3}}),
            "filterPolicy": json.dumps({"state": ["FAILED", "CANCELLED"]}),
            "filterPolicyScope": "MessageAttributes",
            "rawMessageDelivery": True,
            "redrivePolicy": json.dumps({"deadLetterTargetArn": "${other-queue.arn}"}),
        },
        replace={"endpoint": "${other-queue.arn}"},
    ),
    "queue": Example(
        type="aws:sqs/queue:Queue",
        props={"redrivePolicy": _redrive(3), **TAGS},
        change={
            "delaySeconds": 5,
            "maxMessageSize": 1024,
            "messageRetentionSeconds": 3600,
            "receiveWaitTimeSeconds": 2,
            "redrivePolicy": _redrive(4),
            "visibilityTimeoutSeconds": 60,
            **NEW_TAGS,
        },
        replace={"name": "another-queue"},
    ),
    "other-queue": Example(
        type="aws:sqs/queue:Queue",
        props={
            "kmsMasterKeyId": "${other-key.arn}",
            "kmsDataKeyReusePeriodSeconds": 300,
        },
        change={
            "kmsMasterKeyId": "${key.arn}",
            "kmsDataKeyReusePeriodSeconds": 600,
        },
    ),
    "guarded-queue": Example(
        type="aws:sqs/queue:Queue",
        props={
            "name": "guarded-${log-group}",
            "policy": _on("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:guarded-${log-group}"),
            "sqsManagedSseEnabled": True,
        },
        change={
            "policy": _on("sqs:Get*", "arn:aws:sqs:us-east-1:123456789012:guarded-${log-group}"),
            "sqsManagedSseEnabled": False,
        },
    ),
    "fifo-queue": Example(
        type="aws:sqs/queue:Queue",
        props={
            "name": "${log-group}.fifo",
            "fifoQueue": True,
            "deduplicationScope": "queue",
            "fifoThroughputLimit": "perQueue",
        },
        change={
            "contentBasedDeduplication": True,
            "deduplicationScope": "messageGroup",
            "fifoThroughputLimit": "perMessageGroupId",
        },
    ),
    "queue-policy": Example(
        type="aws:sqs/queuePolicy:QueuePolicy",
        props={"queueUrl": "${queue}", "policy": _on("sqs:SendMessage", "${queue.arn}")},
        change={"policy": _on("sqs:GetQueueUrl", "${queue.arn}")},
        replace={"queueUrl": "${other-queue}"},
    ),
}

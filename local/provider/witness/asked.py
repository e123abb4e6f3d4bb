"""Which types are asked, and with what values: data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Beside the types of the table: those that come next.
MORE: tuple[str, ...] = (
    "aws_cloudwatch_composite_alarm",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_dynamodb_table",
    "aws_emr_instance_group",
    "aws_glue_catalog_table",
    "aws_iam_openid_connect_provider",
    "aws_iam_service_linked_role",
    "aws_launch_template",
    "aws_s3_account_public_access_block",
    "aws_s3_bucket_notification",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_sqs_queue",
    "aws_sqs_queue_policy",
)

# What else a program says when the type, or one argument of it, is asked.
CONTEXT: Mapping[str, Mapping[str, Any]] = {
    # Every attribute is the key of an index, and every key an attribute, whichever key is asked.
    "aws_dynamodb_table": {
        "attribute": [{"name": "one"}, {"name": "two"}],
        "global_secondary_index": [
            {"name": "first", "hash_key": "one"},
            {"name": "second", "hash_key": "two"},
        ],
    },
    "aws_dynamodb_table.stream_enabled": {"stream_view_type": "NEW_IMAGE"},
    "aws_sns_topic.content_based_deduplication": {"fifo_topic": True, "name": "one.fifo"},
    "aws_sqs_queue.content_based_deduplication": {"fifo_queue": True, "name": "one.fifo"},
}

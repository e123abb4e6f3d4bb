"""What a call is named in CloudTrail, and which calls are on data and therefore not in the event history.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from local.cloud.protocol import ApiCall

_CBOR = re.compile(r"/service/\w+/operation/(\w+)$")
_READS = (
    "Get",
    "List",
    "Describe",
    "Head",
    "Lookup",
    "Query",
    "Scan",
    "Select",
    "Search",
    "BatchGet",
    "Check",
    "Test",
)
DATA: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset({
        "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
        "TransactGetItems", "TransactWriteItems", "ExecuteStatement",
    }),
    "sqs": frozenset({
        "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch",
        "ChangeMessageVisibility", "ChangeMessageVisibilityBatch",
    }),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "kinesis": frozenset({"PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "SubscribeToShard"}),
    "monitoring": frozenset({"PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"}),
    "logs": frozenset({"PutLogEvents", "GetLogEvents", "FilterLogEvents"}),
    "events": frozenset({"PutEvents"}),
    "lambda": frozenset({"Invoke", "InvokeAsync"}),
    "s3": frozenset({"HeadBucket", "ListObjects", "ListObjectsV2", "ListObjectVersions", "DeleteObjects"}),
}  # fmt: skip


def read_only(operation: str) -> bool:
    """Whether an operation changes nothing, by its name."""
    return operation.startswith(_READS)


def on_data(service: str, operation: str, path: str) -> bool:
    """Whether a call is a data event: of what is inside a resource, not of the resource."""
    inside_a_bucket = service == "s3" and "/" in path.strip("/")
    return inside_a_bucket or operation in DATA.get(service, ())


def operation(call: ApiCall, method: str, path: str, query: str) -> str:
    """The operation of a call, also where its protocol names it by method and path only."""
    if not call.protocol.startswith("rest"):
        return call.operation
    cbor = _CBOR.match(path)
    if cbor:
        return cbor[1]
    if call.service == "s3" and "/" in path.strip("/"):
        return call.operation  # on an object: not looked at any further
    asked = frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True))
    for pattern, wanted, name in _routes(call.service, method):
        if wanted <= asked and pattern.fullmatch(path):
            return name
    return call.operation


def is_operation(call: ApiCall, environ: Mapping[str, Any]) -> bool:
    """Whether the API has such an operation at all, as far as method and path tell; S3's are not looked at."""
    if call.protocol != "rest-json":
        return True
    method, path = environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")
    return operation(call, method, path, environ.get("QUERY_STRING", "")) != call.operation


@cache
def _routes(service: str, method: str) -> list[tuple[re.Pattern[str], frozenset[str], str]]:
    """Path and query of a service's operations with `method`, the most particular first."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return []
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        if http["method"] != method:
            continue
        path, _, query = http["requestUri"].partition("?")
        wanted = frozenset(key for key, _ in parse_qsl(query, keep_blank_values=True))
        routes.append((_pattern(path), wanted, name))
    return sorted(
        routes, key=lambda route: (-len(route[1]), "+" in route[0].pattern, -len(route[0].pattern), route[2])
    )


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    texts = [(".+" if p.endswith("+}") else "[^/]+") if p.startswith("{") else re.escape(p) for p in parts]
    return re.compile("".join(texts) + "/?")

"""Where moto's DynamoDB is mended: what it takes of a table and forgets, and indexes that change one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.cloud import dynamodb_races, mend

_NONE_BOUGHT = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


def install() -> None:
    """Mend moto's DynamoDB, once it is loaded."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import GlobalSecondaryIndex, Table
    from moto.dynamodb.responses import DynamoHandler

    dynamodb_races.install()
    mend.before(DynamoHandler, "update_table", _one_at_a_time)
    mend.after(DynamoHandler, "update_table", _encrypt)
    mend.around(DynamoHandler, "create_table", _keeping)
    mend.around(DynamoHandler, "update_table", _keeping)
    mend.before(DynamoDBBackend, "update_table_streams", _end_stream)
    mend.around(Table, "describe", _describing)
    mend.around(GlobalSecondaryIndex, "describe", _describing_index)


def _one_at_a_time(response: Any) -> None:
    """moto 5.2.5 makes and deletes any number of indexes in a call; AWS one.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    """
    from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException

    updates = response.body.get("GlobalSecondaryIndexUpdates") or []
    if sum("Create" in one or "Delete" in one for one in updates) > 1:
        raise DynamodbException(
            ERROR_TYPE_PREFIX + "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        )


def _encrypt(response: Any) -> None:
    """moto 5.2.5 leaves SSESpecification out of UpdateTable."""
    wanted = response.body.get("SSESpecification")
    if wanted is not None:
        table = response.dynamodb_backend.get_table(response.body["TableName"])
        table.sse_specification = wanted if wanted.get("Enabled") else None


def _keeping(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto 5.2.5 forgets a table's class and the limits of what is used on demand."""

    def call(response: Any) -> Any:
        from moto.dynamodb.responses import DynamoResult

        original(response)
        body: Mapping[str, Any] = response.body
        table = response.dynamodb_backend.get_table(body["TableName"])
        if body.get("TableClass"):
            table.table_class = body["TableClass"]
        _limit(table, body)
        indexes = {one.name: one for one in table.global_indexes}
        said = [next(iter(one.values())) for one in body.get("GlobalSecondaryIndexUpdates") or []]
        for one in [*said, *(body.get("GlobalSecondaryIndexes") or [])]:
            if one["IndexName"] in indexes:
                _limit(indexes[one["IndexName"]], one)
        _settle(table)
        return DynamoResult(table.describe())

    return call


def _limit(of: Any, said: Mapping[str, Any]) -> None:
    """Keep a limit; -1 takes it away."""
    limits = said.get("OnDemandThroughput")
    if limits is not None:
        of.on_demand_throughput = {name: most for name, most in limits.items() if most >= 0}


def _settle(table: Any) -> None:
    """What goes without saying on AWS: on demand nothing is bought, where it is bought there is no limit of what is
    used, and an attribute of no key is not defined."""
    for one in (table, *table.global_indexes):
        if table.billing_mode == "PAY_PER_REQUEST":
            one.throughput = {**one.throughput, **_NONE_BOUGHT}
        else:
            one.on_demand_throughput = None
    used = {key["AttributeName"] for one in (table, *table.all_indexes()) for key in one.schema}
    table.attr = [one for one in table.attr if one["AttributeName"] in used]


def _end_stream(_backend: Any, table: Any, _specification: Any) -> None:
    """moto 5.2.5 takes a stream that was switched off for one that is on."""
    if not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None


def _describing(original: Callable[..., Any]) -> Callable[..., Any]:
    def describe(table: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        told: dict[str, Any] = original(table, base_key=base_key)
        kept = getattr(table, "table_class", None)
        if kept:
            told[base_key]["TableClassSummary"] = {"TableClass": kept}
        return {**told, base_key: {**told[base_key], **_limits(table)}}

    return describe


def _describing_index(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda index: {**original(index), **_limits(index)}


def _limits(of: Any) -> dict[str, Any]:
    limits = getattr(of, "on_demand_throughput", None)
    return {"OnDemandThroughput": limits} if limits else {}

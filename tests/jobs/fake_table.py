"""A DynamoDB table in plain Python, whose every call may go wrong as a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import format_datetime
from typing import Any

from tests.jobs.fakes import Faults, Time, client_error


class FakeTable:
    """One DynamoDB table, with the conditions that the coordination uses; its answers say the true time."""

    def __init__(self, time: Time, faults: Faults | None = None) -> None:
        self.items: dict[tuple[str, str], Any] = {}
        self.calls: list[str] = []
        self._time, self._faults = time, faults or Faults()

    def get_item(self, TableName: str, Key: Any, ConsistentRead: bool) -> Any:  # noqa: N803
        assert ConsistentRead
        found = lambda: {"Item": self.items[_at(Key)]} if _at(Key) in self.items else {}  # noqa: E731
        return self._answer("get", found)

    def query(self, KeyConditionExpression: str, ExpressionAttributeValues: Any, **_: Any) -> Any:  # noqa: N803
        kind, prefix = (ExpressionAttributeValues.get(name, {"S": ""})["S"] for name in (":kind", ":job"))
        return self._answer(
            "query",
            lambda: {
                "Items": [
                    item for at, item in self.items.items() if at[0] == kind and at[1].startswith(prefix)
                ]
            },
        )

    def put_item(self, **put: Any) -> Any:
        return self._answer("put", lambda: self._write([{"Put": put}], "ConditionalCheckFailedException"))

    def delete_item(self, **delete: Any) -> Any:
        return self._answer("delete", lambda: self._write([{"Delete": delete}], ""))

    def transact_write_items(self, TransactItems: Any) -> Any:  # noqa: N803
        return self._answer("transact", lambda: self._write(TransactItems, "TransactionCanceledException"))

    def _write(self, writes: Sequence[Any], refusal: str) -> Any:
        parts = [next(iter(write.items())) for write in writes]
        if not all(self._holds(part) for _, part in parts):
            raise client_error(refusal)
        for kind, part in parts:
            if kind == "Put":
                self.items[_at(part["Item"])] = part["Item"]
            elif kind == "Delete":
                self.items.pop(_at(part["Key"]), None)
        return {}

    def _holds(self, part: Any) -> bool:
        there = self.items.get(_at(part.get("Key") or part["Item"]))
        condition = part.get("ConditionExpression")
        if condition in (None, "attribute_not_exists(id)"):
            return condition is None or there is None
        name, _, value = condition.partition(" = ")
        name = part.get("ExpressionAttributeNames", {}).get(name, name)
        return there is not None and there.get(name) == part["ExpressionAttributeValues"][value]

    def _answer(self, name: str, call: Callable[[], Any]) -> Any:
        self.calls.append(name)
        date = {"HTTPHeaders": {"date": format_datetime(self._time.now(), usegmt=True)}}
        return self._faults.around(lambda: {**call(), "ResponseMetadata": date}, name)


def _at(key: Any) -> tuple[str, str]:
    return key["kind"]["S"], key["id"]["S"]

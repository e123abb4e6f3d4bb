"""Writes of items at once: moto's DynamoDB judges a condition and writes in two steps, on threads of the server.

DynamoDB decides between concurrent conditional writes, and a transaction happens whole or not at all.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from local.cloud import mend

_WRITES = ("put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items")
# One for all tables: the server's threads share one interpreter, so that a write never ran beside another anyway.
_WRITING = threading.RLock()


def install() -> None:
    """Mend moto's DynamoDB, once it is loaded."""
    from moto.dynamodb.responses import DynamoHandler

    for method in _WRITES:
        mend.around(DynamoHandler, method, _one_at_a_time)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _WRITING:
            return original(*args, **kwargs)

    return alone

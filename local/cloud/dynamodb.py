"""Where moto's DynamoDB is mended: a table's encryption changes, too."""

from __future__ import annotations

from typing import Any

from local.cloud import mend


def install() -> None:
    """Mend moto's DynamoDB, once it is loaded."""
    from moto.dynamodb.responses import DynamoHandler

    mend.after(DynamoHandler, "update_table", _encrypt)


def _encrypt(response: Any) -> None:
    """moto 5.2.5 leaves SSESpecification out of UpdateTable."""
    wanted = response.body.get("SSESpecification")
    if wanted is not None:
        table = response.dynamodb_backend.get_table(response.body["TableName"])
        table.sse_specification = wanted if wanted.get("Enabled") else None

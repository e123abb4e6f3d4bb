"""Lists in pages: what is left over is named by an opaque marker, as on AWS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud.emr.errors import InvalidRequestError


def page(
    key: str, items: Sequence[Any], request: Mapping[str, Any], size: int, member: str = "Marker"
) -> dict[str, Any]:
    """One page of `items` under `key`: at most `size` from where the request's `member` says."""
    start = _decode(request[member]) if request.get(member) else 0
    end = start + size
    shown: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        shown[member] = base64.b64encode(f"from:{end}".encode()).decode()
    return shown


def _decode(marker: str) -> int:
    try:
        return int(base64.b64decode(marker, validate=True).decode().removeprefix("from:"))
    except (ValueError, binascii.Error):
        raise InvalidRequestError(f"The marker '{marker}' is not valid.") from None

"""Lists in pages: what is left over is named by an opaque marker, as on AWS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud.emr.errors import InvalidRequest


def page(
    key: str, items: Sequence[Any], request: Mapping[str, Any], size: int, token: str = "Marker"
) -> dict[str, Any]:
    """One page of `items` under `key`: at most `size` from where the request's `token` says."""
    start = _decode(request[token]) if request.get(token) else 0
    end = start + size
    shown: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        shown[token] = base64.b64encode(f"from:{end}".encode()).decode()
    return shown


def _decode(marker: str) -> int:
    try:
        return int(base64.b64decode(marker, validate=True).decode().removeprefix("from:"))
    except (ValueError, binascii.Error):
        raise InvalidRequest(f"The marker '{marker}' is not valid.") from None

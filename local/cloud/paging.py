"""Lists in pages: what is left over is named by an opaque marker, as on AWS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def page(
    key: str,
    items: Sequence[Any],
    request: Mapping[str, Any],
    size: int,
    member: str,
    error: Callable[[str], Exception],
) -> dict[str, Any]:
    """One page of `items` under `key`: at most `size` from where the request's `member` says.

    Raises the service's `error` for a marker that is none of ours.
    """
    start = _decode(request[member], error) if request.get(member) else 0
    end = start + size
    shown: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        shown[member] = base64.b64encode(f"from:{end}".encode()).decode()
    return shown


def _decode(marker: str, error: Callable[[str], Exception]) -> int:
    try:
        return int(base64.b64decode(marker, validate=True).decode().removeprefix("from:"))
    except (ValueError, binascii.Error):
        raise error(f"The marker '{marker}' is not valid.") from None

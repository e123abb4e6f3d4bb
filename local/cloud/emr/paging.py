"""EMR's lists in pages: its marker, its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud import paging
from local.cloud.emr.errors import InvalidRequestError


def page(
    key: str, items: Sequence[Any], request: Mapping[str, Any], size: int, member: str = "Marker"
) -> dict[str, Any]:
    """One page of `items` under `key`, in EMR's way."""
    return paging.page(key, items, request, size, member, InvalidRequestError)

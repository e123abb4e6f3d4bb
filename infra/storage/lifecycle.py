"""What becomes of a bucket's objects as they age: pure data, and the provider's rules from it: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Days, each counted from an object's creation or, of an old version, from its replacement; None: never.

    `expire_prefixes` says of objects under a prefix how long they are kept.
    """

    abort_upload_days: int
    noncurrent_version_days: int
    expire_days: int | None = None
    expire_prefixes: Mapping[str, int] = field(default_factory=dict)
    infrequent_access_after_days: int | None = None
    intelligent_tiering_after_days: int | None = None

    @property
    def transition(self) -> tuple[str, int] | None:
        """The storage class that objects come into, and when."""
        if self.infrequent_access_after_days is not None:
            return "STANDARD_IA", self.infrequent_access_after_days
        if self.intelligent_tiering_after_days is not None:
            return "INTELLIGENT_TIERING", self.intelligent_tiering_after_days
        return None


def rules(lifecycle: Lifecycle) -> list[dict[str, Any]]:
    """The rules as the provider takes them, each with an id that says what it is for."""
    found = [
        _rule(
            "old-versions-and-stale-uploads",
            abort_incomplete_multipart_upload={"days_after_initiation": lifecycle.abort_upload_days},
            noncurrent_version_expiration={"noncurrent_days": lifecycle.noncurrent_version_days},
        )
    ]
    if lifecycle.transition:
        storage_class, days = lifecycle.transition
        found.append(_rule("storage-class", transitions=[{"storage_class": storage_class, "days": days}]))
    if lifecycle.expire_days is not None:
        found.append(_rule("expiry", expiration={"days": lifecycle.expire_days}))
    for prefix, days in lifecycle.expire_prefixes.items():
        found.append(_rule(f"expiry-of-{prefix.rstrip('/')}", prefix=prefix, expiration={"days": days}))
    return found


def _rule(title: str, *, prefix: str = "", **what: Any) -> dict[str, Any]:
    return {"id": title, "status": "Enabled", "filter": {"prefix": prefix}, **what}

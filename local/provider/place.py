"""Where a resource's calls go."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.provider.clients import Clients, Credentials


@dataclass(frozen=True)
class Place:
    """Where calls go: one account and region, as `Configure` said, and the flag that ends all waiting."""

    clients: Clients
    credentials: Credentials
    region: str
    account: str
    partition: str
    cancelled: threading.Event
    default_tags: Mapping[str, str] = field(default_factory=dict)

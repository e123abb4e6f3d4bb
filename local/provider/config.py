"""What the engine configures a provider with: checked, and kept for each peer.

One server serves every provider instance of every engine that attaches; each instance has a connection of
its own, so what `Configure` said belongs to the peer's address.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.provider.clients import Clients, Credentials
from local.provider.errors import ProviderError, explain
from local.provider.place import Place
from local.provider.values import UNKNOWN, has_unknown

# What the provider acts on, what has no meaning on an AWS of one machine, and the rest, which is refused by
# name.
_USED = frozenset(
    {"region", "accessKey", "secretKey", "token", "allowedAccountIds", "forbiddenAccountIds", "defaultTags"}
)
_HARMLESS = frozenset(
    {
        "maxRetries",
        "retryMode",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "tokenBucketRateLimiterCapacity",
        "version",
        "pluginDownloadURL",
    }
)
_PEERS = 1024


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's configuration with its nested values read: the engine sends those as JSON text."""
    return {key: _read(value) for key, value in config.items() if value is not None}


def problems(config: Mapping[str, Any], clients: Clients) -> list[tuple[str, str]]:
    """What is wrong with a configuration: (key, reason)."""
    found = [
        (key, f"the local provider does not support the configuration {key!r} of aws")
        for key in sorted(set(config) - _USED - _HARMLESS)
        if not key.startswith("__")
    ]
    region = config.get("region") or _region_of_process()
    if region is None:
        found.append(
            ("region", "aws:region is not set: `pulumi config set aws:region us-east-1`, or AWS_REGION")
        )
    elif region is not UNKNOWN and region not in clients.regions():
        found.append(("region", f"aws:region is {region!r}, which is no AWS region"))
    for key in ("allowedAccountIds", "forbiddenAccountIds"):
        if not isinstance(config.get(key, []), list) and config[key] is not UNKNOWN:
            found.append((key, f"aws:{key} is {config[key]!r}; it must be a list of account ids"))
    if config.get("allowedAccountIds") and config.get("forbiddenAccountIds"):
        found.append(
            ("forbiddenAccountIds", "set aws:allowedAccountIds or aws:forbiddenAccountIds, not both")
        )
    return found


def place(config: Mapping[str, Any], clients: Clients, fallback: Credentials) -> Place:
    """Where this configuration works: asks who the caller is, and refuses an account that is not allowed."""
    region = str(config.get("region") or _region_of_process())
    credentials = fallback
    if config.get("accessKey") and config.get("secretKey"):
        credentials = Credentials(config["accessKey"], config["secretKey"], config.get("token"))
    try:
        caller = clients.get("sts", region, credentials).get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        raise ProviderError(explain("configuring aws: asking for the caller's identity", error)) from error
    account = str(caller["Account"])
    allowed, forbidden = config.get("allowedAccountIds") or [], config.get("forbiddenAccountIds") or []
    if (allowed and account not in map(str, allowed)) or account in map(str, forbidden):
        rule = f"aws:allowedAccountIds is {', '.join(map(str, allowed))}" if allowed else "it is forbidden"
        raise ProviderError(f"AWS account ID not allowed: {account} ({rule}); nothing was touched")
    tags = (config.get("defaultTags") or {}).get("tags") or {}
    return Place(
        clients=clients,
        credentials=credentials,
        region=region,
        account=account,
        partition=str(caller["Arn"]).split(":")[1],
        cancelled=threading.Event(),
        default_tags={key: str(value) for key, value in tags.items()},
    )


class Peers:
    """What each connection was configured with. Old connections are forgotten when there are very many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: OrderedDict[str, Place] = OrderedDict()

    def keep(self, peer: str, place_: Place) -> None:
        """Remember what `Configure` said on this connection."""
        with self._lock:
            self._places[peer] = place_
            self._places.move_to_end(peer)
            while len(self._places) > _PEERS:
                self._places.popitem(last=False)

    def get(self, peer: str) -> Place:
        """What `Configure` said on this connection."""
        with self._lock:
            found = self._places.get(peer)
        if found is None:
            raise ProviderError(
                f"the provider was not configured on this connection ({peer}); run the command again"
            )
        return found

    def cancel(self, peer: str | None) -> None:
        """End the waiting of one connection's calls, or of all."""
        with self._lock:
            for name, one in self._places.items():
                if peer is None or name == peer:
                    one.cancelled.set()


def _read(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return UNKNOWN if has_unknown(found) else found


def _region_of_process() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")

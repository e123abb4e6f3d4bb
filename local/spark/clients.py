"""boto3 clients of whoever runs jobs: with AWS's own credentials, which no job sees, or a role's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from local.keys import Key

if TYPE_CHECKING:
    from botocore.credentials import Credentials


def fixed(key: Key) -> Credentials:
    """The credentials of an access key."""
    from botocore.credentials import Credentials

    return Credentials(key.access_key_id, key.secret_access_key)


class BotoClients:
    """Clients by service, made when first needed; credentials that renew themselves do so for all of them."""

    def __init__(self, endpoint: str, region: str, credentials: Credentials) -> None:
        self._endpoint, self._region, self._credentials = endpoint, region, credentials
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def _make(self, service: str) -> Any:
        import botocore.session
        from botocore.config import Config

        session = botocore.session.get_session()
        session._credentials = self._credentials  # type: ignore[attr-defined]
        paths = Config(s3={"addressing_style": "path"}, proxies={}, max_pool_connections=20)
        return session.create_client(
            service, region_name=self._region, endpoint_url=self._endpoint, config=paths
        )

"""boto3 clients of whoever runs jobs: with the control plane's credentials, which no job sees, or a role's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any


class BotoClients:
    """Clients by service, made when first needed.

    `credentials` are `access_key_id` and `secret_access_key`, of a role also `session_token`.
    """

    def __init__(self, endpoint: str, region: str, credentials: Mapping[str, str]) -> None:
        self._endpoint, self._region, self._credentials = endpoint, region, credentials
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                from boto3.session import Session
                from botocore.config import Config

                session = Session(
                    aws_access_key_id=self._credentials["access_key_id"],
                    aws_secret_access_key=self._credentials["secret_access_key"],
                    aws_session_token=self._credentials.get("session_token"),
                    region_name=self._region,
                )
                paths = Config(s3={"addressing_style": "path"}, proxies={}, max_pool_connections=20)
                self._made[service] = session.client(service, endpoint_url=self._endpoint, config=paths)  # type: ignore[call-overload]
            return self._made[service]

"""Clients of the local AWS: made once for each service, region and account, because making one is slow."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.model import ServiceModel


@dataclass(frozen=True)
class Credentials:
    """An access key; whose it is decides the account."""

    access_key_id: str
    secret_access_key: str
    token: str | None = None


class Clients:
    """Thread-safe cache of botocore's clients that all talk to one endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._session = botocore.session.get_session()
        self._clients: dict[tuple[str, str, Credentials], Any] = {}
        self._models: dict[str, ServiceModel] = {}

    def get(self, service: str, region: str, credentials: Credentials) -> Any:
        """The client of `service` in `region` for these credentials."""
        key = (service, region, credentials)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key) or self._clients.setdefault(key, self._make(*key))
        return client

    def warm(self, services: Iterable[str], region: str, credentials: Credentials) -> None:
        """Make these clients in the background: a first resource need not wait for botocore to read its models."""

        def make() -> None:
            for service in services:
                self.get(service, region, credentials)

        if not any(key[1:] == (region, credentials) and key[0] != "sts" for key in list(self._clients)):
            threading.Thread(target=make, name="provider-warm", daemon=True).start()

    def model(self, service: str) -> ServiceModel:
        """botocore's description of a service."""
        model = self._models.get(service)
        if model is None:
            with self._lock:
                model = self._models.setdefault(service, self._session.get_service_model(service))
        return model

    def regions(self, service: str = "ec2") -> list[str]:
        """Every region that botocore knows."""
        with self._lock:
            return [one for part in ("aws", "aws-us-gov", "aws-cn") for one in self._regions(service, part)]

    def _regions(self, service: str, partition: str) -> list[str]:
        return list(self._session.get_available_regions(service, partition_name=partition))

    def _make(self, service: str, region: str, credentials: Credentials) -> Any:
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.token,
            config=Config(
                retries={
                    "mode": "standard",
                    "max_attempts": 2,
                },  # a missing operation must not be asked for long
                max_pool_connections=64,
                s3={"addressing_style": "path"},
                user_agent_extra="emr-platform-provider",
            ),
        )
        # S3's control API has a host for each account, before whatever endpoint it is told; ours is at one address.
        client.meta.events.register_first("request-created.s3-control", self._at_the_endpoint)
        return client

    def _at_the_endpoint(self, request: Any, **_more: object) -> None:
        request.url = self._endpoint.rstrip("/") + request.url[request.url.index("/", len("https://")) :]

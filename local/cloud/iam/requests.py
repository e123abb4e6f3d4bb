"""A request as IAM sees it: service, operation, parameters in botocore's names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote

from local.cloud.iam import signature
from local.cloud.protocol import ApiCall

# Signing names that differ from the prefix of the service's actions, and from botocore's name of it.
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "ses": "ses", "s3express": "s3express"}
_BOTOCORE = {
    "elasticmapreduce": "emr", "monitoring": "cloudwatch", "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}  # fmt: skip
Environ = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. Its parameters are read when they are asked for, and its body only where S3 has none."""

    environ: Environ
    call: ApiCall
    signed: signature.Signed | None

    @classmethod
    def of(cls, environ: Environ, call: ApiCall) -> Request:
        """The request in a WSGI environment."""
        query = environ.get("QUERY_STRING", "")
        return cls(
            environ=environ, call=call, signed=signature.read(lambda name: _header(environ, name), query)
        )

    @property
    def signing_name(self) -> str:
        """The service it is signed for; what is not signed is S3's, or names its action."""
        if self.signed:
            return self.signed.service
        return "s3" if self.call.protocol == "rest-xml" else self.call.service

    @property
    def service(self) -> str:
        """The prefix of the service's actions."""
        return _PREFIXES.get(self.signing_name, self.signing_name)

    @property
    def region(self) -> str:
        """The region that was signed for."""
        return self.signed.region if self.signed else "us-east-1"

    @property
    def method(self) -> str:
        """GET, PUT, …"""
        return str(self.environ.get("REQUEST_METHOD", "GET"))

    @property
    def raw_path(self) -> str:
        """The path as it was sent, still encoded."""
        raw = str(self.environ.get("RAW_URI") or self.environ.get("REQUEST_URI") or "/")
        if raw.startswith("http"):
            raw = "/" + raw.split("/", 3)[3] if raw.count("/") > 2 else "/"
        return raw.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name."""
        found = parse_qs(str(self.environ.get("QUERY_STRING", "")), keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}

    def header(self, name: str) -> str | None:
        """A header's value; names in any case."""
        return _header(self.environ, name)

    @cached_property
    def body(self) -> bytes:
        """The body, put back for whoever reads it next."""
        try:
            length = int(self.environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        data: bytes = self.environ["wsgi.input"].read(length) if length else b""
        self.environ["wsgi.input"] = BytesIO(data)
        return data

    @property
    def payload_hash(self) -> str:
        """What the signature covers of the body. S3's is what the client says: its bodies are not read twice."""
        if self.signed is not None and self.signed.presigned:
            return "UNSIGNED-PAYLOAD"
        told = self.header("x-amz-content-sha256")
        if told and (self.service == "s3" or told.startswith(("UNSIGNED", "STREAMING"))):
            return told
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def _route(self) -> tuple[str, dict[str, str]]:
        if self.call.protocol == "rest-json":
            return rest_operation(self.botocore_name, self.method, self.path) or (self.call.operation, {})
        return self.call.operation, {}

    @property
    def botocore_name(self) -> str:
        """botocore's name of the service."""
        return _BOTOCORE.get(self.signing_name, self.signing_name)

    @property
    def operation(self) -> str:
        """The operation; where nothing names it, method and path."""
        return self._route[0]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The input in the names of the API; empty where it cannot be read: then the service itself refuses it."""
        from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
        from moto.core.utils import get_service_model
        from werkzeug.wrappers import Request as Werkzeug

        body = self.body
        try:
            model = get_service_model(self.botocore_name).operation_model(self.operation)
            asked = Werkzeug(self.environ)
            parsed = PROTOCOL_PARSERS[self.call.protocol](model).parse(
                {
                    "method": self.method, "values": asked.values, "headers": asked.headers, "body": body,
                    "url_path": self.path, "url_params": self._route[1],
                }
            )  # fmt: skip
        except (RequestParserError, LookupError, ValueError, TypeError, AttributeError, _unknown()):
            return {}
        finally:
            self.environ["wsgi.input"] = BytesIO(body)
        return dict(parsed or {})


@cache
def _unknown() -> type[Exception]:
    from botocore.exceptions import BotoCoreError

    return BotoCoreError


def _header(environ: Environ, name: str) -> str | None:
    key = name.upper().replace("-", "_")
    found = environ.get(key) if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else environ.get(f"HTTP_{key}")
    return None if found is None else str(found)


@lru_cache(maxsize=64)
def _routes(service: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Operation, method and pattern of the path; those with fewer parameters first."""
    from moto.core.utils import get_service_model

    model = get_service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri = http["requestUri"].partition("?")[0]
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(uri)
        )
        found.append((uri.count("{"), name, http["method"], re.compile(pattern)))
    return tuple((name, method, pattern) for _, name, method, pattern in sorted(found, key=lambda f: f[:2]))


def rest_operation(service: str, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The operation of a REST service that a method and a path are, with the path's parameters."""
    try:
        routes = _routes(service)
    except _unknown():
        return None
    for name, verb, pattern in routes:
        found = pattern.fullmatch(path) if verb == method else None
        if found:
            return name, found.groupdict()
    return None

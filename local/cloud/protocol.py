"""Which API call a request is, and what an error looks like in its protocol."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

SCOPE = re.compile(r"Credential=[^/]+/[^/]+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_XML_SERVICES = ("s3", "route53", "cloudfront")  # REST with XML; every other REST service speaks JSON
NO_ACTION = "no action"
MOST_FORM = 16 << 20  # bytes; no form of an API here is longer
Headers = list[tuple[str, str]]


class AbsentOperationError(NotImplementedError):
    """The operation of this name is one of the API, and not here."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """A request, as far as its head tells: enough to name it and to answer in its protocol."""

    service: str  # the name requests are signed for: "elasticmapreduce", "s3"
    operation: str  # the operation where the protocol names it, else method and path
    protocol: str  # json, query, ec2, rest-json, rest-xml

    @property
    def name(self) -> str:
        """How the call is named in messages and in the log."""
        return f"{self.service}:{self.operation}"

    @classmethod
    def of(cls, environ: dict[str, Any]) -> ApiCall:
        """The call that a WSGI request is."""
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = scope["service"] if scope else "unsigned"
        target = environ.get("HTTP_X_AMZ_TARGET")
        if target:
            return cls(service=service, operation=target.rpartition(".")[2], protocol="json")
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            action = _form_action(environ)
            if action or (scope and environ.get("PATH_INFO") == "/" and service not in _XML_SERVICES):
                protocol = "ec2" if service == "ec2" else "query"
                return cls(service=service, operation=action or NO_ACTION, protocol=protocol)
        operation = f"{environ.get('REQUEST_METHOD', '')} {environ.get('PATH_INFO', '')}"
        protocol = "rest-xml" if service in _XML_SERVICES or not scope else "rest-json"
        return cls(service=service, operation=operation, protocol=protocol)


def error_response(call: ApiCall, status: int, code: str, message: str) -> tuple[Headers, bytes]:
    """Headers and body of an error of `call`, as its protocol has them."""
    request_id = str(uuid.uuid4())
    if call.protocol in ("json", "rest-json"):
        body = json.dumps({"__type": code, "message": message, "Message": message})
        kind = "application/x-amz-json-1.1" if call.protocol == "json" else "application/json"
        headers = [("Content-Type", kind), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id)]
        return headers, body.encode()
    inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    fault = "Receiver" if status == 500 else "Sender"
    body = {
        "ec2": f"<Response><Errors><Error>{inner}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>",
        "query": f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>",
        "rest-xml": f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>",
    }[call.protocol]
    headers = [("Content-Type", "text/xml"), ("x-amz-request-id", request_id)]
    return headers, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode()


def _form_action(environ: dict[str, Any]) -> str | None:
    """The `Action` of a form; the body is put back for whoever reads it next."""
    from io import BytesIO

    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_FORM:
        return None  # refused when it is looked at
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    return next(iter(parse_qs(body.decode(errors="replace")).get("Action", [])), None)

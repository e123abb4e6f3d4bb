"""What is set on a bucket and acts on nothing here: kept as it was sent, given back, forgotten.

moto 5.2.5 knows some of them and loses half of what they say (the rules of replication, what an inventory includes);
others it does not know. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from local.cloud import mend

_XML = {"Content-Type": "application/xml"}
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_RULE = re.compile(rb"<Rule>(.*?)</Rule>", re.DOTALL)
Answer = tuple[int, Mapping[str, str], Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One sub-resource, by the word of the query that names it."""

    element: str  # its document's
    missing: str  # the error when there is none
    default: str | None = None  # what there is when nothing was said
    several: bool = False  # a bucket has many, each with an id in the query


KINDS: Mapping[str, Kind] = {
    "analytics": Kind(element="AnalyticsConfiguration", missing="NoSuchConfiguration", several=True),
    "intelligent-tiering": Kind(
        element="IntelligentTieringConfiguration", missing="NoSuchConfiguration", several=True
    ),
    "inventory": Kind(element="InventoryConfiguration", missing="NoSuchConfiguration", several=True),
    "metrics": Kind(element="MetricsConfiguration", missing="NoSuchConfiguration", several=True),
    "replication": Kind(element="ReplicationConfiguration", missing="ReplicationConfigurationNotFoundError"),
    "requestPayment": Kind(
        element="RequestPaymentConfiguration",
        missing="NoSuchConfiguration",
        default="<Payer>BucketOwner</Payer>",
    ),
}


def install() -> None:
    """Have moto's S3 keep them, once it is loaded."""
    from moto.s3.responses import S3Response

    mend.around(S3Response, "_bucket_response_get", _getting)
    mend.around(S3Response, "_bucket_response_put", _putting)
    mend.around(S3Response, "_bucket_response_delete", _deleting)


def _getting(original: Callable[..., Any]) -> Callable[..., Any]:
    def get(response: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        name = _named(querystring)
        if name is None:
            return original(response, bucket_name, querystring)
        kind, kept = KINDS[name], _kept(response, bucket_name)
        if kind.several and "id" not in querystring:
            held = b"".join(body for (of, _), body in sorted(kept.items()) if of == name)
            return (
                200,
                _XML,
                _document(f"List{kind.element}sResult", b"<IsTruncated>false</IsTruncated>" + held),
            )
        body = kept.get(_key(name, querystring))
        if body is None and kind.default is not None:
            return 200, _XML, _document(kind.element, kind.default.encode())
        return _error(kind.missing, bucket_name) if body is None else (200, _XML, body)

    return get


def _putting(original: Callable[..., Any]) -> Callable[..., Any]:
    def put(response: Any, request: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        name = _named(querystring)
        if name is None:
            return original(response, request, bucket_name, querystring)
        body = _DECLARATION.sub(b"", _bytes(response.body))
        if f"<{KINDS[name].element}".encode() not in body:
            return _error("MalformedXML", bucket_name, status=400)
        if name == "replication":
            if response.backend.get_bucket(bucket_name).versioning_status != "Enabled":
                return _error("InvalidRequest", bucket_name, status=400)
            body = _RULE.sub(_with_id, body)
        _kept(response, bucket_name)[_key(name, querystring)] = body
        return 200, {}, ""

    return put


def _with_id(rule: re.Match[bytes]) -> bytes:
    """S3 gives a rule an id that was sent without one."""
    own = b"" if b"<ID>" in rule[1] else f"<ID>{uuid4()}</ID>".encode()
    return b"<Rule>" + own + rule[1] + b"</Rule>"


def _deleting(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete(response: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        name = _named(querystring)
        if name is None:
            return original(response, bucket_name, querystring)
        gone = _kept(response, bucket_name).pop(_key(name, querystring), None)
        if gone is None and KINDS[name].several:
            return _error(KINDS[name].missing, bucket_name)
        return 204, {}, ""

    return delete


def _named(querystring: Mapping[str, Any]) -> str | None:
    return next((name for name in KINDS if name in querystring), None)


def _key(name: str, querystring: Mapping[str, Any]) -> tuple[str, str]:
    return name, str((querystring.get("id") or [""])[0])


def _kept(response: Any, bucket_name: str) -> dict[tuple[str, str], bytes]:
    """What a bucket keeps: on the bucket itself, with which it goes and comes back. Raises when that is not there."""
    bucket = response.backend.get_bucket(bucket_name)
    kept: dict[tuple[str, str], bytes] = vars(bucket).setdefault("kept_as_sent", {})
    return kept


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _document(element: str, content: bytes) -> bytes:
    return f'<{element} xmlns="{_NAMESPACE}">'.encode() + content + f"</{element}>".encode()


_MESSAGES = {
    "NoSuchConfiguration": "The specified configuration does not exist.",
    "ReplicationConfigurationNotFoundError": "The replication configuration was not found",
    "MalformedXML": "The XML you provided was not well-formed or did not validate against our published schema",
    "InvalidRequest": "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
}


def _error(code: str, bucket: str, *, status: int = 404) -> Answer:
    text = (
        f"<Error><Code>{code}</Code><Message>{escape(_MESSAGES[code])}</Message>"
        f"<BucketName>{escape(bucket)}</BucketName></Error>"
    )
    return status, _XML, text

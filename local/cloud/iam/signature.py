"""Signature Version 4: whether a request was signed with a secret key. Pure but for the cache of signing keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
_PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SAFE = "-._~"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a request says of its signature, in its Authorization header or in its query (a presigned URL)."""

    access_key: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    presigned: bool
    expires: timedelta

    @property
    def when(self) -> datetime | None:
        """When it was signed, None when it does not say so in the right form."""
        try:
            return datetime.strptime(self.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None

    def in_time(self, now: datetime) -> bool:
        """Whether it may be used now: within a quarter of an hour, or as long as a presigned URL says."""
        when = self.when
        if when is None or when - now > MAX_SKEW:
            return False
        return now - when <= (self.expires if self.presigned else MAX_SKEW)


def read(header: Callable[[str], str | None], query: str) -> Signed | None:
    """The signature that a request has, None when it has none that we know."""
    authorization = header("authorization") or ""
    if authorization.startswith(ALGORITHM):
        parts = dict(_PART.findall(authorization))
        return _signed(parts, header("x-amz-date") or "", header("x-amz-security-token"))
    if "X-Amz-Signature=" in query:
        found = dict(parse_qsl(query, keep_blank_values=True))
        parts = {
            name: found.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")
        }
        seconds = found.get("X-Amz-Expires", "")
        expires = timedelta(seconds=int(seconds)) if seconds.isdigit() else MAX_SKEW
        return _signed(parts, found.get("X-Amz-Date", ""), found.get("X-Amz-Security-Token"), expires)
    return None


def _signed(
    parts: Mapping[str, str], timestamp: str, token: str | None, expires: timedelta | None = None
) -> Signed | None:
    scope = parts.get("Credential", "").split("/")
    if len(scope) != 5 or not parts.get("Signature"):
        return None
    return Signed(
        access_key=scope[0], date=scope[1], region=scope[2], service=scope[3],
        headers=tuple(parts.get("SignedHeaders", "").split(";")), signature=parts["Signature"],
        timestamp=timestamp, token=token, presigned=expires is not None, expires=expires or MAX_SKEW,
    )  # fmt: skip


def correct(
    signed: Signed, secret: str, method: str, path: str, query: str,
    header: Callable[[str], str | None], payload_hash: str,
) -> bool:  # fmt: skip
    """Whether `secret` makes this signature; `path` and `query` as they were sent, still encoded."""
    headers = "".join(f"{name}:{' '.join((header(name) or '').split())}\n" for name in signed.headers)
    canonical = "\n".join(
        [method, _path(path, signed.service), _query(query), headers, ";".join(signed.headers), payload_hash]
    )
    scope = f"{signed.date}/{signed.region}/{signed.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{signed.timestamp}\n{scope}\n{digest}"
    key = _key(secret, signed.date, signed.region, signed.service)
    return hmac.compare_digest(_hmac(key, text).hex(), signed.signature)


def _path(path: str, service: str) -> str:
    """S3 signs the path encoded once; every other service encodes what was sent once more."""
    if service == "s3":
        return quote(unquote(path, errors="surrogateescape"), safe=f"/{_SAFE}", errors="surrogateescape")
    return quote(path or "/", safe=f"/{_SAFE}")


def _query(query: str) -> str:
    pairs = [
        (quote(name, safe=_SAFE), quote(value, safe=_SAFE))
        for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


@lru_cache(maxsize=1024)
def _key(secret: str, date: str, region: str, service: str) -> bytes:
    key = _hmac(f"AWS4{secret}".encode(), date)
    for text in (region, service, "aws4_request"):
        key = _hmac(key, text)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

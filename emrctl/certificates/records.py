"""What is told of certificates, and what is kept beside the authority's key. Plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emrctl.certificates.pem import Authority, Bundle, DamagedError, fingerprint, key_pem

# A cluster may run longer than its certificate is good: that is when one wants to know which it has.
FORMER = 100


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One certificate of the nodes. Times are ISO 8601 in UTC; `since` is when it was put where nodes find it.

    `authority` is the id of the authority that its nodes trust and that vouches for it; empty: none does.
    """

    serial: str
    sha256: str
    since: str
    not_after: str
    authority: str

    def days_left(self, now: datetime) -> int:
        """Whole days; below zero when it has ended."""
        return (datetime.fromisoformat(self.not_after) - now).days

    def trusts(self, other: Certificate) -> bool:
        """Whether nodes with the one trust nodes with the other, and are trusted."""
        return self.sha256 == other.sha256 or self.authority == other.authority != ""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster that stands, and the certificate that was there when it started, None: from before what is known.

    `trusts` says whether its nodes trust what starts now, and that them.
    """

    id: str
    name: str
    created: str
    certificate: Certificate | None
    trusts: bool

    def days_left(self, now: datetime) -> int | None:
        """Of the certificate with which it started."""
        return None if self.certificate is None else self.certificate.days_left(now)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The stack's authority, and the certificates that were there before the one that is, oldest first."""

    authority: Authority
    former: tuple[Certificate, ...] = ()

    def after(self, replaced: Certificate | None) -> Kept:
        """The same, when `replaced` gives way to another."""
        if replaced is None or replaced.sha256 in {one.sha256 for one in self.former}:
            return self
        return Kept(authority=self.authority, former=(*self.former, replaced)[-FORMER:])

    def written(self) -> bytes:
        """As it is kept, the key in it."""
        certificate = self.authority.certificate.public_bytes(serialization.Encoding.PEM)
        document = {
            "schema_version": 1,
            "key": key_pem(self.authority.key).decode(),
            "certificate": certificate.decode(),
            "former": [asdict(one) for one in self.former],
        }
        return json.dumps(document, indent=2).encode()


def read_kept(body: bytes) -> Kept:
    """What `written` wrote. Raises DamagedError; its message quotes nothing, since there is a key in it."""
    try:
        document = json.loads(body)
        key = serialization.load_pem_private_key(document["key"].encode(), password=None)
        certificate = x509.load_pem_x509_certificate(document["certificate"].encode())
        former = tuple(Certificate(**one) for one in document["former"])
        for one in former:
            one.days_left(datetime.fromisoformat(one.since))  # both are times, or this is no record
    except (AttributeError, KeyError, TypeError, UnsupportedAlgorithm, ValueError):
        raise DamagedError("it is not what 'emrctl certs rotate' writes") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise DamagedError("its key is not that of its certificate")
    return Kept(authority=Authority(key=key, certificate=certificate), former=former)


def recorded(bundle: Bundle, since: datetime) -> Certificate:
    """What is told of the certificate in a zip that was put at `since`."""
    return Certificate(
        serial=f"{bundle.certificate.serial_number:x}",
        sha256=fingerprint(bundle.certificate),
        since=since.isoformat(timespec="seconds"),
        not_after=bundle.certificate.not_valid_after_utc.isoformat(timespec="seconds"),
        authority=bundle.authority_id,
    )


def started_with(created: datetime, known: Sequence[Certificate]) -> Certificate | None:
    """Which of `known`, oldest first, was there at that time."""
    found = None
    for one in known:
        if datetime.fromisoformat(one.since) <= created:
            found = one
    return found

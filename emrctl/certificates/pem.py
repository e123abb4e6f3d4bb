"""A stack's certificate authority, and the zip that EMR puts on every node. Pure: no AWS, no files.

What must be in the zip, and whom the certificate must name:
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html#emr-encryption-certificates
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A certificate lives as long as the one in AWS's own example.
VALID_DAYS = 365
# The authority outlives ten of them: a new one cuts trust, so it is to be rare.
AUTHORITY_DAYS = 3650
# Strong enough beyond 2030: NIST SP 800-57 part 1 revision 5, tables 2 and 4. RSA, as in AWS's example.
KEY_BITS = 3072
# The clocks of whoever rotates and of the nodes may differ.
BACKDATED = timedelta(hours=1)

KEY, CHAIN, TRUSTED = "privateKey.pem", "certificateChain.pem", "trustedCertificates.pem"


class DamagedError(ValueError):
    """What lies there is not what nodes can use; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Who vouches for the nodes: all of a stack's nodes trust `certificate`, whenever they started."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def id(self) -> str:
        """What the certificates that it vouches for call it."""
        return x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest.hex()


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a zip holds, its private key left out."""

    certificate: x509.Certificate
    trusted: tuple[x509.Certificate, ...]

    @property
    def authority_id(self) -> str:
        """The `id` of the authority that vouches for it, if nodes with this zip also trust that one; else empty."""
        for one in self.trusted:
            try:
                self.certificate.verify_directly_issued_by(one)
                return one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
            except (InvalidSignature, TypeError, UnsupportedAlgorithm, ValueError, x509.ExtensionNotFound):
                continue  # a stranger's
        return ""


def domain(region: str) -> str:
    """Where the nodes' names end.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html
    """
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


def new_authority(stack: str, region: str, now: datetime) -> Authority:
    """An authority that can vouch for nodes of this region, and for nobody else: its certificate says so."""
    key = _new_key()
    # Two of one stack must not have the same name, or their certificates would be taken for each other's.
    name = _name(f"emr-{stack} nodes' authority of {now:%Y-%m-%d %H:%M:%S}")
    usage = _usage(signs=True)
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(domain(region))], None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key=key, certificate=certificate)


def new_zip(authority: Authority, region: str, now: datetime) -> bytes:
    """A zip for the nodes of this region: a new key, its certificate, and the authority that all of them trust."""
    key, wildcard = _new_key(), f"*.{domain(region)}"
    issuer = authority.certificate.subject
    certificate = (
        _builder(_name(wildcard), issuer, key.public_key(), now, VALID_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        # A node answers and asks.
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(wildcard)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    vouched = _pem(authority.certificate)
    return _zipped({KEY: key_pem(key), CHAIN: _pem(certificate) + vouched, TRUSTED: vouched})


def read_zip(body: bytes) -> Bundle:
    """What is in a zip, made here or by hand. Raises DamagedError when nodes could not use it."""
    files = _unzipped(body)
    key, chain = _key(files[KEY]), _certificates(CHAIN, files[CHAIN])
    if chain[0].public_key() != key.public_key():
        raise DamagedError(f"its {KEY} is not the key of the first certificate in {CHAIN}")
    trusted = _certificates(TRUSTED, files[TRUSTED]) if TRUSTED in files else []
    return Bundle(certificate=chain[0], trusted=tuple(trusted))


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    """A private key as EMR takes it: not sealed, since nobody could tell the nodes a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate, as openssl shows it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_encipherment=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return made.getvalue()


def _unzipped(body: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            there = set(archive.namelist())
            files = {name: archive.read(name) for name in (KEY, CHAIN, TRUSTED) if name in there}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise DamagedError(f"it is no zip that can be opened: {error}") from None
    lacking = [name for name in (KEY, CHAIN) if name not in files]
    if lacking:
        raise DamagedError(f"it lacks {' and '.join(lacking)}")
    return files


def _key(body: bytes) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(body, password=None)
    except TypeError:
        raise DamagedError(f"its {KEY} is sealed with a password, which nodes do not know") from None
    except (ValueError, UnsupportedAlgorithm):
        # What the parser says of it may quote the key.
        raise DamagedError(f"its {KEY} is no private key in PEM") from None


def _certificates(name: str, body: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(body)
    except ValueError as error:
        raise DamagedError(f"its {name} holds no certificates in PEM: {error}") from None

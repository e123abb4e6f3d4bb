"""The zip as AWS wants it; nodes with any two zips of one authority shake hands, and strangers do not."""

from __future__ import annotations

import io
import ssl
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given, settings
from hypothesis import strategies as st

from emrctl.certificates import pem

NOW = datetime.now(UTC)  # handshakes go by the wall's clock
AUTHORITY = pem.new_authority("dev", "us-east-1", NOW)
OLD, NEW = (pem.new_zip(AUTHORITY, "us-east-1", at) for at in (NOW - timedelta(days=300), NOW))
STRANGER = pem.new_zip(pem.new_authority("dev", "us-east-1", NOW), "us-east-1", NOW)
CERTIFICATE = pem.read_zip(NEW).certificate
FILES = (pem.KEY, pem.CHAIN, pem.TRUSTED)
NODE = "ip-10-0-1-7.ec2.internal"


def files(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(**parts: bytes | None) -> bytes:
    """NEW with parts (key, chain, trusted) that are others, or left out."""
    names = dict(zip(("key", "chain", "trusted"), FILES, strict=True))
    wanted = {**files(NEW), **{names[part]: body for part, body in parts.items()}}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in wanted.items():
            if body is not None:
                archive.writestr(name, body)
    return made.getvalue()


def node(body: bytes, folder: Path, *, asks: bool) -> ssl.SSLContext:
    """A node with this zip: it shows its certificate, and wants one that it trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if asks else ssl.PROTOCOL_TLS_SERVER)
    found = files(body)
    (folder / "key.pem").write_bytes(found[pem.KEY])
    (folder / "chain.pem").write_bytes(found[pem.CHAIN])
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    context.load_verify_locations(cadata=found[pem.TRUSTED].decode())
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def shake(asking: bytes, answering: bytes, folder: Path, name: str = NODE) -> str:
    """A mutual TLS handshake in memory; the protocol. Raises ssl.SSLError when one refuses the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = node(asking, folder, asks=True).wrap_bio(to_client, to_server, server_hostname=name)
    server = node(answering, folder, asks=False).wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    assert done == {client, server}
    server.write(b"hello")
    assert client.read() == b"hello"
    return str(server.version())


@pytest.mark.parametrize(
    ("asking", "answering"), [(OLD, NEW), (NEW, OLD), (NEW, NEW)], ids=["old-new", "new-old", "new-new"]
)
def test_nodes_of_before_and_after_a_rotation_trust_each_other(
    asking: bytes, answering: bytes, tmp_path: Path
) -> None:
    assert shake(asking, answering, tmp_path).startswith("TLSv1.")


@pytest.mark.parametrize(("asking", "answering"), [(STRANGER, NEW), (NEW, STRANGER)], ids=["asks", "answers"])
def test_a_stranger_is_refused_in_both_directions(asking: bytes, answering: bytes, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        shake(asking, answering, tmp_path)


def test_a_node_is_known_by_names_of_its_region_alone(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError, match="Hostname mismatch"):
        shake(NEW, NEW, tmp_path, "ip-10-0-1-7.eu-west-1.compute.internal")


def test_the_zip_has_the_names_that_aws_asks_for_and_a_key_that_is_rsa() -> None:
    assert tuple(files(NEW)) == FILES
    key = serialization.load_pem_private_key(files(NEW)[pem.KEY], password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 3072
    assert files(OLD)[pem.KEY] != files(NEW)[pem.KEY]
    assert files(OLD)[pem.TRUSTED] == files(NEW)[pem.TRUSTED]


@pytest.mark.parametrize(
    ("region", "wildcard"),
    [("us-east-1", "*.ec2.internal"), ("us-west-2", "*.us-west-2.compute.internal")],
)
def test_common_name_and_alternative_name_are_the_region_s_wildcard(region: str, wildcard: str) -> None:
    made = pem.read_zip(pem.new_zip(pem.new_authority("dev", region, NOW), region, NOW)).certificate
    assert made.subject.rfc4514_string() == f"CN={wildcard}"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [wildcard]


def test_it_is_good_for_a_year_from_an_hour_before_and_the_authority_vouches() -> None:
    found = pem.read_zip(NEW)
    start = found.certificate.not_valid_before_utc
    assert found.certificate.not_valid_after_utc - start == timedelta(days=pem.VALID_DAYS, hours=1)
    assert found.authority_id == AUTHORITY.id
    policy = PolicyBuilder().store(Store([AUTHORITY.certificate]))
    policy.time(NOW).build_server_verifier(x509.DNSName(NODE)).verify(found.certificate, [])


def test_the_authority_s_certificate_vouches_for_nodes_and_for_nobody_else() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    node_of = pem.read_zip(NEW).certificate
    builder = x509.CertificateBuilder(
        subject_name=node_of.subject,
        issuer_name=node_of.issuer,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=node_of.not_valid_before_utc,
        not_valid_after=node_of.not_valid_after_utc,
    )
    bank = x509.SubjectAlternativeName([x509.DNSName("bank.example.com")])
    for extension in node_of.extensions:
        value = bank if isinstance(extension.value, x509.SubjectAlternativeName) else extension.value
        builder = builder.add_extension(value, extension.critical)
    false = builder.sign(AUTHORITY.key, hashes.SHA256())
    policy = PolicyBuilder().store(Store([AUTHORITY.certificate])).time(NOW)
    with pytest.raises(VerificationError, match="name constraint"):
        policy.build_server_verifier(x509.DNSName("bank.example.com")).verify(false, [])


def _sealed() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(
        serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it is no zip that can be opened"),
        (NEW[: len(NEW) // 2], "it is no zip that can be opened"),
        (zipped(key=None), r"it lacks privateKey\.pem$"),
        (zipped(key=None, chain=None), r"it lacks privateKey\.pem and certificateChain\.pem"),
        (zipped(key=b"no key"), r"its privateKey\.pem is no private key in PEM$"),
        (zipped(key=_sealed()), r"its privateKey\.pem is sealed with a password"),
        (zipped(key=files(OLD)[pem.KEY]), r"its privateKey\.pem is not the key of the first certificate"),
        (zipped(chain=b""), r"its certificateChain\.pem holds no certificates in PEM"),
        (zipped(trusted=b"?"), r"its trustedCertificates\.pem holds no certificates in PEM"),
    ],
    # A body is other bytes in each process: as a name it would keep parallel ones from agreeing on the tests.
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_what_nodes_could_not_use_is_told_with_its_reason(body: bytes, says: str) -> None:
    with pytest.raises(pem.DamagedError, match=says):
        pem.read_zip(body)


def test_a_zip_without_trusted_certificates_is_read_and_nobody_of_ours_vouches_for_it() -> None:
    assert pem.read_zip(zipped(trusted=None)).authority_id == ""


@settings(max_examples=150)
@given(st.integers(0, len(NEW) - 1), st.integers(0, 255), st.booleans())
def test_damage_is_told_or_does_no_harm_and_never_quotes_the_key(at: int, byte: int, cut: bool) -> None:
    body = NEW[:at] if cut else NEW[:at] + bytes([byte]) + NEW[at + 1 :]
    try:
        found, said = pem.read_zip(body).certificate, ""
    except pem.DamagedError as error:
        found, said = CERTIFICATE, str(error)
    assert found == CERTIFICATE
    assert not any(line in said for line in files(NEW)[pem.KEY].decode().splitlines()[1:-1])


@given(st.binary(max_size=200))
def test_no_bytes_are_taken_for_a_zip(body: bytes) -> None:
    with pytest.raises(pem.DamagedError):
        pem.read_zip(body)


def test_nothing_that_is_printed_shows_a_key() -> None:
    assert "key=" not in repr(AUTHORITY)
    assert "PRIVATE" not in repr(pem.read_zip(NEW))

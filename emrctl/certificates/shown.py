"""What the verbs say of certificates, as text and as JSON, and what is said when AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emrctl.certificates.records import Certificate, Cluster
from emrctl.certificates.rotation import Certificates, Rotation, Status
from facts.errors import UserError
from jobs import objects

if TYPE_CHECKING:
    from infra.settings.loader import Declared

FIRST = "pulumi up --stack {stack} --target '**emr:security:Keys**' --target '**emr:storage:Buckets**'"


def of(target: str | None, stack: str) -> Certificates:
    """The certificates of a stack, whether it is up or not. Raises UserError for a stack that is not declared."""
    import boto3

    from emrctl.context import resolve
    from emrctl.pulumi import declared

    resolved = resolve(target)
    wanted: Declared = declared(resolved, stack)
    resolved.session()  # sets the environment of the target
    session = boto3.Session(region_name=wanted.names.region)
    return Certificates(
        s3=session.client("s3"),
        emr=session.client("emr"),
        names=wanted.names,
        key=wanted.settings.encryption.certificates_object,
    )


@contextmanager
def explained(certificates: Certificates) -> Iterator[None]:
    """Have the body's refusals by AWS told in one line, with what to do."""
    store, stack = certificates.store, certificates.names.stack
    try:
        yield
    except ClientError as error:
        if objects.code(error) == "NoSuchBucket":
            raise UserError(
                f"bucket {store.bucket} is not there; bring up keys and buckets first: {FIRST.format(stack=stack)}"
            ) from None
        said = error.response["Error"]
        raise UserError(
            f"AWS refuses {error.operation_name} for the certificates of stack '{stack}' ({store.uri}): "
            f"{said['Code']}: {said['Message']}; who may is told in docs/platform.md"
        ) from None
    except BotoCoreError as error:
        raise UserError(f"AWS cannot be asked: {error}; look at credentials and network") from None


def now() -> datetime:
    """The time by which certificates are judged."""
    return datetime.now(UTC).replace(microsecond=0)  # certificates know whole seconds


def status_document(status: Status, at: datetime, least_days: int) -> dict[str, Any]:
    """The status as JSON."""
    return {
        "uri": status.uri,
        "sound": status.sound(at, least_days),
        "least_days": least_days,
        "certificate": _document(status.certificate, at),
        "authority_until": status.authority_until,
        "troubles": list(status.troubles),
        "clusters": [_cluster_document(one, at) for one in status.clusters],
    }


def rotation_document(rotation: Rotation, at: datetime) -> dict[str, Any]:
    """What a rotation did as JSON."""
    return {
        "uri": rotation.uri,
        "rotated": rotation.certificate is not None,
        "new_authority": rotation.new_authority,
        "before": _document(rotation.before, at),
        "certificate": _document(rotation.certificate, at),
        "clusters": [_cluster_document(one, at) for one in rotation.clusters],
    }


def status_lines(status: Status, at: datetime, least_days: int, stack: str) -> Iterator[str]:
    """The status for people: what is there, then what to do."""
    yield f"zip          {status.uri}"
    if status.certificate is not None:
        yield f"certificate  {_told(status.certificate, at)}"
        yield f"SHA-256      {status.certificate.sha256}"
    yield f"authority    {f'until {status.authority_until[:10]}' if status.authority_until else 'none of ours'}"
    for cluster in status.clusters:
        yield f"cluster      {_cluster_told(cluster, at, status.certificate)}"
    for trouble in status.troubles:
        yield f"trouble      {trouble}"
    if status.certificate is None or status.certificate.days_left(at) < least_days:
        yield f"to do        emrctl certs rotate {stack}"
    yield from _to_replace({one.id: one for one in (*status.ending(at, least_days), *status.apart())})


def rotation_lines(rotation: Rotation, at: datetime) -> Iterator[str]:
    """What a rotation did for people, and what is left to do."""
    did = "would be" if rotation.certificate is None else "is"
    yield f"zip          {rotation.uri} {did} replaced"
    yield f"before       {_told(rotation.before, at) if rotation.before else 'nothing that nodes could use'}"
    if rotation.certificate is not None:
        yield f"certificate  {_told(rotation.certificate, at)}"
        yield f"SHA-256      {rotation.certificate.sha256}"
    if rotation.new_authority:
        yield f"authority    a new one {did} made"
    for cluster in rotation.clusters:
        yield f"cluster      {_cluster_told(cluster, at, rotation.certificate)}"
    yield from _to_replace({one.id: one for one in rotation.clusters if not one.trusts})


def _told(certificate: Certificate, at: datetime) -> str:
    left = certificate.days_left(at)
    ends = f"{left} days left" if left >= 0 else f"ended {-left} days ago"
    return f"serial {certificate.serial}, until {certificate.not_after[:10]} ({ends})"


def _cluster_told(cluster: Cluster, at: datetime, current: Certificate | None) -> str:
    had = cluster.certificate
    if had is None:
        has = "a certificate from before what is known"
    elif current is not None and had.sha256 == current.sha256:
        has = "this certificate"
    else:
        has = f"an older one: {_told(had, at)}"
    trust = "" if cluster.trusts else "; does not trust nodes that start now"
    return f"{cluster.id} {cluster.name}, started {cluster.created[:16]}: {has}{trust}"


def _to_replace(clusters: dict[str, Cluster]) -> Iterator[str]:
    for cluster in clusters.values():
        yield f"to do        replace cluster {cluster.id} ({cluster.name}): nodes keep what they started with"


def _document(certificate: Certificate | None, at: datetime) -> dict[str, Any] | None:
    return None if certificate is None else {**asdict(certificate), "days_left": certificate.days_left(at)}


def _cluster_document(cluster: Cluster, at: datetime) -> dict[str, Any]:
    return {**asdict(cluster), "certificate": _document(cluster.certificate, at)}

"""All checks on one stack; a check that cannot be made says so, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import requires, version
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emrctl import ownership
from emrctl.certificates.rotation import Certificates
from emrctl.doctor import capacity, collisions, surroundings
from emrctl.doctor.finding import Finding, warning
from infra.account.places import STATE
from infra.account.settings import STACK as ACCOUNT
from infra.naming import Names
from infra.settings.loader import Declared

if TYPE_CHECKING:
    import boto3

Check = tuple[str, Callable[[], Iterable[Finding]]]
# What the program is written against; the rest of the lock file comes with them.
PACKAGES = ("pulumi", "pulumi-aws")
PROJECT = "emr-platform"


def examine(session: boto3.Session, declared: Declared, engine: str, least: str) -> list[Finding]:
    """What every check says of the account for the stack that is `declared`, on an engine of version `engine`."""
    checks = _checks(cache(session.client), session, declared)
    installed = {name: version(name) for name in PACKAGES}
    asked: Check = (
        "versions",
        lambda: surroundings.versions(
            surroundings.this_python(), engine, least, installed, requires(PROJECT) or []
        ),
    )
    return [finding for name, ask in (asked, *checks) for finding in _answered(name, ask)]


def _checks(client: Callable[[str], Any], session: boto3.Session, declared: Declared) -> list[Check]:
    settings, names = declared.settings, declared.names
    quotas, ec2, s3 = client("service-quotas"), client("ec2"), client("s3")
    account = Names(stack=ACCOUNT, region=names.region, account_id=names.account_id)
    certificates = Certificates(
        s3=s3, emr=client("emr"), names=names, key=settings.encryption.certificates_object
    )
    return [
        ("credentials", lambda: surroundings.credentials(client("sts"), names.account_id)),
        ("region", lambda: surroundings.zones(ec2, names.region, settings.network.zones or ())),
        ("account", lambda: surroundings.account(s3, account.bucket(STATE))),
        ("release", lambda: surroundings.releases(client("emr"), settings)),
        (
            "service-linked roles",
            lambda: surroundings.linked_roles(ownership.linked_roles(session), settings),
        ),
        ("quotas", lambda: capacity.vcpus(quotas, ec2, settings, names.stack)),
        ("quotas", lambda: capacity.addresses(quotas, ec2, settings, names.stack)),
        *([] if settings.network.adopt else [("quotas", lambda: capacity.vpcs(quotas, ec2, names.stack))]),
        ("names", lambda: collisions.buckets(s3, names)),
        ("names", lambda: collisions.aliases(client("kms"), names, settings.encryption.made())),
        ("names", lambda: collisions.roles(client("iam"), names, declared.jobs)),
        ("certificates", lambda: surroundings.certificates(certificates, datetime.now(UTC))),
    ]


def _answered(name: str, ask: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from ask()
    except ClientError as error:
        said = error.response["Error"]
        yield warning(
            name,
            f"could not be looked at: {error.operation_name}: {said['Code']}: {said['Message']}",
            f"allow {error.operation_name} to these credentials, or ask somebody who may",
        )
    except BotoCoreError as error:
        yield warning(name, f"could not be looked at: {error}", "look at credentials and network")

"""Credentials, region, release, the services' own roles, the account's stack, certificates, versions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from packaging.requirements import Requirement
from packaging.version import Version

from emrctl.certificates.rotation import LEAST_DAYS, Certificates
from emrctl.doctor import needs
from emrctl.doctor.finding import Finding, ok, problem, warning
from infra.settings.stack import Settings

EMR, SPOT = "elasticmapreduce.amazonaws.com", "spot.amazonaws.com"
OLDEST_PYTHON = (3, 11)


def credentials(sts: Any, account_id: str) -> Iterator[Finding]:
    """Whether the credentials are of the account that the stack names."""
    caller = sts.get_caller_identity()
    if caller["Account"] == account_id:
        yield ok("credentials", f"{caller['Arn']}, of the account that the stack names")
    else:
        yield problem(
            "credentials",
            f"they are of account {caller['Account']}; aws:allowedAccountIds names {account_id}",
            "take credentials of that account, or name the other one in the stack's file",
        )


def zones(ec2: Any, region: str, wanted: tuple[str, ...]) -> Iterator[Finding]:
    """Whether the region has the zones that the stack names, and they are open."""
    found = {one["ZoneName"]: one["State"] for one in ec2.describe_availability_zones()["AvailabilityZones"]}
    lacking = [zone for zone in wanted if found.get(zone) != "available"]
    if lacking:
        yield problem(
            "region",
            f"{region} has no {', '.join(lacking)} to use",
            f"set emr:network.zones to two or three of: {', '.join(sorted(found))}",
        )
    else:
        yield ok("region", f"{region} with {', '.join(wanted)}")


def releases(emr: Any, settings: Settings) -> Iterator[Finding]:
    """Whether EMR has the clusters' releases in this region."""
    for label in sorted({cluster.release for cluster in settings.clusters.values()}):
        try:
            emr.describe_release_label(ReleaseLabel=label)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidRequestException", "ValidationException"):
                raise
            yield problem(
                "release",
                f"EMR does not offer {label} in {settings.aws.region}",
                "take another emr:clusters.*.release",
            )
        else:
            yield ok("release", f"{label} is offered in {settings.aws.region}")


def linked_roles(there: Set[str], settings: Settings) -> Iterator[Finding]:
    """Whether services have their own roles; `there` are those that do."""
    wanted = [EMR, *([SPOT] if needs.buys_spot(settings.clusters.values()) else [])]
    missing = [service for service in wanted if service not in there]
    if missing:
        yield warning(
            "service-linked roles",
            f"there is none for {', '.join(missing)}: the first cluster asks for it, and may not be allowed to",
            "emrctl bootstrap, or: "
            + "; ".join(f"aws iam create-service-linked-role --aws-service-name {one}" for one in missing),
        )
    else:
        yield ok("service-linked roles", ", ".join(wanted))


def account(s3: Any, bucket: str) -> Iterator[Finding]:
    """Whether the account was bootstrapped: then there is a bucket for the stack's state."""
    if _bucket_is_there(s3, bucket):
        yield ok("account", f"bootstrapped; states lie in {bucket}")
    else:
        yield warning(
            "account",
            "it was not bootstrapped: no bucket for states, no CI roles, no audit trail",
            "emrctl bootstrap",
        )


def certificates(found: Certificates, now: datetime) -> Iterator[Finding]:
    """Whether the nodes' certificates are where EMR looks for them, and good for a while."""
    stack, store = found.names.stack, found.store
    rotate = f"emrctl certs rotate {stack}"
    if not _bucket_is_there(found.s3, store.bucket):
        yield warning(
            "certificates",
            f"{store.uri} is not there yet, as its bucket is not",
            f"bring up keys and buckets first, then '{rotate}', then the rest (docs/platform.md)",
        )
        return
    status = found.look()
    if status.certificate is None:
        yield problem("certificates", status.troubles[0], rotate)
        return
    left = status.certificate.days_left(now)
    told = f"{store.uri}: until {status.certificate.not_after[:10]}, {left} days left"
    if left < 0:
        yield problem("certificates", f"{told}: nodes that start would refuse each other", rotate)
    elif left < LEAST_DAYS:
        yield warning("certificates", told, rotate)
    elif not status.sound(now, LEAST_DAYS):
        yield warning("certificates", f"{told}, but not all clusters can go on", f"emrctl certs show {stack}")
    else:
        yield ok("certificates", told)


def versions(
    python: tuple[int, ...], engine: str, least: str, installed: Mapping[str, str], required: list[str]
) -> Iterator[Finding]:
    """Whether Python, the engine and the packages that talk to it are those that the project knows."""
    if python[:2] < OLDEST_PYTHON:
        yield problem(
            "versions", f"Python {python[0]}.{python[1]}", "make the environment with Python 3.11 or newer"
        )
    if Version(engine) < Version(least):
        yield problem(
            "versions", f"Pulumi {engine}", f"install {least} or newer, or let 'emrctl engine ensure' do it"
        )
    wanted = {one.name: one.specifier for one in map(Requirement, required) if one.name in installed}
    off = [
        f"{name} {has}, wanted {wanted[name]}"
        for name, has in installed.items()
        if not wanted[name].contains(has)
    ]
    if off:
        yield problem("versions", "; ".join(off), "make setup")
    elif python[:2] >= OLDEST_PYTHON and Version(engine) >= Version(least):
        packages = ", ".join(f"{name} {has}" for name, has in installed.items())
        yield ok("versions", f"Python {python[0]}.{python[1]}, Pulumi {engine}, {packages}")


def this_python() -> tuple[int, ...]:
    """The version of the interpreter that runs this."""
    return tuple(sys.version_info[:3])


def _bucket_is_there(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    return True

"""Names that the stack will give, and somebody else may have given already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from emrctl.doctor.finding import Finding, ok, problem
from infra.naming import ZONES, Names
from infra.storage.bucket_policies import ACCESS_LOGS
from infra.tags import STACK_KEY
from jobs.spec import JobSpec

ROLES = ("analyst", "break-glass", "deployer", "engineer", "flow-logs", "node", "service", "submitter")
_REMEDY = "rename the stack, or delete what has its name"


def buckets(s3: Any, names: Names) -> Iterator[Finding]:
    """Bucket names are the world's: one may be another account's."""
    wanted = [names.bucket(zone) for zone in (*ZONES, ACCESS_LOGS) if zone not in names.adopted]
    taken = []
    for bucket in wanted:
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "403":
                taken.append(f"{bucket} (another account's, or not to be read)")
            elif code != "404":
                raise
        else:
            if not _tagged(_bucket_tags(s3, bucket), names.stack):
                taken.append(bucket)
    yield _judged("bucket names", taken, len(wanted))


def aliases(kms: Any, names: Names, keys: Iterable[str]) -> Iterator[Finding]:
    """Aliases of the KMS keys that the stack makes."""
    wanted = {names.key_alias(purpose) for purpose in keys}
    taken = []
    for page in kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] in wanted:
                tags = kms.list_resource_tags(KeyId=alias["TargetKeyId"])["Tags"]
                if {"TagKey": STACK_KEY, "TagValue": names.stack} not in tags:
                    taken.append(alias["AliasName"])
    yield _judged("key aliases", taken, len(wanted))


def roles(iam: Any, names: Names, jobs: tuple[JobSpec, ...]) -> Iterator[Finding]:
    """Roles, those of jobs included."""
    wanted = [names.role(role) for role in (*ROLES, *(names.job_role(job.name) for job in jobs))]
    taken = []
    for role in wanted:
        try:
            tags = iam.list_role_tags(RoleName=role)["Tags"]
        except iam.exceptions.NoSuchEntityException:
            continue
        if not _tagged(tags, names.stack):
            taken.append(role)
    yield _judged("role names", taken, len(wanted))


def _judged(what: str, taken: list[str], count: int) -> Finding:
    if not taken:
        return ok("names", f"{count} {what}: free or this stack's")
    return problem("names", f"{what}: not this stack's: {', '.join(taken)}", _REMEDY)


def _bucket_tags(s3: Any, bucket: str) -> list[dict[str, str]]:
    try:
        found: list[dict[str, str]] = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        return []
    return found


def _tagged(tags: list[dict[str, str]], stack: str) -> bool:
    return {"Key": STACK_KEY, "Value": stack} in tags

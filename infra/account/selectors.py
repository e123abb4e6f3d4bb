"""Which events the audit trail records: CloudTrail's advanced event selectors as plain data. Pure.

They name the stacks' buckets by what all their names begin with, so a stack that comes later is recorded from its first
object on. The account's own buckets are left out: a trail that records its own deliveries never comes to rest.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from infra.account.settings import DataEventSettings
from infra.naming import Names


class Field(TypedDict, total=False):
    """One field of an event: it equals or begins with one of these, and begins with none of those."""

    field: str
    equals: list[str]
    starts_withs: list[str]
    not_starts_withs: list[str]


class Selector(TypedDict):
    """Events that satisfy all conditions are recorded."""

    name: str
    field_selectors: list[Field]


def selectors(names: Names, data: DataEventSettings) -> list[Selector]:
    """All management events, and of objects what `data` says; `names` are the account's."""
    management: Selector = {
        "name": "management",
        "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
    }
    if data.record == "none":
        return [management]
    left_out = [f"{names.prefix}-", *data.leave_out]
    # CloudTrail knows prefixes only, and a bucket's zone stands behind the stack's name: so it is every zone.
    stacks: Field = {
        "field": "resources.ARN",
        "starts_withs": [_arn(names, "emr-")],
        "not_starts_withs": [_arn(names, prefix) for prefix in left_out],
    }
    found = [management, _objects("objects-of-stacks", data, stacks)]
    if data.adopted_buckets:
        adopted: Field = {
            "field": "resources.ARN",
            "starts_withs": [_arn(names, f"{bucket}/") for bucket in data.adopted_buckets],
        }
        found.append(_objects("objects-of-adopted-buckets", data, adopted))
    return found


def _objects(name: str, data: DataEventSettings, where: Field) -> Selector:
    fields: list[Field] = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        *_writes_only(data),
        where,
    ]
    return {"name": name, "field_selectors": fields}


def _writes_only(data: DataEventSettings) -> Sequence[Field]:
    return [{"field": "readOnly", "equals": ["false"]}] if data.record == "writes" else []


def _arn(names: Names, prefix: str) -> str:
    return f"arn:{names.partition}:s3:::{prefix}"

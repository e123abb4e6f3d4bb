"""What AWS takes of names and documents, as data; each with where it says so."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.recording import Recorder

# By type and property: what the whole of it must match.
TEXTS: Mapping[str, Mapping[str, str]] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "Bucket": {"bucket": r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"},
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "Role": {"name": r"[\w+=,.@-]{1,64}", "description": r".{0,1000}"},
    "RolePolicy": {"name": r"[\w+=,.@-]{1,128}"},
    "Policy": {"name": r"[\w+=,.@-]{1,128}"},
    "InstanceProfile": {"name": r"[\w+=,.@-]{1,128}"},
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    "Alias": {"name": r"alias/[a-zA-Z0-9/_-]{1,250}"},
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "MetricAlarm": {"name": r".{1,255}", "alarmDescription": r".{0,1024}"},
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "LogGroup": {"name": r"[.\-_/#A-Za-z0-9]{1,512}"},
    # https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_CreateApplication.html
    "Application": {"name": r"[A-Za-z0-9._/#-]{1,64}"},
    # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    "Topic": {"name": r"[A-Za-z0-9_-]{1,256}"},
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
    "Table": {"name": r"[a-zA-Z0-9_.-]{3,255}"},
    # https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html
    "Workgroup": {"name": r"[a-zA-Z0-9._-]{1,128}"},
    # https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    "CatalogDatabase": {"name": r"[a-z0-9_]{1,255}"},
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    "SecurityGroup": {"description": r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}"},
    "SecurityGroupIngressRule": {"description": r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"},
    "SecurityGroupEgressRule": {"description": r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"},
    # https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
    "Cluster": {"name": r".{1,256}"},
}
# Characters of documents, white space not counted. IAM as above; bucket: 20 KB, endpoint: 20,480, key: 32 KB:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html,
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html,
# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
DOCUMENTS: Mapping[str, Mapping[str, int]] = {
    "Role": {"assumeRolePolicy": 2048},
    "RolePolicy": {"policy": 10_240},
    "Policy": {"policy": 6144},
    "Key": {"policy": 32_768},
    "BucketPolicy": {"policy": 20_480},
    "VpcEndpoint": {"policy": 20_480},
}
# Entries of lists: PutMetricAlarm, and NetworkConfiguration of EMR Serverless (same places).
LISTS: Mapping[str, Mapping[str, int]] = {
    "MetricAlarm": {"alarmActions": 5, "okActions": 5},
    "Application": {"networkConfiguration.subnetIds": 16},
    "Cluster": {"bootstrapActions": 16},
}
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; of an object ten:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
TAGS, OBJECT_TAGS = 50, 10


def beyond(made: Recorder, default_tags: Mapping[str, str]) -> list[str]:
    """What of the registered resources AWS would not take, a line each."""
    return sorted(
        {*_texts(made), *_documents(made), *_lists(made), *_tags(made, default_tags), *_twice(made)}
    )


def _texts(made: Recorder) -> Iterator[str]:
    for kind, props in TEXTS.items():
        for one in made.of(kind):
            for prop, pattern in props.items():
                if prop in one.inputs and not re.fullmatch(pattern, one.inputs[prop], re.ASCII):
                    yield f"{kind} {one.name}: {prop} is {one.inputs[prop]!r}, must match {pattern}"


def _documents(made: Recorder) -> Iterator[str]:
    for kind, props in DOCUMENTS.items():
        for one in made.of(kind):
            for prop, most in props.items():
                length = len("".join(one.inputs.get(prop, "").split()))
                if length > most:
                    yield f"{kind} {one.name}: {prop} has {length} characters, at most {most}"


def _lists(made: Recorder) -> Iterator[str]:
    for kind, props in LISTS.items():
        for one in made.of(kind):
            for path, most in props.items():
                value: Any = one.inputs
                for key in path.split("."):
                    value = value.get(key) or {}
                if len(value) > most:
                    yield f"{kind} {one.name}: {path} has {len(value)} entries, at most {most}"


def _tags(made: Recorder, default: Mapping[str, str]) -> Iterator[str]:
    for one in made.registered:
        own = one.inputs.get("tags") or {}
        replaced = json.loads(json.dumps(one.inputs.get("overrideProvider") or {})).get("defaultTags")
        tags = {**(default if replaced is None else replaced.get("tags") or {}), **own}
        most = OBJECT_TAGS if one.type.endswith(":BucketObjectv2") else TAGS
        if len(tags) > most:
            yield f"{one.type} {one.name}: has {len(tags)} tags, at most {most}"
        low = Counter(key.lower() for key in tags)
        if ":iam/" in one.type and any(number > 1 for number in low.values()):
            yield f"{one.type} {one.name}: tags differ by case alone, which IAM takes for the same"


def _twice(made: Recorder) -> Iterator[str]:
    """Names that are unique in an account or, of groups, in a VPC."""
    names = Counter(
        (one.type, one.inputs.get("bucket") if one.type.endswith(":Bucket") else one.inputs["name"])
        for kind in TEXTS
        for one in made.of(kind)
        if ("name" in one.inputs or "bucket" in one.inputs) and kind not in ("RolePolicy", "Cluster")
    )
    for (kind, name), number in names.items():
        if number > 1:
            yield f"{kind}: {number} are called {name!r}"

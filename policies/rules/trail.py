"""CloudTrail: everywhere, provable, encrypted, and heard."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import StackCheck, every, must_be_own_key, must_be_set, must_be_true, must_not_be_false
from policies.rule import (
    Config,
    Finding,
    Level,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
)
from policies.view import Node, Resource, Stack

TRAIL = frozenset({"aws:cloudtrail/trail:Trail"})
WAYS = {
    "All": frozenset({"read", "write"}),
    "ReadOnly": frozenset({"read"}),
    "WriteOnly": frozenset({"write"}),
}


def _object_events(trail: Resource) -> Iterator[str]:
    """Which events on objects of every bucket a trail records: `read`, `write`."""
    for selector in trail.get("eventSelectors").items():
        for data in selector.get("dataResources").items():
            values = [node.text() for node in data.get("values").items() if not node.unknown]
            # "arn:aws:s3" and "arn:aws:s3:::" both mean every bucket.
            everything = any((value or "").rstrip(":").endswith(":s3") for value in values)
            if data.get("type").text() == "AWS::S3::Object" and everything:
                yield from WAYS.get(selector.get("readWriteType").text() or "All", ())
    for selector in trail.get("advancedEventSelectors").items():
        yield from _advanced(selector)


def _advanced(selector: Node) -> Iterator[str]:
    tests = {node.get("field").text(): node for node in selector.get("fieldSelectors").items()}
    if "AWS::S3::Object" not in _values(tests.get("resources.type"), "equals"):
        return
    if "resources.ARN" in tests and not _of_many(tests["resources.ARN"]):
        return
    read_only = _values(tests["readOnly"], "equals") if "readOnly" in tests else ["true", "false"]
    yield from ("read" if value == "true" else "write" for value in read_only)


def _values(test: Node | None, operator: str) -> list[str | None]:
    return [node.text() for node in test.get(operator).items() if not node.unknown] if test else []


def _of_many(test: Node) -> bool:
    """Whether a test of ARNs takes whole runs of buckets, with those that come later.

    That buckets are left out is no fault: a trail that records its own deliveries never comes to rest.
    """
    if test.get("equals").items() or test.get("endsWiths").items():
        return False
    begins = test.get("startsWiths").items()
    return not begins or any("/" not in (value or "/") for value in _values(test, "startsWiths"))


def _must_record(way: str) -> StackCheck:
    """Judge that some trail of the stack records who reads, or who writes, objects."""

    def check(_trail: Resource, stack: Stack, _: Config) -> Verdicts:
        if not any(way in _object_events(other) for other in stack.of(*TRAIL)):
            yield Finding(f"does not record who {way}s objects, nor does another trail")

    return check


RULES = (
    ResourceRule(
        id="trail-everywhere",
        title="A trail records in all regions, and what is global",
        protects="Evidence of what is done where nobody looks",
        remedy="Set isMultiRegionTrail to true, and leave includeGlobalServiceEvents on",
        types=TRAIL,
        controls=checkov("CKV_AWS_67") + fsbp("CloudTrail.1", "CloudTrail.3") + cis("3.1"),
        check=every(
            must_be_true("isMultiRegionTrail", "records in one region only"),
            must_not_be_false("includeGlobalServiceEvents", "leaves out IAM and other global services"),
        ),
    ),
    ResourceRule(
        id="trail-records",
        title="A trail is not switched off",
        protects="Evidence",
        remedy="Leave enableLogging out, or set it to true",
        severity=Severity.CRITICAL,
        types=TRAIL,
        controls=checkov("CKV_AWS_251"),
        check=must_not_be_false("enableLogging", "records nothing"),
    ),
    ResourceRule(
        id="trail-validates-files",
        title="A trail's files can be proved to be untouched",
        protects="Evidence, from being changed",
        remedy="Set enableLogFileValidation to true",
        severity=Severity.MEDIUM,
        types=TRAIL,
        controls=checkov("CKV_AWS_36") + fsbp("CloudTrail.4") + cis("3.2"),
        check=must_be_true("enableLogFileValidation", "leaves its files without proof"),
    ),
    ResourceRule(
        id="trail-kms",
        title="A trail is encrypted with a KMS key of our own",
        protects="What the record tells about people and data",
        remedy="Set kmsKeyId",
        types=TRAIL | {"aws:cloudtrail/eventDataStore:EventDataStore"},
        controls=checkov("CKV_AWS_35", "CKV_AWS_294") + fsbp("CloudTrail.2", "CloudTrail.10") + cis("3.5"),
        check=must_be_own_key("kmsKeyId", "is encrypted with a key of AWS"),
    ),
    ResourceRule(
        id="trail-in-cloudwatch",
        title="A trail goes to CloudWatch Logs, where alarms can hear it",
        protects="The time between a break-in and its being seen",
        remedy="Set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn",
        severity=Severity.LOW,
        types=TRAIL,
        controls=checkov("CKV2_AWS_10") + fsbp("CloudTrail.5"),
        check=must_be_set("cloudWatchLogsGroupArn", "can be heard by no alarm"),
    ),
    StackRule(
        id="trail-records-object-writes",
        title="A trail records who writes the objects of buckets",
        protects="Evidence of who changed which data",
        remedy="Record AWS::S3::Object, with readWriteType All or WriteOnly and the value arn:aws:s3",
        severity=Severity.MEDIUM,
        types=TRAIL,
        controls=fsbp("S3.22") + cis("3.8"),
        check=_must_record("write"),
    ),
    StackRule(
        id="trail-records-object-reads",
        title="A trail records who reads the objects of buckets",
        protects="Evidence of who took which data; each read of a job is billed as an event",
        remedy="Record AWS::S3::Object, with readWriteType All and the value arn:aws:s3",
        severity=Severity.MEDIUM,
        level=Level.DISABLED,
        types=TRAIL,
        controls=fsbp("S3.23") + cis("3.9"),
        check=_must_record("read"),
    ),
    ResourceRule(
        id="trail-notifies",
        title="A trail tells a topic of each file",
        protects="The time between a break-in and its being seen",
        remedy="Set snsTopicName",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=TRAIL,
        controls=checkov("CKV_AWS_252"),
        check=must_be_set("snsTopicName", "tells nobody of its files"),
    ),
)

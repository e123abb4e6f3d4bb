"""The buckets as they are registered."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pulumi.runtime.mocks import MockMonitor

from infra.naming import KEYS, ZONES
from infra.settings.storage import StorageSettings, ZoneSettings, ZonesSettings
from infra.storage.buckets import lifecycle
from tests.infra.recording import Recorder, run_program, stack_config

Run = tuple[Recorder, dict[str, Any]]
ALL = (*ZONES, "access-logs")


@pytest.mark.parametrize("zone", ALL)
def test_no_bucket_is_public_shared_or_unversioned(dev: Run, zone: str) -> None:
    made, _ = dev
    block = made.one("BucketPublicAccessBlock", zone).inputs
    assert all(
        block[flag]
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    )
    assert made.one("BucketOwnershipControls", zone).inputs["rule"] == {
        "objectOwnership": "BucketOwnerEnforced"
    }
    assert made.one("BucketVersioning", zone).inputs["versioningConfiguration"] == {"status": "Enabled"}


@pytest.mark.parametrize(
    ("zone", "algorithm", "key"),
    [
        *((zone, "aws:kms", zone) for zone in ZONES),
        ("access-logs", "AES256", None),
    ],
)
def test_each_bucket_is_sealed_with_the_key_of_what_it_holds(
    dev: Run, zone: str, algorithm: str, key: str | None
) -> None:
    (rule,) = dev[0].one("BucketServerSideEncryptionConfiguration", zone).inputs["rules"]
    default = rule["applyServerSideEncryptionByDefault"]
    assert default["sseAlgorithm"] == algorithm
    assert default.get("kmsMasterKeyId", "").rpartition("/")[2] == (key or "")
    assert rule["bucketKeyEnabled"] == (key is not None)


@pytest.mark.parametrize("zone", ALL)
def test_every_bucket_refuses_what_comes_without_tls(dev: Run, zone: str) -> None:
    policy = json.loads(dev[0].one("BucketPolicy", zone).inputs["policy"])
    denied = [s for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [s["Condition"] for s in denied]
    assert all(len(s["Resource"]) == 2 and s["Action"] == "s3:*" for s in denied)


@pytest.mark.parametrize("zone", ALL)
def test_uploads_and_old_versions_do_not_stay_and_only_logs_expire(dev: Run, zone: str) -> None:
    rules = {rule["id"]: rule for rule in dev[0].one("BucketLifecycleConfiguration", zone).inputs["rules"]}
    kept = rules["old-versions-and-stale-uploads"]
    assert kept["abortIncompleteMultipartUpload"]["daysAfterInitiation"] == 7
    assert kept["noncurrentVersionExpiration"]["noncurrentDays"] == 7
    assert ("expiry" in rules) == (zone in ("logs", "access-logs"))
    assert ("expiry-of-athena-results" in rules) == (zone == "curated")
    assert ("expiry-of-_shadow" in rules) == (zone == "checkpoints")
    assert "storage-class" not in rules


def test_single_zones_have_what_their_settings_say(prod: Run) -> None:
    def rules(zone: str) -> dict[str, Any]:
        return {r["id"]: r for r in prod[0].one("BucketLifecycleConfiguration", zone).inputs["rules"]}

    assert rules("landing")["storage-class"]["transitions"] == [{"storageClass": "STANDARD_IA", "days": 90}]
    assert rules("curated")["storage-class"]["transitions"] == [
        {"storageClass": "INTELLIGENT_TIERING", "days": 30}
    ]
    kept = {
        zone: rules(zone)["old-versions-and-stale-uploads"]["noncurrentVersionExpiration"]["noncurrentDays"]
        for zone in ZONES
    }
    assert kept == {**dict.fromkeys(ZONES, 90), "checkpoints": 7}


def test_an_objects_expiry_is_what_its_zone_says() -> None:
    said = StorageSettings(zones=ZonesSettings(checkpoints=ZoneSettings(expire_days=14)))
    assert {zone: lifecycle(said, zone).expire_days for zone in ("landing", "checkpoints", "logs")} == {
        "landing": None,
        "checkpoints": 14,
        "logs": 365,
    }


@pytest.mark.parametrize("zone", ZONES)
def test_accesses_are_logged_apart(dev: Run, zone: str) -> None:
    logging = dev[0].one("BucketLogging", zone).inputs
    assert logging["targetBucket"] == "emr-dev-access-logs-111111111111-us-east-1"
    assert logging["targetPrefix"] == f"{zone}/"


def test_the_folder_of_event_logs_is_there(dev: Run) -> None:
    marker = dev[0].one("BucketObjectv2", "event-logs").inputs
    assert (marker["key"], marker["content"]) == ("spark-events/", "")


def _protected(monkeypatch: pytest.MonkeyPatch, first: bool, second: bool) -> tuple[Recorder, set[str]]:
    """Names of what the program asks the engine to protect, with the two keys so turned."""
    config = copy.deepcopy(stack_config("dev"))
    config["emr:protection"] = {"allow_data_deletion": first}
    config["emr:storage"]["deletable"] = second
    asked: set[str] = set()
    real: Any = MockMonitor.RegisterResource

    def register(self: MockMonitor, request: Any) -> Any:
        if request.protect:
            asked.add(f"{request.type.split(':')[-1]} {request.name}")
        return real(self, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", register)
    made, _ = run_program("dev", config)
    return made, asked


DATA = {
    *(f"Bucket {zone}" for zone in ALL),
    *(f"Key {key}" for key in KEYS),
    "CatalogDatabase curated",
    "Table coordination",
}


@pytest.mark.parametrize(("first", "second"), [(False, False), (True, False), (False, True), (True, True)])
def test_data_is_protected_unless_both_keys_are_turned(
    monkeypatch: pytest.MonkeyPatch, first: bool, second: bool
) -> None:
    made, protected = _protected(monkeypatch, first, second)
    both = first and second
    assert protected == (set() if both else DATA)
    assert {bucket.inputs["forceDestroy"] for bucket in made.of("Bucket")} == {both}
    assert made.one("Table", "coordination").inputs["deletionProtectionEnabled"] == (not both)

"""Which events the trail records, judged as CloudTrail judges its selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from facts.errors import UserError
from infra.account.selectors import selectors
from infra.account.settings import DataEventSettings, declared
from infra.naming import ZONES, Names
from infra.settings.loader import from_config
from tests.infra.recording import run_account, stack_config

ACCOUNT = Names(stack="account", region="us-east-1", account_id="111111111111")
LATER = Names(stack="later", region="eu-west-1", account_id="111111111111")
CONFIG = stack_config("account", "infra/account")


def recorded(data: DataEventSettings, event: Mapping[str, str]) -> bool:
    """Whether one selector has all its conditions met: equal or beginning with one of these, with none of those."""

    def met(field: Mapping[str, Any]) -> bool:
        value = event.get(field["field"], "")
        wanted = value in field.get("equals", ()) or value.startswith(tuple(field.get("starts_withs", ())))
        return wanted and not value.startswith(tuple(field.get("not_starts_withs", ())))

    return any(all(map(met, one["field_selectors"])) for one in selectors(ACCOUNT, data))


def on_object(bucket: str, *, read: bool) -> dict[str, str]:
    return {
        "eventCategory": "Data",
        "resources.type": "AWS::S3::Object",
        "readOnly": "true" if read else "false",
        "resources.ARN": f"arn:aws:s3:::{bucket}/a/b",
    }


@pytest.mark.parametrize("record", ["writes", "all", "none"])
def test_management_is_always_recorded_and_objects_of_stacks_that_come_later_as_said(record: Any) -> None:
    data = DataEventSettings(record=record)
    assert recorded(data, {"eventCategory": "Management"})
    for zone in ZONES:
        assert recorded(data, on_object(LATER.bucket(zone), read=False)) is (record != "none")
        assert recorded(data, on_object(LATER.bucket(zone), read=True)) is (record == "all")


def test_the_accounts_own_buckets_are_not_recorded_nor_those_of_nobody_here() -> None:
    data = DataEventSettings(record="all")
    for bucket in (ACCOUNT.bucket("audit"), ACCOUNT.bucket("state"), "acme-landing"):
        assert not recorded(data, on_object(bucket, read=False))


def test_adopted_buckets_are_recorded_by_name_and_what_is_left_out_is_not() -> None:
    data = DataEventSettings(adopted_buckets=("acme-landing",), leave_out=("emr-later-logs-",))
    assert recorded(data, on_object("acme-landing", read=False))
    assert not recorded(data, on_object("acme-landing-2", read=False))
    assert not recorded(data, on_object(LATER.bucket("logs"), read=False))
    assert recorded(data, on_object(LATER.bucket("landing"), read=False))


def test_the_trail_has_them() -> None:
    made, told = run_account({**CONFIG, "emr:audit": {"data_events": {"adopted_buckets": ["acme-landing"]}}})
    (trail,) = made.of("Trail")
    assert [one["name"] for one in trail.inputs["advancedEventSelectors"]] == [
        "management",
        "objects-of-stacks",
        "objects-of-adopted-buckets",
    ]
    (objects,) = [
        field
        for field in trail.inputs["advancedEventSelectors"][1]["fieldSelectors"]
        if field["field"] == "resources.ARN"
    ]
    assert objects == {
        "field": "resources.ARN",
        "startsWiths": ["arn:aws:s3:::emr-"],
        "notStartsWiths": ["arn:aws:s3:::emr-account-"],
    }
    assert told["audit"]["data_events"]["record"] == "writes"


@pytest.mark.parametrize(
    ("data_events", "said"),
    [
        ({"record": "none", "leave_out": ["emr-a-"]}, "leave_out: stands beside record: none"),
        ({"adopted_buckets": ["emr-dev-x"]}, r"adopted_buckets\[0\]: 'emr-dev-x' begins with emr-"),
    ],
)
def test_what_contradicts_itself_is_refused(data_events: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=rf"emr:audit\.data_events\.{said}"):
        declared({**from_config(CONFIG), "audit": {"data_events": data_events}})

"""The alarm on the break-glass role: there as soon as the account is known, and the preview says when it is not."""

from __future__ import annotations

import copy
from typing import Any

import pulumi
import pytest

from infra import account_reference
from tests.infra.recording import Recorder, beneath, run_program, stack_config

Run = tuple[Recorder, dict[str, Any]]
TOPIC = "arn:aws:sns:us-east-1:111111111111:page"
REFERENCE = "organization/emr-account/account"


def dev_with(**config: Any) -> dict[str, Any]:
    return {**copy.deepcopy(stack_config("dev")), **{f"emr:{key}": value for key, value in config.items()}}


def alarms(made: Recorder) -> list[str]:
    return [alarm.name for alarm in made.of("MetricAlarm") if alarm.name == "break-glass-taken"]


def test_without_an_account_there_is_none_and_the_preview_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    made, _ = run_program("dev")
    assert (made.of("LogMetricFilter"), made.of("StackReference"), alarms(made)) == ([], [], [])
    assert account_reference.unwatched(None, enabled=True) in said


def test_with_the_accounts_stack_it_hangs_on_its_trail_and_pages(prod: Run) -> None:
    made, platform = prod
    assert made.one("StackReference", "account").inputs["name"] == REFERENCE
    metric = made.one("LogMetricFilter", "break-glass-taken").inputs
    alarm = made.one("MetricAlarm", "break-glass-taken").inputs
    assert metric["logGroupName"] == "/emr-account/audit"
    assert '"AssumeRole"' in metric["pattern"]
    assert made.one("Role", "break-glass").inputs["name"] in metric["pattern"]
    told = metric["metricTransformation"]
    assert (told["namespace"], told["name"]) == (alarm["namespace"], alarm["metricName"])
    assert (alarm["threshold"], alarm["statistic"]) == (1, "Sum")
    assert alarm["alarmActions"] == [platform["topics"]["page"]]
    assert alarm["treatMissingData"] == "notBreaching"


def test_what_others_keep_is_used_by_name_and_tells_whom_it_is_said_to() -> None:
    adopted = {"adopt": {"trail_log_group": "/audit"}}
    config = dev_with(account=adopted, identity={"break_glass_alarm": {"topic_arns": [TOPIC]}})
    made, _ = run_program("dev", config)
    assert made.of("StackReference") == []
    assert made.one("LogMetricFilter", "break-glass-taken").inputs["logGroupName"] == "/audit"
    assert made.one("MetricAlarm", "break-glass-taken").inputs["alarmActions"] == [TOPIC]


def test_switched_off_there_is_none_and_nothing_is_read_of_the_account() -> None:
    config = dev_with(account={"stack": REFERENCE}, identity={"break_glass_alarm": {"enabled": False}})
    made, _ = run_program("dev", config)
    assert (made.of("LogMetricFilter"), made.of("StackReference"), alarms(made)) == ([], [], [])


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        ("none", rf"'{REFERENCE}' has no export 'account'"),
        ({**beneath("111111111111"), "schema_version": 1}, r"schema_version 1 .* version 2 is read here"),
        ({**beneath("111111111111"), "schema_version": 3}, r"schema_version 3 .* version 2 is read here"),
        (beneath("222222222222"), r"is of account 222222222222 in us-east-1, this stack of 111111111111"),
        ({**beneath("111111111111"), "region": "eu-west-1"}, r"in eu-west-1, this stack .* in us-east-1"),
    ],
)
def test_what_is_no_account_of_this_stack_ends_the_program_in_one_line(exported: Any, said: str) -> None:
    with pytest.raises(pulumi.RunError, match=said) as caught:
        run_program("dev", dev_with(account={"stack": REFERENCE}), exported)
    assert "\n" not in str(caught.value)

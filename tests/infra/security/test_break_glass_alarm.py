"""The alarm on the break-glass role: made when the trail's log group is named, and not before."""

from __future__ import annotations

import copy
from typing import Any

from tests.infra.recording import Recorder, run_program, stack_config

Run = tuple[Recorder, dict[str, Any]]
TOPIC = "arn:aws:sns:us-east-1:111111111111:page"


def test_without_a_trail_there_is_none(dev: Run) -> None:
    assert dev[0].of("LogMetricFilter") == []
    assert "break-glass-taken" not in {alarm.name for alarm in dev[0].of("MetricAlarm")}


def test_the_first_taking_of_the_role_goes_to_the_topics() -> None:
    config = copy.deepcopy(stack_config("dev"))
    config["emr:identity"] = {"break_glass_alarm": {"trail_log_group": "/audit", "topic_arns": [TOPIC]}}
    made, _ = run_program("dev", config)
    metric = made.one("LogMetricFilter", "break-glass-taken").inputs
    alarm = made.one("MetricAlarm", "break-glass-taken").inputs
    assert metric["logGroupName"] == "/audit"
    assert '"AssumeRole"' in metric["pattern"]
    assert made.one("Role", "break-glass").inputs["name"] in metric["pattern"]
    told = metric["metricTransformation"]
    assert (told["namespace"], told["name"]) == (alarm["namespace"], alarm["metricName"])
    assert (alarm["threshold"], alarm["statistic"], alarm["alarmActions"]) == (1, "Sum", [TOPIC])
    assert alarm["treatMissingData"] == "notBreaching"

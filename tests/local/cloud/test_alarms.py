"""Alarms watch real data, by the plane's clock, and tell whom they are to tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.alarms.arithmetic import ExpressionError, compile_expression
from local.cloud.alarms.evaluation import state
from local.cloud.alarms.rules import RuleError, parse
from local.cloud.alarms.series import statistic
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.test_events import Post, post

__all__ = ["post"]
ALARM: dict[str, Any] = {
    "AlarmName": "failures", "Namespace": "Platform", "MetricName": "FailedRuns", "Statistic": "Sum", "Period": 60,
    "EvaluationPeriods": 1, "Threshold": 2.0, "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching", "Dimensions": [{"Name": "pipeline", "Value": "nightly"}],
}  # fmt: skip
# The documentation's two tables: points with the newest on the right, then the state when missing points are
# treated as missing, ignored, breaching, not breaching; R retains. (alarms-and-missing-data.html)
TABLES = [
    (3, "0-X-X", "OK OK OK OK"),
    (3, "0----", "OK OK OK OK"),
    (3, "-----", "INSUFFICIENT_DATA R ALARM OK"),
    (3, "0XX-X", "ALARM ALARM ALARM ALARM"),
    (3, "--X--", "ALARM R ALARM OK"),
    (2, "0-X-X", "ALARM ALARM ALARM ALARM"),
    (2, "00X0X", "ALARM ALARM ALARM ALARM"),
    (2, "0-X--", "OK OK ALARM OK"),
    (2, "----0", "OK OK ALARM OK"),
    (2, "---X-", "ALARM R ALARM OK"),
    # Below the tables: no alarm yet, for the next point may not breach.
    (3, "----X", "R R ALARM OK"),
    (3, "---X-", "R R ALARM OK"),
]


@pytest.mark.parametrize(("to_alarm", "points", "expected"), TABLES)
def test_the_documented_tables(to_alarm: int, points: str, expected: str) -> None:
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    range_ = [{"0": False, "X": True, "-": None}[point] for point in points]
    for treatment, wanted in zip(treatments, expected.split(), strict=True):
        found = state(range_, 3, to_alarm, treatment, "R")
        assert (treatment, found) == (treatment, wanted)


@pytest.fixture
def watched(cloud: Cloud) -> Iterator[Any]:
    """A client of CloudWatch, without alarms; they are removed when the test ends."""
    client = cloud.client("cloudwatch")
    yield client
    for kind, key in (("CompositeAlarm", "CompositeAlarms"), ("MetricAlarm", "MetricAlarms")):
        names = [a["AlarmName"] for a in client.describe_alarms(AlarmTypes=[kind])[key]]
        for name in reversed(names):
            client.delete_alarms(AlarmNames=[name])


def put(cloud: Cloud, value: float, **more: Any) -> None:
    """One failed run more, at the plane's time."""
    data = {"MetricName": "FailedRuns", "Value": value, "Dimensions": ALARM["Dimensions"], **more}
    cloud.client("cloudwatch").put_metric_data(Namespace="Platform", MetricData=[data])


def states(client: Any) -> dict[str, str]:
    found = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {a["AlarmName"]: a["StateValue"] for a in [*found["MetricAlarms"], *found["CompositeAlarms"]]}


def test_an_alarm_fires_and_recovers_and_says_so(cloud: Cloud, watched: Any, post: Post) -> None:
    queue, events = post.queue("pages"), post.queue("alarm-events")
    topic = post.topic("page", queue)
    post.rule({"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}, {"Arn": events})
    watched.put_metric_alarm(**ALARM, AlarmActions=[topic], OKActions=[topic], AlarmDescription="too many")
    assert states(watched) == {"failures": "INSUFFICIENT_DATA"}
    cloud.pass_time(120)
    assert states(watched) == {"failures": "OK"}
    put(cloud, 2)
    put(cloud, 1)
    put(cloud, 9, Dimensions=[{"Name": "pipeline", "Value": "other"}])
    cloud.pass_time(60)
    assert states(watched) == {"failures": "ALARM"}
    cloud.pass_time(86_400)
    assert states(watched) == {"failures": "OK"}

    told = post.bodies(queue)
    messages = [json.loads(t["Message"]) for t in told]
    assert [(m["OldStateValue"], m["NewStateValue"]) for m in messages] == [
        ("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK"),
    ]  # fmt: skip
    assert messages[1]["Trigger"] == {
        "MetricName": "FailedRuns", "Namespace": "Platform", "StatisticType": "Statistic", "Statistic": "SUM",
        "Unit": None, "Dimensions": [{"value": "nightly", "name": "pipeline"}], "Period": 60,
        "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 2.0,
        "TreatMissingData": "notBreaching", "EvaluateLowSampleCountPercentile": "",
    }  # fmt: skip
    assert "1 out of the last 1 datapoints [3.0 (" in messages[1]["NewStateReason"]
    assert told[1]["Subject"].startswith('ALARM: "failures" in ')
    (event,) = post.bodies(events)
    assert event["detail"]["previousState"]["value"] == "OK"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == "FailedRuns"


def test_a_composite_alarm_follows_its_children(cloud: Cloud, watched: Any, post: Post) -> None:
    queue = post.queue("composite")
    topic = post.topic("composite", queue)
    for name in ("a", "b", "deploying"):
        watched.put_metric_alarm(**{**ALARM, "AlarmName": name})
    rule = '(ALARM(a) OR ALARM("b")) AND NOT ALARM(deploying)'
    watched.put_composite_alarm(AlarmName="page", AlarmRule=rule, AlarmActions=[topic])
    assert states(watched)["page"] == "OK"

    for name, value, expected in (
        ("deploying", "ALARM", "OK"),
        ("a", "ALARM", "OK"),
        ("deploying", "OK", "ALARM"),
    ):
        watched.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")
        assert states(watched)["page"] == expected
    cloud.pass_time()

    (told,) = post.bodies(queue)
    message = json.loads(told["Message"])
    assert message["AlarmRule"] == rule
    assert {c["Arn"].rpartition(":")[2]: c["State"]["Value"] for c in message["TriggeringChildren"]} == {
        "a": "ALARM", "b": "INSUFFICIENT_DATA", "deploying": "OK",
    }  # fmt: skip
    assert watched.describe_alarms()["CompositeAlarms"] == []
    (shown,) = watched.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (shown["AlarmRule"], shown["StateValue"]) == (rule, "ALARM")
    with pytest.raises(ClientError, match="Cannot delete a as there are composite"):
        watched.delete_alarms(AlarmNames=["a"])


def test_an_update_keeps_the_state_and_disabled_actions_tell_nobody(
    cloud: Cloud, watched: Any, post: Post
) -> None:
    queue = post.queue("none")
    topic = post.topic("none", queue)
    watched.put_metric_alarm(**ALARM)
    watched.set_alarm_state(AlarmName="failures", StateValue="ALARM", StateReason="test")
    watched.put_metric_alarm(**ALARM, AlarmActions=[topic], OKActions=[topic], ActionsEnabled=False)
    assert states(watched) == {"failures": "ALARM"}
    cloud.pass_time(120)
    assert states(watched) == {"failures": "OK"}
    assert post.take(queue) == []


def test_arithmetic_on_metrics(cloud: Cloud, watched: Any) -> None:
    def stat(name: str) -> dict[str, Any]:
        return {"Metric": {"Namespace": "Platform", "MetricName": name}, "Period": 60, "Stat": "Sum"}

    math = {k: ALARM[k] for k in ("AlarmName", "EvaluationPeriods", "ComparisonOperator", "TreatMissingData")}
    metrics = [
        {"Id": "bad", "MetricStat": stat("Bad"), "ReturnData": False},
        {"Id": "all", "MetricStat": stat("All"), "ReturnData": False},
        {"Id": "rate", "Expression": "100 * FILL(bad, 0) / all"},
    ]
    watched.put_metric_alarm(**math, Threshold=5.0, Metrics=metrics)
    for name, value in (("Bad", 6), ("All", 100)):
        watched.put_metric_data(Namespace="Platform", MetricData=[{"MetricName": name, "Value": value}])
    cloud.pass_time(60)
    assert states(watched) == {"failures": "ALARM"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "GreaterThanUpperThreshold is not evaluated"),
        ({"Statistic": None, "ExtendedStatistic": "tm90"}, "tm90 is not"),
        ({"Metrics": [{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}]}, "ANOMALY_DETECTION_BAND"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_name(watched: Any, changes: Any, words: str) -> None:
    request = {k: v for k, v in {**ALARM, **changes}.items() if v is not None}
    if "Metrics" in changes:
        request = {
            k: v
            for k, v in request.items()
            if k not in ("Namespace", "MetricName", "Statistic", "Dimensions")
        }
    with pytest.raises(ClientError, match=words):
        watched.put_metric_alarm(**request)
    assert states(watched) == {}


@pytest.mark.parametrize(
    "rule", ["ALARM(gone)", "ALARM(", "a AND b", "TRUE FALSE", 'ALARM("x)', "AT_LEAST(1, ALARM, (x))"]
)
def test_a_wrong_rule_is_refused(watched: Any, rule: str) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        watched.put_composite_alarm(AlarmName="page", AlarmRule=rule)
    assert states(watched) == {}


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["OK", "ALARM"]), min_size=3))
def test_rules_bind_as_documented(found: dict[str, str]) -> None:
    a, b, c = (found[name] == "ALARM" for name in "abc")
    assert parse("ALARM(a) OR ALARM(b) AND NOT ALARM(c)").holds(found.__getitem__) == (a or (b and not c))
    assert parse("not (ALARM(a) or TRUE and OK(b))").holds(found.__getitem__) == (not (a or not b))


@given(st.text(alphabet='ALRMOK ()"NDT\\x', max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(RuleError):
        parse(text).holds(lambda name: "OK")


@given(st.text(max_size=30))
def test_no_text_breaks_the_arithmetic(text: str) -> None:
    with suppress(ExpressionError):
        compile_expression(text)({})


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=30), st.floats(0, 100))
def test_a_percentile_lies_between_the_values(values: list[float], percent: float) -> None:
    data = [type("Datum", (), {"value": v})() for v in values]
    found = statistic(data, f"p{percent}")
    assert found is not None
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6
    assert statistic(data, "p100") == max(values)

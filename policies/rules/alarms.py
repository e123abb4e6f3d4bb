"""CloudWatch alarms: they are on, and somebody hears them."""

from __future__ import annotations

from policies.checks import must_not_be_false
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp
from policies.view import Resource, Stack

COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ALARMS = frozenset({"aws:cloudwatch/metricAlarm:MetricAlarm", COMPOSITE})


def _check_action(alarm: Resource, stack: Stack, _: Config) -> Verdicts:
    actions = alarm.get("alarmActions")
    if actions.unknown or actions.items() or any(user.type == COMPOSITE for user in stack.users(alarm)):
        return
    name = alarm.get("alarmName" if alarm.type == COMPOSITE else "name").value
    for composite in stack.of(COMPOSITE):
        rule = composite.get("alarmRule").value
        # What a composite alarm listens to need not ring by itself.
        if isinstance(name, str) and isinstance(rule, str) and f'"{name}"' in rule.replace("'", '"'):
            return
    yield Finding("rings for nobody: alarmActions is empty, and no composite alarm listens to it")


RULES = (
    ResourceRule(
        id="alarm-actions-enabled",
        title="No alarm is silenced",
        protects="Whoever relies on being told",
        remedy="Leave actionsEnabled out, or set it to true",
        severity=Severity.MEDIUM,
        types=ALARMS,
        controls=checkov("CKV_AWS_319") + fsbp("CloudWatch.17"),
        check=must_not_be_false("actionsEnabled", "is silenced"),
    ),
    StackRule(
        id="alarm-has-action",
        title="Every alarm is heard by somebody",
        protects="Whoever relies on being told",
        remedy="Set alarmActions to a topic",
        severity=Severity.MEDIUM,
        types=ALARMS,
        controls=fsbp("CloudWatch.15"),
        check=_check_action,
    ),
)

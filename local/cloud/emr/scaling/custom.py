"""Automatic scaling with a custom policy: rules of an instance group on CloudWatch metrics. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html and the API reference of
AutoScalingPolicy: an alarm's metric must be beyond its threshold for all of its periods; then the group changes by the
rule's adjustment within the policy's bounds, and not again before the cooldown of its last change is over.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GREATER_THAN_OR_EQUAL": operator.ge, "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt, "LESS_THAN_OR_EQUAL": operator.le,
}  # fmt: skip
# Of an alarm's definition, and seconds of the clock from and to: its statistic, None without data.
Statistic = Callable[[Mapping[str, Any], float, float], float | None]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A group's new number of instances and why."""

    count: int
    reason: str


def judge(
    policy: Mapping[str, Any], count: int, now: float, since_last: float | None, statistic: Statistic
) -> Change | None:
    """What the first rule that holds makes of `count` instances; `since_last` is how long ago the group was changed."""
    for rule in policy["Rules"]:
        alarm = rule["Trigger"]["CloudWatchAlarmDefinition"]
        action = rule["Action"]["SimpleScalingPolicyConfiguration"]
        if since_last is not None and since_last < action.get("CoolDown", 0):
            continue
        seen = _beyond(alarm, now, statistic)
        if seen is None:
            continue
        bounds = policy["Constraints"]
        wanted = min(max(_adjusted(action, count), bounds["MinCapacity"]), bounds["MaxCapacity"])
        if wanted != count:
            what = f"{alarm['MetricName']} was {seen:g}"
            return Change(count=wanted, reason=f"automatic scaling by rule {rule['Name']}: {what}")
    return None


def _beyond(alarm: Mapping[str, Any], now: float, statistic: Statistic) -> float | None:
    """The last value, when that of each period is beyond the threshold."""
    compare, period = _COMPARISONS[alarm["ComparisonOperator"]], alarm["Period"]
    found = [
        statistic(alarm, now - (number + 1) * period, now - number * period)
        for number in range(alarm.get("EvaluationPeriods") or 1)
    ]
    known = [value for value in found if value is not None and compare(value, alarm["Threshold"])]
    return known[0] if len(known) == len(found) else None


def _adjusted(action: Mapping[str, Any], count: int) -> int:
    """The count after an adjustment; a part of an instance is a whole one, and more than one loses its part."""
    by = int(action["ScalingAdjustment"])
    kind = action.get("AdjustmentType") or "CHANGE_IN_CAPACITY"
    if kind == "EXACT_CAPACITY":
        return by
    if kind == "CHANGE_IN_CAPACITY":
        return count + by
    change = count * by / 100
    whole = math.trunc(change) if abs(change) >= 1 else math.copysign(1, change) if change else 0
    return count + int(whole)

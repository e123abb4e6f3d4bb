"""From data points to a state: pure, by the tables of CloudWatch's documentation.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
# CloudWatch looks at more points than it needs; how many more is documented by example only: 5 for 3.
EXTRA_POINTS = 2


def state(points: Sequence[bool | None], needed: int, to_alarm: int, treat_missing: str, current: str) -> str:
    """The state that `points` give: whether each breaches, None where it is missing, the newest last.

    `points` is the evaluation range: `needed` (EvaluationPeriods) and EXTRA_POINTS more. Real points come before
    missing ones, however far back; only when they are too few does it count how missing ones are treated.
    """
    real = [point for point in points if point is not None]
    breaching = sum(real[-needed:])
    if len(real) >= needed:
        return ALARM if breaching >= to_alarm else OK
    if treat_missing == "breaching":
        return ALARM if breaching + needed - len(real) >= to_alarm else OK
    if treat_missing == "notBreaching":
        return ALARM if breaching >= to_alarm else OK
    if not real:
        return current if treat_missing == "ignore" else INSUFFICIENT_DATA
    if breaching >= to_alarm:
        return ALARM
    if not all(real):
        return OK
    return _breaching_but_few(points, to_alarm, treat_missing, current)


def _breaching_but_few(points: Sequence[bool | None], to_alarm: int, treat_missing: str, current: str) -> str:
    """All there is breaches, but it is not enough ("premature alarm state"): an old enough point decides.

    Younger ones may yet be followed by one that does not breach: until then, nothing changes.
    """
    age = len(points) - next(i for i, point in enumerate(points) if point is not None)
    return ALARM if treat_missing == "missing" and age >= to_alarm else current

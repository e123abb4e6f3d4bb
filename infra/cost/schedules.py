"""How often a schedule fires in a month, from its expression alone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, timedelta

from facts.errors import UserError

# Four years hold every leap day and weekday as often as the long run has them.
_START, _MONTHS = date(2025, 1, 1), 48
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_MINUTES_A_MONTH = 365.25 * 24 * 60 / 12
_NAMES = {
    **{name.upper(): number for number, name in enumerate(calendar.month_abbr) if name},
    **{name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)},
}
# The last day, the weekday nearest to a day, the third Friday: each is one day of a month.
_ONCE_A_MONTH = re.compile(r"LW?|\d{1,2}W|\d?L|\w{3}L|\w{1,3}#\d")


def runs_a_month(expression: str) -> float:
    """Firings in an average month of `cron(…)` or `rate(…)`, as EventBridge Scheduler reads them.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. Years are not looked at.
    Raises UserError for what it cannot read.
    """
    kind, _, rest = expression.partition("(")
    fields = rest.rstrip(")").split()
    try:
        if kind == "rate":
            count, unit = fields
            return _MINUTES_A_MONTH / (int(count) * _MINUTES[unit.removesuffix("s")])
        minutes, hours, days, months, weekdays, _ = fields
        times = len(_numbers(minutes, 0, 59)) * len(_numbers(hours, 0, 23))
        return times * _days(days, months, weekdays) / _MONTHS
    except (ValueError, KeyError, ZeroDivisionError):
        raise UserError(
            f"schedule: '{expression}' cannot be read; cron(0 2 * * ? *) and rate(1 hour) can"
        ) from None


def _days(days: str, months: str, weekdays: str) -> float:
    """How many days of four years match; one of `days` and `weekdays` is '?'."""
    wanted = set(_numbers(months, 1, 12))
    if any(_ONCE_A_MONTH.fullmatch(field) for field in (days, weekdays)):
        return _MONTHS * len(wanted) / 12
    by_day, by_weekday = set(_numbers(days, 1, 31)), set(_numbers(weekdays, 1, 7))
    return sum(
        day.month in wanted and day.day in by_day and day.isoweekday() % 7 + 1 in by_weekday
        for day in _calendar()
    )


def _calendar() -> Iterable[date]:
    end = date(_START.year + _MONTHS // 12, 1, 1)
    return (_START + timedelta(days=number) for number in range((end - _START).days))


def _numbers(field: str, least: int, most: int) -> list[int]:
    """What a field of a cron expression stands for: `*`, `5`, `1-5`, `0/15`, `MON-FRI`, and lists of these."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first in ("*", "?"):
            start, end = least, most
        else:
            start = _number(first)
            end = _number(last) if last else most if step else start
        if not least <= start <= end <= most:
            raise ValueError(part)
        found.update(range(start, end + 1, int(step or 1)))
    return sorted(found)


def _number(text: str) -> int:
    return _NAMES[text.upper()] if text.isalpha() else int(text)

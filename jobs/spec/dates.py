"""A run's logical time: which day's or hour's data it is about. The same in every attempt of the run.

`${run.date}`, `${run.hour}`, `${run.month}`, `${run.year}`, each also moved by so many hours, days or months:
`${run.date-1d}`. Local time in the time zone of the job's schedule.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FORMATS: Mapping[str, str] = {
    "run.date": "%Y-%m-%d",
    "run.hour": "%H",
    "run.month": "%Y-%m",
    "run.year": "%Y",
}
MOVED = r"[+-][0-9]{1,4}[hdm]"
_PART = re.compile(rf"({'|'.join(map(re.escape, FORMATS))})(?:({MOVED}))?", re.ASCII)
_SAID = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}))?", re.ASCII)
_YEARS = range(1970, 2200)


def is_part(name: str) -> bool:
    """Whether `name` is one of the values above."""
    return _PART.fullmatch(name) is not None


def part(name: str, at: datetime, zone: str) -> str:
    """The value called `name` of a run whose logical time is `at`.

    Days and months are the calendar's (a month before 31 March is the last day of February), hours pass: a day in
    which the clocks are put back has 25 of them.
    """
    found = _PART.fullmatch(name)
    assert found is not None, name
    local = at.astimezone(ZoneInfo(zone))
    if moved := found[2]:
        count, unit = int(moved[:-1]), moved[-1]
        if unit == "h":
            local = (at.astimezone(UTC) + timedelta(hours=count)).astimezone(ZoneInfo(zone))
        elif unit == "d":
            local += timedelta(days=count)
        else:
            local = _months(local, count)
    return local.strftime(FORMATS[found[1]])


def parse(said: str, zone: str) -> datetime:
    """`2026-11-01` or `2026-11-01T05` in `zone`, in UTC. Raises ValueError that says what is allowed."""
    found = _SAID.fullmatch(said)
    try:
        year, month, day, hour = (int(number or 0) for number in found.groups()) if found else (0, 0, 0, 0)
        if year not in _YEARS:
            raise ValueError(said)
        return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError:
        raise ValueError(
            f"'{said[:40]}' is no day such as 2026-11-01 and no hour such as 2026-11-01T05, "
            f"of the years {_YEARS[0]} to {_YEARS[-1]}"
        ) from None


def say(at: datetime, zone: str) -> str:
    """The hour that `at` lies in, as `parse` reads it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H")


def _months(local: datetime, count: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + count, 12)
    return local.replace(
        year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]), fold=0
    )

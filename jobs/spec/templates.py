"""`${name}` in arguments and parameters. Nothing else is a template: no expressions, no environment variables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from string import Template

from jobs.spec import dates

# What YARN takes for its own in a container's command, and replaces:
# https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/yarn/api/ApplicationConstants.html
YARN_MARKS = ("{{", "}}")
# Of each run; its dates are in `jobs.spec.dates`.
RUN_VALUES = ("run.id", "run.report")


class _Braced(Template):
    idpattern = r"(?!)"  # `$name` without braces is no template
    braceidpattern = rf"[a-z][a-z0-9_.]*(?:{dates.MOVED})?"
    flags = re.ASCII


def yarn_mark(text: str) -> str | None:
    """Which of YARN's marks stands in `text`, its own templates apart."""
    rest = _Braced.pattern.sub("-", text)
    return next((mark for mark in YARN_MARKS if mark in rest), None)


def mistakes(text: str, names: Collection[str]) -> Iterable[str]:
    """What is wrong with a template that may hold `names` and dates."""
    template = _Braced(text)
    if not template.is_valid():
        yield f"'{text[:80]}' has a '$' that starts no ${{name}}; a dollar is $$"
        return
    for name in template.get_identifiers():
        if name not in names and not dates.is_part(name):
            known = ", ".join((*names, *dates.FORMATS))
            yield (
                f"'${{{name}}}' is unknown; allowed are: {known}, and a date that is moved, such as ${{run.date-1d}}"
            )


def render(text: str, values: Mapping[str, str], at: datetime, zone: str) -> str:
    """`text` with its values and the dates of a run whose logical time is `at`. What is put in is not looked into."""
    template = _Braced(text)
    found = {
        name: dates.part(name, at, zone) if dates.is_part(name) else values[name]
        for name in template.get_identifiers()
    }
    return template.substitute(found)

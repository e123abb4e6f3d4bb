"""Exemptions: what a rule lets be, for a reason and until a day. They are data of the rule's configuration.

One that has ended is a finding on each resource it was for, and the rule judges that resource again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

from policies.rule import EXEMPTIONS, Finding
from policies.view import Resource, show

LONGEST = timedelta(days=366)
"""How far ahead an exemption may end: what is right for longer is a matter for the rule's other options."""


@dataclass(frozen=True)
class Exemption:
    """`resource` is a pattern (`*` and `?`) over a resource's name or its URN; `until` is its last day."""

    resource: str
    reason: str
    until: date

    def fits(self, resource: Resource) -> bool:
        """Whether it is for this resource."""
        return any(fnmatchcase(text, self.resource) for text in (resource.name, resource.urn))


def read(options: Mapping[str, Any]) -> Iterator[Exemption | Finding]:
    """The exemptions of a rule's configuration; one that cannot be read is a finding."""
    given = options.get(EXEMPTIONS, [])
    for entry in given if isinstance(given, list) else [given]:
        try:
            texts = [entry[key].strip() for key in ("resource", "reason", "until")]
            until = date.fromisoformat(texts[2])
        except (TypeError, KeyError, AttributeError, ValueError):
            yield Finding(
                f"the exemption {show(entry)} cannot be read",
                remedy='Give it "resource", "reason" and "until", the last a day as in 2027-01-31',
            )
            continue
        if all(texts):
            yield Exemption(texts[0], texts[1], until)
        else:
            yield Finding(f"the exemption {show(entry)} gives no reason", remedy="Say why")


def judged(
    options: Mapping[str, Any], resource: Resource, today: date
) -> tuple[Exemption | None, list[Finding]]:
    """The exemption that holds for `resource`, if any, and what is wrong with those that are for it."""
    holds, wrong = None, []
    for one in read(options):
        if isinstance(one, Finding):
            wrong.append(one)
        elif not one.fits(resource):
            continue
        elif one.until < today:
            wrong.append(
                Finding(
                    f"its exemption ended on {one.until} (it was: {one.reason})",
                    remedy="Mend the resource and take the exemption out, or renew it with a reason",
                )
            )
        elif one.until > today + LONGEST:
            wrong.append(
                Finding(
                    f"its exemption lasts until {one.until}",
                    remedy=f"Let it end by {today + LONGEST}, and renew it then",
                )
            )
        else:
            holds = one
    return holds, wrong

"""The access matrix: `access.yaml`, read, and asked of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.infra.security.judged import Access, Asked, Party

FILE = Path(__file__).with_name("access.yaml")
OPERATIONS = ("list", "get", "put", "delete")
# What a stack may have or not have, as the file says it behind a name.
TRAITS = ("not prod", "applications", "ephemeral")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that someone may do: who is expected to."""

    what: str
    expected: tuple[str, ...]  # as the file has them
    section: str  # "objects", "calls" or "roles"
    data: Any

    def expected_in(self, traits: set[str]) -> set[str]:
        """Who is expected to in a stack of these traits: "submitter (ephemeral)" only where it has that one."""
        named = [name.removesuffix(")").partition(" (") for name in self.expected]
        return {name for name, _, trait in named if not trait or trait in traits}

    def asked(self, access: Access, party: Party) -> list[Asked]:
        """The questions that must all be answered with yes."""
        if self.section == "objects":
            return list(access.object(*self.data))
        if self.section == "roles":
            return [access.take(self.data)]
        return [access.call(self.data, party.caller)]

    def allowed_in(self, access: Access) -> set[str]:
        """Who really may."""
        return {
            name
            for name, party in access.parties.items()
            if all(access.allowed(party, asked) for asked in self.asked(access, party))
        }


@cache
def rows() -> tuple[Row, ...]:
    """Every row of the matrix, in the file's order."""
    return tuple(_rows(yaml.safe_load(FILE.read_text(encoding="utf-8"))))


def _rows(data: dict[str, Any]) -> Iterator[Row]:
    for row in data["objects"]:
        assert row.keys() <= {"at", "is", *OPERATIONS}, row
        for operation in OPERATIONS:
            yield Row(
                what=f"{operation} {row['at']} ({row['is']})",
                expected=tuple(row.get(operation, ())),
                section="objects",
                data=(row["at"], operation),
            )
    for row in data["calls"]:
        assert row.keys() <= {"is", "action", "to", "key", "with", "by"}, row
        yield Row(what=row["is"], expected=tuple(row.get("by", ())), section="calls", data=row)
    for role, takers in data["roles"].items():
        yield Row(what=f"become {role}", expected=tuple(takers), section="roles", data=role)

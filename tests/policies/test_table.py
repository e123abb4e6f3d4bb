"""docs/policies.md says what the rules say."""

from __future__ import annotations

import pytest

from policies import table
from policies.rules import ALL


def test_the_page_is_up_to_date() -> None:
    table.main(["--check"])


def test_every_rule_and_every_control_has_its_row() -> None:
    rows = {row.split("`")[1]: row for row in table.table().splitlines()[2:]}
    assert list(rows) == [rule.id for rule in ALL]
    for rule in ALL:
        assert all(control.id in rows[rule.id] for control in rule.controls)


def test_an_old_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    page = table.PAGE.read_text().replace("kms-rotation", "kms-rotates")
    monkeypatch.setattr(table, "PAGE", _Page(page))
    with pytest.raises(SystemExit, match=r"policies\.md is not up to date"):
        table.main(["--check"])


class _Page:
    """A page that is not on the disk."""

    name = "policies.md"

    def __init__(self, text: str) -> None:
        self._text = text

    def read_text(self) -> str:
        return self._text

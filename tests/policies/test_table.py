"""docs/policies.md says what the rules say."""

from __future__ import annotations

import pytest

from policies import table
from policies.rules import ALL, FAMILIES


def test_the_page_is_up_to_date() -> None:
    table.main(["--check"])


def test_every_rule_and_every_control_has_its_row() -> None:
    rows = {row.split("`")[1]: row for row in table.table().splitlines()[2:]}
    assert list(rows) == [rule.id for rule in ALL]
    for rule in ALL:
        assert all(control.id in rows[rule.id] for control in rule.controls)


def test_every_public_control_is_encoded_or_left_out_with_a_reason() -> None:
    encoded = {(control.source.value, control.id) for rule in ALL for control in rule.controls}
    left = {(entry["source"], entry["id"]): entry["why"] for entry in table.left_out()}
    listed = {(control["source"], control["id"]) for control in table.controls()}
    assert len(listed) == len(table.controls())
    assert not listed - encoded - left.keys(), "neither encoded nor left out"
    assert not left.keys() & encoded, "encoded and left out"
    assert not left.keys() - listed, "left out, and in no list"
    assert all(len(why) > 20 and not why.endswith(".") for why in left.values())


def test_rules_of_listed_families_name_listed_controls_only() -> None:
    """A misspelt id would stand in the table as if it were encoded."""
    listed = {(control["source"], control["id"]) for control in table.controls()}
    families = {control["family"] for control in table.controls()}
    assert families <= FAMILIES.keys()
    for family in families:
        for rule in FAMILIES[family]:
            for control in rule.controls:
                assert control.source not in table.COLUMNS or (control.source.value, control.id) in listed, (
                    rule.id,
                    control,
                )


def test_what_is_left_out_stands_in_the_page() -> None:
    page = table.PAGE.read_text()
    for entry in table.left_out():
        assert f"| {entry['source']} {entry['id']} |" in page
        assert entry["why"] in page


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

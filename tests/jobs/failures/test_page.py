"""docs/failures.md says what the rules are, and what was measured."""

from __future__ import annotations

from pathlib import Path

from jobs.failures import page
from tests.jobs.failures.test_excerpts import LABELLED, NEAR, confusion

PAGE = Path("docs/failures.md").read_text("utf-8")


def test_the_table_is_the_rules() -> None:
    assert page.table() in PAGE, "run 'python -m jobs.failures.page' and put what it prints under 'Signals'"


def test_the_numbers_are_what_is_measured() -> None:
    for name, split in (("seen while the rules were written", "seen"), ("held out", "held_out")):
        counts = confusion([each for each in LABELLED if each["split"] == split])
        named = sum(n for (true, called), n in counts.items() if true == called)
        unknown = sum(n for (_, called), n in counts.items() if called == "unknown")
        total = sum(counts.values())
        assert f"| {name} | {total} | {named} | {unknown} | {total - named - unknown} |" in PAGE
    assert f"may be) | {len(NEAR)} |" in PAGE

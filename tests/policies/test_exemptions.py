"""Exemptions: they hold for what they name, for a reason, until their day; then they fail."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policies.cases import Case, Given, Judgement, judge
from policies.rule import EXEMPTIONS, Rule
from policies.rules import ALL

DAY = date(2026, 11, 28)
KEY = "aws:kms/key:Key"
ROTATION = next(rule for rule in ALL if rule.id == "kms-rotation")
IN_GROUPS = next(rule for rule in ALL if rule.id == "iam-users-in-groups")
REASON = "imported material, rotated by hand"


def judged(entry: Any, *given: Given, rule: Rule = ROTATION, today: date = DAY) -> Judgement:
    resources = given or (Given(KEY, "data"),)
    return judge(rule, Case("bad", "made here", resources, config={EXEMPTIONS: [entry]}), today=today)


def entry(resource: str = "data", until: str = "2026-12-31", reason: str = REASON) -> dict[str, str]:
    return {"resource": resource, "reason": reason, "until": until}


@pytest.mark.parametrize("pattern", ["data", "da*", "*", "urn:pulumi:test::fixtures::aws:kms/key:Key::*"])
def test_what_is_exempt_is_no_finding_and_is_told_apart(pattern: str) -> None:
    found = judged(entry(pattern))
    assert not found.findings
    assert found.exempt == (f"kms-rotation: Key 'data' (until 2026-12-31: {REASON})",)


def test_it_holds_for_no_other_resource() -> None:
    found = judged(entry("data"), Given(KEY, "logs"), Given(KEY, "data"))
    assert [urn.rsplit("::", 1)[-1] for urn, _ in found.findings] == ["logs"]


def test_what_keeps_the_rule_needs_no_exemption_and_none_is_told() -> None:
    found = judged(entry(), Given(KEY, "data", {"enableKeyRotation": True}))
    assert not found.findings
    assert not found.exempt


@pytest.mark.parametrize(("today", "ended"), [("2026-12-31", False), ("2027-01-01", True)])
def test_it_ends_after_its_last_day_and_then_the_rule_holds_again(today: str, ended: bool) -> None:
    messages = [message for _, message in judged(entry(), today=date.fromisoformat(today)).findings]
    assert bool(messages) is ended
    if ended:
        assert messages[0].startswith(f"Key 'data': its exemption ended on 2026-12-31 (it was: {REASON})")
        assert "does not rotate" in messages[1]


def test_one_that_ended_fails_even_where_nothing_is_wrong_any_more() -> None:
    found = judged(entry(until="2026-01-01"), Given(KEY, "data", {"enableKeyRotation": True}))
    assert found.findings[0][1].startswith("Key 'data': its exemption ended")


def test_it_cannot_last_for_ever() -> None:
    messages = [message for _, message in judged(entry(until="2099-01-01")).findings]
    assert "its exemption lasts until 2099-01-01" in messages[0]
    assert "does not rotate" in messages[1]


@pytest.mark.parametrize(
    "broken",
    [
        "data",
        7,
        {"resource": "data"},
        {**entry(), "until": "soon"},
        {**entry(), "until": 7},
        {**entry(), "reason": "  "},
    ],
)
def test_one_that_cannot_be_read_is_a_finding_and_exempts_nothing(broken: Any) -> None:
    messages = [message for _, message in judged(broken).findings]
    assert "the exemption" in messages[0]
    assert "does not rotate" in messages[1]


def test_stack_rules_know_them_too() -> None:
    user = Given("aws:iam/user:User", "ann", {"name": "ann"})
    assert judged(entry("bob"), user, rule=IN_GROUPS).findings
    assert not judged(entry("ann"), user, rule=IN_GROUPS).findings


def test_every_rule_has_them_in_its_schema() -> None:
    for rule in ALL:
        assert set(rule.schema[EXEMPTIONS]["items"]["required"]) == {"resource", "reason", "until"}
        assert rule.options({})[EXEMPTIONS] == []

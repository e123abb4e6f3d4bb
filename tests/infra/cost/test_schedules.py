"""How often a schedule fires."""

from __future__ import annotations

import pytest

from facts.errors import UserError
from infra.cost.schedules import runs_a_month

DAYS = 365.25 / 12


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("rate(1 hour)", 24 * DAYS),
        ("rate(15 minutes)", 96 * DAYS),
        ("rate(2 days)", DAYS / 2),
        ("cron(30 2 * * ? *)", DAYS),
        ("cron(0/15 * * * ? *)", 96 * DAYS),
        ("cron(0 8-17 ? * MON-FRI *)", 10 * DAYS * 5 / 7),
        ("cron(0 0 1 * ? *)", 1),
        ("cron(0 0 1,15 * ? *)", 2),
        ("cron(0 0 L * ? *)", 1),
        ("cron(0 0 3W * ? *)", 1),
        ("cron(0 0 ? * 6L *)", 1),
        ("cron(0 0 ? * FRI#3 *)", 1),
        ("cron(0 0 L JAN,jul ? *)", 2 / 12),
        ("cron(0 0 29 2 ? *)", 1 / 48),
        ("cron(0 0 31 * ? *)", 7 / 12),
        ("cron(0 12 ? 6-8 1 2027)", 13 / 12),
    ],
)
def test_a_schedule_fires_so_often(expression: str, runs: float) -> None:
    assert runs_a_month(expression) == pytest.approx(runs, rel=0.02)


@pytest.mark.parametrize(
    "expression",
    ["cron(61 2 * * ? *)", "cron(a 2 * * ? *)", "cron(1 2)", "rate(0 days)", "rate(1 moon)", "at(x)"],
)
def test_what_cannot_be_read_is_said(expression: str) -> None:
    with pytest.raises(UserError, match=r"schedule: '.*' cannot be read; cron\(0 2 "):
        runs_a_month(expression)

"""Tables: a line for each row where programs read them, fitted where a person does."""

from __future__ import annotations

import sys

import pytest

from emrctl import tables

ROWS = (("a-job", "x" * 100, "1"), ("b", "two\nlines [/bold] :cat:", "200"))


def test_elsewhere_a_row_is_a_line_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(("job", "what", "n"), ROWS, right=("n",))
    assert capsys.readouterr().out.splitlines() == [
        f"job    {'what':100}    n",
        f"a-job  {'x' * 100}    1",
        f"b      {'two lines [/bold] :cat:':100}  200",
    ]


def test_a_terminal_gets_what_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    tables.show(("job", "what", "n"), ROWS, right=("n",), whole=("job",))
    head, *lines = capsys.readouterr().out.splitlines()
    assert "what" in head
    assert max(map(len, lines)) <= 40
    assert "lines [/bold] :cat:" in lines[2]

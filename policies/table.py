"""docs/policies.md: which rule encodes which public control, made from the rules themselves.

python -m policies.table          writes the table into the page
python -m policies.table --check  fails when the page is not up to date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from policies.rule import Rule, Source, StackRule
from policies.rules import FAMILIES

DATA = Path(__file__).resolve().parent / "data"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "policies.md"
BEGIN, END = "<!-- begin: python -m policies.table -->", "<!-- end -->"
LEFT_OUT = "### Left out"
COLUMNS = (Source.CHECKOV, Source.FSBP, Source.CDK_NAG, Source.CIS)
OTHERS = (Source.CONTROL_TOWER, Source.CONFIG)


def table() -> str:
    """The rules as a Markdown table, a family after the other."""
    heads = ["Rule", "Level", "Severity", "Judged on", "What must hold", *COLUMNS, "Other"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    lines += [_row(_cells(rule)) for rules in FAMILIES.values() for rule in rules]
    return "\n".join(lines)


def controls() -> list[dict[str, str]]:
    """The public controls of the families that they list: source, id, title, family."""
    found: list[dict[str, str]] = json.loads((DATA / "controls.json").read_text())["controls"]
    return found


def left_out() -> list[dict[str, str]]:
    """The public controls that no rule encodes: source, id, why."""
    found: list[dict[str, str]] = json.loads((DATA / "left_out.json").read_text())
    return found


def not_encoded() -> str:
    """What is deliberately left out, as a Markdown table."""
    titles = {(control["source"], control["id"]): control["title"] for control in controls()}
    heads = ["Public control", "Title", "Left out because"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for entry in left_out():
        title = titles[entry["source"], entry["id"]]
        lines.append(_row([f"{entry['source']} {entry['id']}", title, entry["why"]]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(rule: Rule) -> list[str]:
    judged = "stack" if isinstance(rule, StackRule) else "resource"
    ids = [", ".join(c.id for c in rule.controls if c.source is source) for source in COLUMNS]
    others = ", ".join(f"{c.source} {c.id}" for c in rule.controls if c.source in OTHERS)
    return [f"`{rule.id}`", rule.level, rule.severity, judged, rule.title, *ids, others]


def page(current: str) -> str:
    """`current` with the table between the marks replaced."""
    before, _, rest = current.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table()}\n\n{LEFT_OUT}\n\n{not_encoded()}\n{END}{after}"


def main(arguments: list[str]) -> None:
    """Write the page, or check it."""
    current = PAGE.read_text()
    if arguments == ["--check"]:
        if current != page(current):
            sys.exit(f"{PAGE.name} is not up to date: run python -m policies.table")
    else:
        PAGE.write_text(page(current))


if __name__ == "__main__":
    main(sys.argv[1:])

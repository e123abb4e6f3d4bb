"""`emrctl policy list`: every rule of the pack."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    family: Annotated[str | None, typer.Option(help="Only rules of this family.")] = None,
    as_json: Json = False,
) -> None:
    """Show the rules: family, id, severity, level, what must hold."""
    from policies.shown import listed

    found = listed(family)
    if as_json:
        rows = [
            {
                "family": name,
                "rule": rule.id,
                "severity": rule.severity,
                "level": rule.level,
                "title": rule.title,
                "controls": [control.id for control in rule.controls],
            }
            for name, rule in found
        ]
        print(json.dumps(rows, indent=2))
        return
    widths = [
        max(len(cell) for cell in column) for column in zip(*((f, r.id) for f, r in found), strict=True)
    ]
    for name, rule in found:
        print(
            f"{name:<{widths[0]}}  {rule.id:<{widths[1]}}  {rule.severity:<8}  {rule.level:<9}  {rule.title}"
        )

"""`emrctl policy test`: a rule against its fixtures."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    rule: Annotated[str | None, typer.Argument(help="The rule's id; every rule where none is given.")] = None,
    as_json: Json = False,
) -> None:
    """Judge the fixtures of a rule. Exit code 1 when one is not judged as it must be."""
    from policies.shown import find, judged, listed

    rules = [find(rule)[1]] if rule else [one for _, one in listed()]
    found = {one.id: judged(one) for one in rules}
    wrong = sum(bool(outcome.wrong) for outcomes in found.values() for outcome in outcomes)
    if as_json:
        rows = [
            {
                "rule": name,
                "kind": one.case.kind,
                "case": one.case.name,
                "told": one.told,
                "open": one.open,
                "wrong": one.wrong,
            }
            for name, outcomes in found.items()
            for one in outcomes
        ]
        print(json.dumps(rows, indent=2))
    else:
        for name, outcomes in found.items():
            for one in outcomes:
                if rule or one.wrong:
                    print(f"{'WRONG' if one.wrong else 'ok':<5}  {name}  {one.case.kind}: {one.case.name}")
                    for line in [one.wrong] if one.wrong else [*one.told, *one.open]:
                        print(f"       {line}")
        total = sum(map(len, found.values()))
        print(f"{len(found)} rules, {total} fixtures, {wrong} judged wrong")
    raise typer.Exit(1 if wrong else 0)

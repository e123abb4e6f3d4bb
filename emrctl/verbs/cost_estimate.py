"""`emrctl cost estimate`: what a stack may cost a month, before anything is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from infra.cost.estimate import Estimate
    from infra.cost.rows import Row


def command(
    stack: Annotated[str, typer.Option(help="The stack: what stands between 'Pulumi.' and '.yaml'.")] = "dev",
    as_json: Json = False,
) -> None:
    """Show the range of a month's cost by list prices, from what must run to every ceiling reached, and why.

    A stack above its own ceiling is shown all the same; the mistake is told after it, with exit code 2.
    """
    from emrctl.pulumi import project
    from infra.cost.estimate import estimate
    from infra.cost.outputs import document
    from infra.settings.loader import declared, from_config, without_ceiling
    from jobs.spec import load_catalog
    from stacks.workspace import load

    tree, jobs = from_config(load(project(), stack).get("config") or {}), load_catalog()
    open_ended, ceiling = without_ceiling(tree)
    here = declared(open_ended, stack, jobs)
    found = estimate(here.settings, here.jobs)
    if as_json:
        print(json.dumps(document(found, ceiling), indent=2))
    else:
        _show(found, ceiling)
    declared(tree, stack, jobs)


def _show(found: Estimate, ceiling: int | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from infra.cost.estimate import NOT_COUNTED

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("what")
    for name in ("USD a month: low", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.rows:
        _line(table, f"{row.component}: {row.item}", row)
    together = "together, without what is unknown" if found.unknown else "together"
    table.add_row(together, _usd(found.low, ""), _usd(found.high, ""), style="bold")
    for row in found.jobs:
        _line(table, f"of which {row.component}, {row.item}", row)
    console.print(table, soft_wrap=True)
    console.print()
    for row in (*found.rows, *found.jobs):
        if not row.unknown:
            console.print(f"{row.component}: {row.item}: {row.unit}; {row.how}", soft_wrap=True)
    for line in found.unknown:
        console.print(f"unknown: {line}", soft_wrap=True)
    console.print(f"\nlist prices: {found.dated}; ceiling {_usd(ceiling, 'none')}", soft_wrap=True)
    console.print(f"not in it: {NOT_COUNTED}", soft_wrap=True)


def _line(table: Table, what: str, row: Row) -> None:
    table.add_row(what, _usd(row.low, "unknown"), _usd(row.high, "unknown"))


def _usd(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:,.2f}"

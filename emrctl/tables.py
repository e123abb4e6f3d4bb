"""Tables: fitted to a terminal; elsewhere a line for each row and nothing cut off, as other programs want it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """Print `rows` below `columns`; those in `right` are set to the right, those in `whole` never folded."""
    if sys.stdout.isatty():
        _fitted(columns, rows, right, whole)
    else:
        _plain(columns, rows, right)


def _fitted(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str], whole: Collection[str]
) -> None:
    # A tenth of what a short command takes; where no terminal is, nobody needs it.
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name in whole)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False, highlight=False).print(table)


def _plain(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str]) -> None:
    lines = [[" ".join(cell.split()) for cell in line] for line in (columns, *rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(columns, line, widths, strict=True)
        set_out = (cell.rjust(width) if name in right else cell.ljust(width) for name, cell, width in cells)
        print("  ".join(set_out).rstrip())

"""An answer to a question of SQL, as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import json
import math
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.querying.asking import Answer


def plain(value: Any) -> Any:
    """A value as JSON has it: times in UTC with a Z as in the records, spans in seconds, what is no number null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return str(value)


def show_json(answer: Answer) -> None:
    """One list of objects."""
    print(json.dumps([plain(row) for row in answer.dicts()], indent=2, ensure_ascii=False))


def show_csv(answer: Answer) -> None:
    """With a head; what is nested as JSON, null as nothing."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([["" if value is None else _text(value) for value in row] for row in answer.rows])


def show_table(answer: Answer) -> None:
    """For people; numbers to the right, a dash for null."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name, kind in zip(answer.columns, answer.types, strict=True):
        right = kind.startswith(("BIGINT", "HUGEINT", "DOUBLE", "DECIMAL", "INTEGER"))
        table.add_column(escape(name), justify="right" if right else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*("-" if value is None else escape(_short(value)) for value in row))
    Console().print(table)


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else _text(value)


def _text(value: Any) -> str:
    found = plain(value)
    return json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list) else str(found)

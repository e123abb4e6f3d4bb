"""`python -m local.provider.witness`: ask the real provider; its answers are data/facts.json and limits.json."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facts.errors import UserError
from local.outside import terraform
from local.provider.types import RESOURCES
from local.provider.witness.asked import MORE
from local.provider.witness.binary import witness
from local.provider.witness.limits import Refusals
from local.provider.witness.protocol import Witness
from local.provider.witness.questions import Inquiry

DATA = Path(__file__).parent.parent / "data"
# File → how the provider was asked for it, and by which questions of a type.
FILES: Mapping[str, tuple[str, Callable[[Witness, str], Mapping[str, Any]]]] = {
    "facts.json": (
        "PlanResourceChange, one argument changed at a time",
        lambda client, kind: Inquiry(client, kind).rows(),
    ),
    "limits.json": (
        "ValidateResourceTypeConfig, one argument at a time",
        lambda client, kind: Refusals(client, kind).rows(),
    ),
}


def main() -> None:
    """Write each table, unless the answers are those that it has already."""
    try:
        found = {name: answers(name) for name in FILES}
    except UserError as error:
        sys.exit(str(error))
    for name, rows in found.items():
        file, counted = DATA / name, f"{len(rows)} types, {sum(map(len, rows.values()))} rows"
        told = json.loads(file.read_text()) if file.exists() else {}
        if rows == {kind: entry for kind, entry in told.items() if kind != "source"}:
            print(f"{name}: the same {counted}, nothing changed")
            continue
        file.write_text(render(rows, FILES[name][0], datetime.datetime.now(datetime.UTC).date()))
        print(f"{name}: {counted}")


def answers(name: str) -> dict[str, Mapping[str, Any]]:
    """What goes into a file: for each type that is asked and that the provider knows, its rows. Raises UserError."""
    ask = FILES[name][1]
    kinds = sorted({*MORE, *(row.terraform for row in RESOURCES.values())})
    with witness() as client:
        found = {kind: ask(client, kind) for kind in kinds if kind in client.types}
    return {kind: rows for kind, rows in found.items() if rows}


def render(rows: Mapping[str, Mapping[str, Any]], asked: str, day: datetime.date) -> str:
    """The file's text: one line an argument, so that a change reads as a diff."""
    source = (
        f"terraform-provider-aws {terraform.VERSION}, asked on {day} through its plugin protocol "
        f"({asked}) by python -m local.provider.witness"
    )
    parts = [f' "source": {json.dumps(source)}']
    for kind, entry in rows.items():
        lines = [f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in entry.items()]
        parts.append(f" {json.dumps(kind)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()

"""`python -m local.provider.witness`: ask the real provider, and write its answers to data/facts.json."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from facts.errors import UserError
from local.outside import terraform
from local.provider.types import RESOURCES
from local.provider.witness.asked import MORE
from local.provider.witness.binary import witness
from local.provider.witness.questions import Inquiry, Row

FILE = Path(__file__).parent.parent / "data" / "facts.json"


def main() -> None:
    """Write the table, unless the answers are those that it has already."""
    try:
        rows = answers()
    except UserError as error:
        sys.exit(str(error))
    told = {kind: entry for kind, entry in json.loads(FILE.read_text()).items() if kind != "source"}
    if rows == told:
        print(f"{FILE.name}: the same {len(rows)} types, nothing changed")
        return
    FILE.write_text(render(rows, datetime.datetime.now(datetime.UTC).date()))
    print(f"{FILE.name}: {len(rows)} types, {sum(map(len, rows.values()))} arguments and outputs")


def answers() -> dict[str, dict[str, Row]]:
    """For each type that is asked and that the provider knows: its rows. Raises UserError."""
    kinds = sorted({*MORE, *(row.terraform for row in RESOURCES.values())})
    with witness() as client:
        return {kind: Inquiry(client, kind).rows() for kind in kinds if kind in client.types}


def render(rows: Mapping[str, Mapping[str, Row]], day: datetime.date) -> str:
    """The file's text: one line an argument, so that a change reads as a diff."""
    source = (
        f"terraform-provider-aws {terraform.VERSION}, asked on {day} through its plugin protocol "
        "(PlanResourceChange, one argument changed at a time) by python -m local.provider.witness"
    )
    parts = [f' "source": {json.dumps(source)}']
    for kind, entry in rows.items():
        lines = [f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in entry.items()]
        parts.append(f" {json.dumps(kind)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()

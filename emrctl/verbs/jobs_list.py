"""`emrctl jobs list`: the jobs of the catalog."""

from __future__ import annotations

import json

from emrctl import tables
from emrctl.options import Json


def command(
    as_json: Json = False,
) -> None:
    """Show the jobs of the catalog."""
    from jobs.spec import load_catalog

    specs = load_catalog()
    if as_json:
        print(json.dumps([spec.model_dump(mode="json") for spec in specs], indent=2))
        return
    rows = []
    for spec in specs:
        schedule = f"{spec.schedule.expression} {spec.schedule.timezone}" if spec.schedule else "by hand"
        where = f"{spec.runtime.kind}:{spec.runtime.place} ({spec.release})"
        rows.append((spec.name, where, schedule, spec.owner, spec.description))
    tables.show(("job", "runs on", "schedule", "owner", "what it does"), rows)

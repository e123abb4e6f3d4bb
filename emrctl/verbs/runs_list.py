"""`emrctl runs list`: what runs and what ran, newest first."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Target


def command(
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    stack: Annotated[str, typer.Option(help="The stack that they ran on.")] = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records as one JSON list.")] = False,
) -> None:
    """Show runs: those that are open with their state, then the records of those that are over, newest first.

    UNSENT is a run that is in no list of its runtime: being sent, or left before it was.
    """
    from emrctl import runs
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    records = lifecycle.store.list_runs(job, limit)
    kept = list(reversed(lifecycle.shared.open_attempts(job)))
    states = lifecycle.states(kept)
    under_way = [(each, states[each.run_id]) for each in kept]
    if as_json:
        shown = [runs.opened(attempt, status) for attempt, status in under_way]
        print(json.dumps([*shown, *(record.model_dump(mode="json") for record in records)], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("run", "job", "place", "state"):
        table.add_column(
            name, no_wrap=name != "place"
        )  # a run's id is what other verbs ask for: never cut off
    for name in ("duration", "rows", "USD"):
        table.add_column(name, justify="right")
    for attempt, status in under_way:
        place = f"{attempt.runtime} {attempt.place}"
        table.add_row(attempt.run_id, runs.named(attempt), place, runs.state(status), "-", "-", "-")
    for record in records:
        cost = "-" if record.cost_usd is None else f"{record.cost_usd:.4f}"
        table.add_row(
            record.run_id, runs.named(record), f"{record.runtime} {record.place}", record.state,
            runs.seconds(record.duration_seconds), runs.number(record.rows_read), cost,
        )  # fmt: skip
    Console().print(table)

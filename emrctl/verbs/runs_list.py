"""`emrctl runs list`: what ran, newest first, and what is under way."""

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
    """Show the records of runs, newest first."""
    from emrctl import runs
    from emrctl.platform import connect
    from jobs.coordination.table import Coordination
    from jobs.runs import RunStore

    session, platform = connect(stack, target)
    store = RunStore(session.client("s3"), platform.buckets.runs)
    records = store.list_runs(job, limit)
    if as_json:
        print(json.dumps([record.model_dump(mode="json") for record in records], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("run", "job", "state"):
        table.add_column(name, no_wrap=True)  # a run's id is what other verbs ask for: never cut off
    for name in ("duration", "rows", "USD"):
        table.add_column(name, justify="right")
    for attempt in Coordination(session, platform.coordination_table).open_attempts(job):
        table.add_row(attempt.run_id, attempt.job, "OPEN", "-", "-", "-")
    for record in records:
        cost = "-" if record.cost_usd is None else f"{record.cost_usd:.4f}"
        table.add_row(
            record.run_id, record.job, record.state, runs.seconds(record.duration_seconds),
            runs.number(record.rows_read), cost,
        )  # fmt: skip
    Console().print(table)

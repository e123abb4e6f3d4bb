"""`emrctl runs list`: what runs and what ran, newest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from emrctl import tables
from emrctl.options import Target
from facts.errors import UserError

if TYPE_CHECKING:
    from jobs.runs import State

RecordState = Literal[
    "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"
]  # jobs.runs.State, not imported for the help


def command(
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    state: Annotated[RecordState | None, typer.Option(help="Only records of this state.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only records of runs that failed or ran out of time.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Only runs made since: a day or hour in UTC, or 90m, 12h, 7d ago.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    stack: Annotated[str, typer.Option(help="The stack that they ran on.")] = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records as one JSON list.")] = False,
) -> None:
    """Show runs: those that are open with their state, then the records of those that are over, newest first.

    UNSENT is a run that is in no list of its runtime: being sent, or left before it was. Open runs are in no record's
    state: --state and --failed leave them out.
    """
    from emrctl import runs
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    if failed and state:
        raise UserError("--failed and --state: name one of them")
    states: tuple[State, ...] = ("FAILED", "TIMED_OUT") if failed else (state,) if state else ()
    begun = runs.moment(since, lifecycle.shared.now()) if since else None
    records = lifecycle.store.list_runs(job, limit, states=states, since=begun)
    kept = [] if states else list(reversed(lifecycle.shared.open_attempts(job)))
    kept = [each for each in kept if begun is None or each.run_created_at >= begun]
    at = lifecycle.states(kept)
    under_way = [(each, at[each.run_id]) for each in kept]
    if as_json:
        shown = [runs.opened(attempt, status) for attempt, status in under_way]
        print(json.dumps([*shown, *(record.model_dump(mode="json") for record in records)], indent=2))
        return
    rows = []
    for attempt, status in under_way:
        place = f"{attempt.runtime} {attempt.place}"
        rows.append((attempt.run_id, runs.named(attempt), place, runs.state(status), "-", "-", "-"))
    for record in records:
        cost = "-" if record.cost_usd is None else f"{record.cost_usd:.4f}"
        rows.append((
            record.run_id, runs.named(record), f"{record.runtime} {record.place}", record.state,
            runs.seconds(record.duration_seconds), runs.number(record.rows_read), cost,
        ))  # fmt: skip
    numbers = ("duration", "rows", "USD")
    # A run's id is what other verbs ask for: never cut off.
    tables.show(
        ("run", "job", "place", "state", *numbers), rows, right=numbers, whole=("run", "job", "state")
    )

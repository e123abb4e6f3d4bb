"""`emrctl runs watch`: every run under way, until none is."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl.options import OfStack, Target

if TYPE_CHECKING:
    from jobs.runs import Attempt
    from jobs.runtimes.base import Status


def command(
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two looks.")] = 15,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    stack: OfStack = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each look as a line of JSON.")] = False,
) -> None:
    """Follow all runs under way by list calls, and record those that end. Ctrl-C stops looking, not the runs."""
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    while True:
        states: dict[str, str] = {}

        def saw(attempt: Attempt, status: Status | None, states: dict[str, str] = states) -> None:
            states[attempt.run_id] = status.state if status else "kept, not in a list yet"

        left = lifecycle.sweep(lifecycle.shared.open_attempts(job), saw)
        counts = Counter(states.values())
        if as_json:
            print(json.dumps({"under_way": len(left), "states": counts, "runs": states}), flush=True)
        else:
            text = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
            print(f"{len(left)} under way{': ' if text else ''}{text}", flush=True)
        if once or not left:
            return
        lifecycle.wait(every)

"""`emrctl jobs breaker`: the circuit breaker of a job."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Target


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    reset: Annotated[bool, typer.Option("--reset", help="Close it and forget the failures.")] = False,
    stack: Annotated[str, typer.Option(help="The stack that it runs on.")] = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the state as JSON.")] = False,
) -> None:
    """Show the circuit breaker of a job, or close it. Exit code: 0 a run may start, 1 none may."""
    from emrctl.platform import connect
    from jobs.coordination import breaker
    from jobs.coordination.table import Coordination

    session, platform = connect(stack, target)
    platform.job_role(name)  # says which job is unknown
    shared = Coordination(session, platform.coordination_table)
    if reset:
        shared.reset(name)
    state, now = shared.breaker_of(name), shared.now()
    if as_json:
        print(json.dumps({"phase": state.phase(now), **state.model_dump(mode="json")}, indent=2))
    else:
        print(breaker.describe(state, name, now))
    raise typer.Exit(1 if breaker.refuses(state, now) else 0)

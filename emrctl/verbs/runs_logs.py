"""`emrctl runs logs`: what a run says, or said."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json, OfStack, Run, Target


def command(
    run: Run,
    stream: Annotated[
        str | None,
        typer.Option(
            help="One log only: 'driver stdout', 'driver stderr', controller, … or 'driver' for both."
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the run ends, or Ctrl-C.")
    ] = False,
    stack: OfStack = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show the logs of a run's last attempt. EMR writes them every few minutes, and at its end.

    Ctrl-C ends the showing only. With --follow the exit code is still 0, however the run ends.
    """
    from emrctl import logs
    from emrctl.platform import connect
    from facts.errors import UserError
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt

    if follow and as_json:
        raise UserError("--follow prints lines as they come: leave out --json")
    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    found = lifecycle.get(run)
    if follow and isinstance(found, Attempt):
        logs.follow(Lifecycle(session, platform, told=logs.Printer(stream), logs=True), found)
        return
    there = logs.chosen(lifecycle.logs(found), stream)
    print(json.dumps(there, indent=2) if as_json else logs.text(there, alone=stream in there).rstrip("\n"))

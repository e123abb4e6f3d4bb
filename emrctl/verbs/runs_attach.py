"""`emrctl runs attach`: follow a run that another command started."""

from __future__ import annotations

import typer

from emrctl.options import Json, OfStack, Quiet, Run, Target, Verbose


def command(
    run: Run,
    stack: OfStack = "dev",
    target: Target = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Follow an open run to its end, as 'emrctl jobs run' does, with its exit codes; one that is over is shown."""
    from emrctl import runs
    from emrctl.platform import connect
    from emrctl.watching import RunProgress
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    record = lifecycle.get(run)
    if isinstance(record, Attempt):
        with RunProgress(record.job, quiet=quiet, verbose=verbose) as progress:
            lifecycle = Lifecycle(session, platform, told=progress, logs=not quiet, cancels=progress.cancels)
            record = lifecycle.follow(record)
    raise typer.Exit(runs.tell(record, lifecycle, as_json=as_json))

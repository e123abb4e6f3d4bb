"""`emrctl jobs canary`: a new version on trial, beside everyone's data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import OfStack, Quiet, Target, Verbose


def command(
    name: Annotated[str, typer.Argument(help="The job, as 'emrctl jobs list' shows it.")],
    version: Annotated[
        str, typer.Option(help="The new version: a channel, or a digest or its beginning.")
    ] = "dev",
    against: Annotated[
        str, typer.Option(help="The channel that is live, and that --promote moves.")
    ] = "prod",
    date: Annotated[
        str | None,
        typer.Option(
            help="The day or hour to run it for; that of the live version's last good run if none is said."
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="NAME=VALUE", help="A parameter other than the spec's under 'canary'."
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Run the live version too, although it has a run on the same data."),
    ] = False,
    promote: Annotated[bool, typer.Option("--promote", help="Move the live channel if it is good.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there instead.")
    ] = None,
    stack: OfStack = "dev",
    target: Target = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a new version where no reader looks, compare it with the live one, and report in Markdown.

    Exit code: 0 good, 1 worse or failed, 2 not known or not to be promoted, 124 timed out, 130 cancelled. Ctrl-C
    cancels what runs. Whatever happens, readers see nothing of it, and the live channel only if --promote is given and
    it is good.
    """
    from emrctl import canary
    from emrctl.options import pairs
    from emrctl.platform import connect
    from emrctl.watching import RunProgress
    from jobs.attempts import Asked
    from jobs.canary.trial import Trial
    from jobs.lifecycle import Lifecycle

    asked = Asked(date=date, parameters=pairs(param or ()))
    session, platform = connect(stack, target)
    with RunProgress(name, quiet=quiet, verbose=verbose) as progress:
        lifecycle = Lifecycle(session, platform, told=progress, logs=not quiet, cancels=progress.cancels)
        trial = Trial(session, platform, lifecycle, told=progress.note)
        result = trial.run(name, version, against, asked, fresh=fresh)
        if promote:
            result = trial.promote(result)
    code = canary.tell(result, file=report, as_json=as_json)
    raise typer.Exit(canary.UNKNOWN if promote and code == 0 and not result.promoted else code)

"""`emrctl jobs run`: a run of a job, from start to record."""

from __future__ import annotations

from typing import Annotated

import typer

from emrctl.options import OfStack, Quiet, Target, Verbose


def command(
    name: Annotated[str, typer.Argument(help="The job, as 'emrctl jobs list' shows it.")],
    channel: Annotated[str, typer.Option(help="Which deployed version to run.")] = "dev",
    date: Annotated[
        str | None,
        typer.Option(help="The day (2026-11-01) or hour (2026-11-01T05) it is about; now if none is said."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="A parameter other than the spec's."),
    ] = None,
    conf: Annotated[
        list[str] | None,
        typer.Option("--conf", metavar="NAME=VALUE", help="A setting of Spark, for this run; sizes too."),
    ] = None,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="First deploy the job as it is now, as 'jobs deploy' does.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = True,
    auto_mitigate: Annotated[
        bool,
        typer.Option(
            "--auto-mitigate",
            help="Let a retry change memory, partitions or place, as far as the spec's 'mitigate' allows.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option(help="Although the job's circuit breaker is open.")] = False,
    stack: OfStack = "dev",
    target: Target = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
) -> None:
    """Run a job and show what its driver says. Exit code: 0 succeeded, 1 failed, 124 timed out, 130 cancelled.

    Ctrl-C asks once whether to cancel the run (where nobody can be asked, it cancels); once more leaves it running,
    with exit code 3.
    """
    from emrctl import runs
    from emrctl.options import pairs
    from emrctl.platform import connect
    from emrctl.watching import RunProgress
    from jobs import artifacts
    from jobs.attempts import Asked
    from jobs.lifecycle import Lifecycle
    from jobs.spec import find

    asked = Asked(
        date=date,
        parameters=pairs(param or ()),
        conf=pairs(conf or (), "--conf"),
        auto_mitigate=auto_mitigate,
    )
    session, platform = connect(stack, target)
    with RunProgress(name, quiet=quiet, verbose=verbose) as progress:
        if deploy:
            deployed = artifacts.deploy(session, platform, find(name), channel)
            came = "uploaded" if deployed.uploaded else "was there already"
            progress.note(f"version {deployed.digest[:12]} {came}; channel '{channel}' points at it")
        lifecycle = Lifecycle(session, platform, told=progress, logs=not quiet, cancels=progress.cancels)
        if not wait:
            attempt = lifecycle.start(name, channel, asked, force=force)
            print(attempt.model_dump_json(indent=2) if as_json else f"run {attempt.run_id} of {name} is sent")
            return
        record = lifecycle.run(name, channel, asked, force=force)
    raise typer.Exit(runs.tell(record, lifecycle, as_json=as_json))

"""`emrctl jobs run`: a run of a job, from start to record."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Target


def command(
    name: Annotated[str, typer.Argument(help="The job, as 'emrctl jobs list' shows it.")],
    channel: Annotated[str, typer.Option(help="Which deployed version to run.")] = "dev",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = True,
    auto_mitigate: Annotated[
        bool,
        typer.Option(
            "--auto-mitigate",
            help="Let a retry change memory, partitions or place, as far as the spec's 'mitigate' allows.",
        ),
    ] = False,
    stack: Annotated[str, typer.Option(help="The stack that it runs on.")] = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
) -> None:
    """Run a job. Exit code: 0 succeeded, 1 failed, 124 timed out, 130 cancelled (Ctrl-C cancels it)."""
    from rich.console import Console

    from emrctl import runs
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle

    session, platform = connect(stack, target)
    with runs.RunProgress(name) as progress:
        lifecycle = Lifecycle(session, platform, told=progress)
        if not wait:
            attempt = lifecycle.start(name, channel, auto_mitigate=auto_mitigate)
            print(attempt.model_dump_json(indent=2) if as_json else f"run {attempt.run_id} of {name} is sent")
            return
        record = lifecycle.run(name, channel, auto_mitigate=auto_mitigate)
    if as_json:
        print(json.dumps(record.model_dump(mode="json"), indent=2))
    else:
        Console().print(runs.summary(record), highlight=False, soft_wrap=True)
    if record.state == "FAILED" and (lines := runs.failing_lines(lifecycle.logs(record))):
        Console(stderr=True).print(lines, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(runs.EXIT_CODES[record.state])

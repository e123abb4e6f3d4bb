"""`emrctl jobs deploy`: a job's version into the artifacts bucket, and a channel pointed at it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from emrctl.options import Json, Target


def command(
    name: Annotated[str, typer.Argument(help="The job, as 'emrctl jobs list' shows it.")],
    channel: Annotated[str, typer.Option(help="The channel that is pointed at the version.")] = "dev",
    stack: Annotated[str, typer.Option(help="The stack whose artifacts bucket takes it.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Package a job as it is now and point a channel at it; an unchanged job uploads nothing."""
    from emrctl.platform import connect
    from jobs.artifacts import deploy
    from jobs.spec import find

    spec = find(name)
    session, platform = connect(stack, target)
    deployed = deploy(session, platform, spec, channel)
    if as_json:
        print(json.dumps(asdict(deployed), indent=2))
        return
    what = "uploaded" if deployed.uploaded else "was there already"
    pointer = "now points at it" if deployed.moved else "pointed at it before"
    print(f"{deployed.uri} {what}; channel '{channel}' {pointer}")

"""`emrctl jobs rollback`: a channel back to the version before."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from emrctl.options import Json, Target


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    channel: Annotated[str, typer.Option(help="The channel that goes back.")] = "prod",
    to: Annotated[
        str | None, typer.Option(help="Go to this version: its digest or the beginning of it.")
    ] = None,
    stack: Annotated[str, typer.Option(help="The stack whose channel is moved.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Point a channel at the version before. Twice goes two back. Exit code: 1 when another moved it meanwhile."""
    from emrctl.platform import connect
    from jobs import channels

    session, platform = connect(stack, target)
    moved = channels.rollback(session, platform, name, channel, to=to)
    if as_json:
        print(json.dumps(asdict(moved), indent=2))
        return
    print(channels.describe(moved))

"""`emrctl jobs versions`: what there is of a job, and which channels point at it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from emrctl.options import Json, Target


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    stack: Annotated[str, typer.Option(help="The stack whose artifacts bucket is looked at.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show the versions of a job, newest first, with the channels that point at each and those that did."""
    from emrctl.platform import connect
    from jobs import channels

    session, platform = connect(stack, target)
    found = channels.versions(session, platform, name)
    if as_json:
        print(json.dumps([asdict(version) for version in found], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("version", "made", "channels", "before in", "size", box=None, pad_edge=False)
    for version in found:
        made = version.created_at[:16].replace("T", " ")
        size = f"{version.size / 1000:,.1f} kB"
        here, left = (", ".join(names) or "-" for names in (version.channels, version.left))
        table.add_row(version.digest[:12], made, here, left, size)
    Console().print(table)

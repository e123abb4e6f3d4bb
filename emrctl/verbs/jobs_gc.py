"""`emrctl jobs gc`: remove the versions that nothing refers to."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from emrctl.options import Json, Target
from facts.errors import UserError


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    keep: Annotated[
        int, typer.Option(help="So many versions before its present one a channel keeps; at least 1.")
    ] = 10,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and remove nothing.")
    ] = False,
    stack: Annotated[str, typer.Option(help="The stack whose artifacts bucket is cleaned.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Remove versions older than a week to which no channel, no run under way and no run record refers."""
    from emrctl.platform import connect
    from jobs import removal

    session, platform = connect(stack, target)
    found = removal.gc(session, platform, name, keep=keep, dry_run=True)
    if found.objects and not dry_run and not yes:
        print(removal.describe(found), file=sys.stderr)
        if not sys.stdin.isatty():
            raise UserError("nothing was removed: say --yes")
        if not typer.confirm("remove them?", err=True):
            raise typer.Exit(1)
    if found.objects and not dry_run:
        found = removal.gc(session, platform, name, keep=keep)
    print(json.dumps(asdict(found), indent=2) if as_json else removal.describe(found))

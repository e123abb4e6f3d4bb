"""`emrctl stack preview`: what bringing a stack up would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import Stack, Target


def command(
    stack: Stack = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print the engine's own JSON document.")] = False,
    target: Target = None,
    events: Annotated[
        Path | None,
        typer.Option(
            help="Write the engine's events there, one JSON object a line: for 'emrctl policy report'."
        ),
    ] = None,
) -> None:
    """Show what an update would change, with the policy pack in force; touches nothing."""
    from emrctl.context import resolve
    from emrctl.pulumi import policy_pack, workspace

    engine = workspace(resolve(target), stack)
    raise typer.Exit(engine.preview(stack, policies=policy_pack(), as_json=as_json, events=events))

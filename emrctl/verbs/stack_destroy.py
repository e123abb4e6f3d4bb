"""`emrctl stack destroy`: take a stack down."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    stack: Annotated[
        str, typer.Argument(help="The stack: what stands between 'Pulumi.' and '.yaml'.")
    ] = "dev",
    target: Annotated[str | None, typer.Option(help="local or aws; local while one is up here.")] = None,
) -> None:
    """Take the stack down. Refused, before anything is touched, while it protects data."""
    from emrctl.context import resolve
    from emrctl.pulumi import workspace

    engine = workspace(resolve(target), stack)
    raise typer.Exit(engine.destroy(stack))

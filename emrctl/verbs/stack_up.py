"""`emrctl stack up`: bring a stack up, policies checked first."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    stack: Annotated[
        str, typer.Argument(help="The stack: what stands between 'Pulumi.' and '.yaml'.")
    ] = "dev",
    target: Annotated[str | None, typer.Option(help="local or aws; local while one is up here.")] = None,
) -> None:
    """Bring the stack up: refreshed, previewed with the policy pack in force, then updated."""
    from emrctl.context import resolve
    from emrctl.pulumi import policy_pack, workspace

    engine = workspace(resolve(target), stack)
    raise typer.Exit(engine.up(stack, policies=policy_pack()))

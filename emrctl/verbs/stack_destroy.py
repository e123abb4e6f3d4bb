"""`emrctl stack destroy`: take a stack down."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    stack: Annotated[
        str, typer.Argument(help="The stack: what stands between 'Pulumi.' and '.yaml'.")
    ] = "dev",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document; the engine's display goes to stderr.")
    ] = False,
    target: Annotated[str | None, typer.Option(help="local or aws; local while one is up here.")] = None,
) -> None:
    """Take the stack down. Refused, before anything is touched, while it protects data."""
    from emrctl.context import resolve
    from emrctl.pulumi import workspace

    engine = workspace(resolve(target), stack)
    code = engine.destroy(stack, quiet=as_json)
    if as_json and code == 0:
        print(json.dumps({"stack": stack, "destroyed": True}, indent=2))
    raise typer.Exit(code)

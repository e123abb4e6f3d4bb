"""`emrctl stack up`: bring a stack up, policies checked first."""

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
    """Bring the stack up: refreshed, previewed with the policy pack in force, then updated."""
    from emrctl.context import resolve
    from emrctl.pulumi import policy_pack, workspace

    engine = workspace(resolve(target), stack)
    code = engine.up(stack, policies=policy_pack(), quiet=as_json)
    if as_json and code == 0:
        print(
            json.dumps(
                {"stack": stack, "changes": engine.changes(stack), "outputs": engine.outputs(stack)}, indent=2
            )
        )
    raise typer.Exit(code)

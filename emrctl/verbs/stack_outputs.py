"""`emrctl stack outputs`: what a stack says of itself."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    stack: Annotated[
        str, typer.Argument(help="The stack: what stands between 'Pulumi.' and '.yaml'.")
    ] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    target: Annotated[str | None, typer.Option(help="local or aws; local while one is up here.")] = None,
) -> None:
    """Show the stack's outputs: buckets, keys, roles, clusters."""
    from emrctl.context import resolve
    from emrctl.pulumi import workspace

    outputs = workspace(resolve(target), stack).outputs(stack)
    if as_json:
        print(json.dumps(outputs, indent=2))
        return
    import yaml

    print(yaml.safe_dump(outputs, sort_keys=False), end="")

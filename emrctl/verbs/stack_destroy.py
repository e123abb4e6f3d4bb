"""`emrctl stack destroy`: take a stack down."""

from __future__ import annotations

import json

import typer

from emrctl.options import CancelRuns, EngineJson, Stack, Target


def command(
    stack: Stack = "dev",
    as_json: EngineJson = False,
    target: Target = None,
    cancel_runs: CancelRuns = False,
) -> None:
    """Take the stack down. Refused, before anything is touched, while it protects data."""
    from emrctl.context import resolve
    from emrctl.pulumi import destroy

    code = destroy(resolve(target), stack, cancel_runs=cancel_runs, quiet=as_json)
    if as_json and code == 0:
        print(json.dumps({"stack": stack, "destroyed": True}, indent=2))
    raise typer.Exit(code)

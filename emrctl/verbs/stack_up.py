"""`emrctl stack up`: bring a stack up, policies checked first."""

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
    """Bring the stack up: refreshed, previewed with the policy pack in force, then updated."""
    from emrctl.context import resolve
    from emrctl.drain import drained
    from emrctl.pulumi import policy_pack, workspace

    found = resolve(target)
    engine = workspace(found, stack)
    drained(engine, found, stack, cancel_runs=cancel_runs)
    code = engine.up(stack, policies=policy_pack(), quiet=as_json)
    if as_json and code == 0:
        print(
            json.dumps(
                {"stack": stack, "changes": engine.changes(stack), "outputs": engine.outputs(stack)}, indent=2
            )
        )
    raise typer.Exit(code)

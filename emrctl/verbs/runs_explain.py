"""`emrctl runs explain`: why a run failed, what shows it, what to do."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json, OfStack, Run, Target


def command(
    run: Run,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print only the suggested diff of the spec file.")
    ] = False,
    stack: OfStack = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show a failed run's class, its evidence and what to change. Exit code: 0 known or not failed, 1 unknown."""
    from emrctl import explain
    from emrctl.platform import connect
    from facts.errors import UserError
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    record = lifecycle.get(run)
    if isinstance(record, Attempt):
        raise UserError(
            f"run {record.run_id} is under way; it is explained when it is over, and "
            f"'emrctl runs logs {record.run_id}' shows what it says",
            code=1,
        )
    finding, spec = lifecycle.explain(record)
    if as_json:
        found = finding.model_dump(mode="json") if finding else None
        print(json.dumps({"run_id": record.run_id, "state": record.state, "failure": found,
                          "diff": explain.spec_diff(finding, spec)}, indent=2))  # fmt: skip
    elif diff:
        print(explain.spec_diff(finding, spec))
    else:
        print(explain.told(record, finding, spec))
    raise typer.Exit(1 if finding and finding.failure_class == "unknown" else 0)

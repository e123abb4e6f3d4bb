"""`emrctl local up`: start an AWS on this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the AWS APIs; 0 takes a free one.")
    ] = 0,
    enforce_iam: Annotated[
        bool,
        typer.Option("--enforce-iam", help="Judge every call by the caller's IAM policies, as AWS does."),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start empty; the last snapshot is put aside.")
    ] = False,
    provisioning: Annotated[
        str, typer.Option(help="How long EC2 takes to have nodes: 90s, 5m. Without it, a moment.")
    ] = "",
    run_bootstrap: Annotated[
        bool,
        typer.Option("--run-bootstrap", help="Run clusters' bootstrap actions, as you, on this machine."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Start the local AWS of this checkout, with what its last snapshot holds; fine when it is up."""
    from emrctl import snapshots
    from emrctl.spans import seconds
    from local import control, paths

    up = control.up(
        paths.home(), port=port, enforce_iam=enforce_iam, fresh=fresh, run_bootstrap=run_bootstrap,
        provisioning_seconds=seconds(provisioning, "--provisioning") if provisioning else None,
    )  # fmt: skip
    current = up.state
    if as_json:
        shown = {
            "endpoint": current.endpoint, "provider_port": current.provider_port, "region": current.region,
            "account_id": current.account_id, "pid": current.pid, "started_at": current.started_at,
            "enforce_iam": current.enforce_iam,
            "started": up.started, "ready_seconds": round(up.seconds, 2),
            "snapshot": up.snapshot,
        }  # fmt: skip
        print(json.dumps(shown, indent=2))
    elif up.started:
        enforced = ", IAM enforced" if current.enforce_iam else ""
        print(f"local AWS is up at {current.endpoint} (ready in {up.seconds:.1f} s{enforced})")
        if up.snapshot is not None:
            print(snapshots.restored(up.snapshot))
    else:
        print(f"local AWS is up already at {current.endpoint}")

"""`emrctl local status`: how the AWS on this machine is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show endpoint, memory, clusters, fleets and steps of the local AWS; exit code 3 when none is up."""
    from local import control, paths

    status = control.status(paths.home())
    if as_json:
        print(json.dumps({"up": status is not None, **(status or {})}, indent=2))
    elif status is None:
        print("no local AWS is up; start it with 'emrctl local up'")
    else:
        _show(status)
    if status is None:
        raise typer.Exit(control.NOT_UP)


def _show(status: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from emrctl import snapshots

    console = Console()
    uptime = timedelta(seconds=round(status["uptime_seconds"]))
    console.print(
        f"endpoint   {status['endpoint']}  (region {status['region']}, account {status['account_id']})"
    )
    console.print(f"provider   port {status['provider_port']}")
    console.print(
        f"server     pid {status['pid']}, up {uptime}, "
        f"{status['memory_bytes'] / 2**20:.0f} MB with {len(status['processes'])} processes beside it"
    )
    iam = status["iam"]
    console.print(f"IAM        {'enforced' if iam['enforced'] else 'kept, not enforced'}")
    for line in iam["not_evaluated"]:
        console.print(f"           not evaluated: {line}", soft_wrap=True)
    if status["snapshot"] is not None:
        console.print(f"snapshot   {snapshots.last(status['snapshot'])}", soft_wrap=True)
    for kind in ("applications", "virtual_clusters"):
        for one in status[kind]:
            runs = ", ".join(f"{run['id']} {run['state']}" for run in one["runs"][-5:]) or "no job run"
            label = kind.removesuffix("s").replace("_", " ")
            console.print(f"{label} {one['id']} {one['name']} {one['state']}: {runs}", soft_wrap=True)
    if not status["clusters"]:
        console.print("clusters   none")
        return
    table = Table("cluster", "name", "state", "nodes", "steps", box=None, pad_edge=False, header_style="bold")
    for cluster in status["clusters"]:
        table.add_row(
            cluster["id"], cluster["name"], cluster["state"],
            "\n".join(_pool(p) for p in cluster["pools"]),
            "\n".join(f"{s['name']}: {s['state']}" for s in cluster["steps"][-5:]) or "none",
        )  # fmt: skip
    console.print(table)
    for cluster in status["clusters"]:
        left = [action["name"] for action in cluster["bootstrap_actions"] if not action["run"]]
        if left:
            console.print(
                f"{cluster['id']}: bootstrap actions not run: {', '.join(left)} "
                "(they do after 'emrctl local up --run-bootstrap')",
                soft_wrap=True,
            )


def _pool(pool: dict[str, Any]) -> str:
    capacity = [
        f"{pool[key]}/{pool[f'target_{key}']} {word}"
        for key, word in (("on_demand", "on demand"), ("spot", "spot"))
        if pool[key] or pool[f"target_{key}"]
    ]
    short = sum(pool["short"].values())
    lacking = f" (EC2 lacks {short})" if short else ""
    return f"{pool['role']}: {', '.join(capacity) or 'empty'}{lacking}"

"""`emrctl local top`: clusters, their nodes, steps and YARN as they are now, redrawn every second."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

_SECONDS = 1.0
_STEPS, _MOVES = 4, 2


def command(
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show clusters live: instances with market and type, queues, steps and containers; Ctrl-C ends it.

    Exit code 3 when no local AWS is up.
    """
    from rich.console import Console
    from rich.live import Live

    from local import control, paths

    def look() -> dict[str, Any]:
        status = control.status(paths.home())
        if status is None:
            print("no local AWS is up; start it with 'emrctl local up'")
            raise typer.Exit(control.NOT_UP)
        return status

    first = look()
    if as_json:
        print(json.dumps({"clusters": first["clusters"], "spark": first["spark"]}, indent=2))
        return
    console = Console()
    if once or not console.is_terminal:
        console.print(_shown(first))
        return
    try:
        with Live(_shown(first), console=console, auto_refresh=False, screen=True) as live:
            while True:
                time.sleep(_SECONDS)
                live.update(_shown(look()), refresh=True)
    except KeyboardInterrupt:
        return


def _shown(status: dict[str, Any]) -> Any:
    """The whole picture as something that rich draws."""
    from rich.console import Group

    running = {one["cluster_id"]: one for one in status["spark"]}
    parts = [_cluster(one, running.get(one["id"])) for one in status["clusters"]]
    return Group(*parts) if parts else "no cluster"


def _cluster(cluster: dict[str, Any], spark: dict[str, Any] | None) -> Any:
    from rich.console import Group
    from rich.table import Table

    head = f"[bold]{cluster['id']}[/] {cluster['name']}  {cluster['state']}  {_yarn(spark)}"
    nodes = Table(
        "pool", "instance", "type", "market", "state", box=None, pad_edge=False, header_style="bold"
    )
    for pool in cluster["pools"]:
        for number, one in enumerate(pool["instances"]):
            nodes.add_row(
                f"{pool['role']} {pool['state']}" if not number else "",
                one["id"], one["type"], one["market"].lower().replace("_", " "), one["state"],
            )  # fmt: skip
    lines = [f"step {one['id']} {one['name']}: {one['state']}" for one in cluster["steps"][-_STEPS:]]
    lines += [f"{move['at']} {move['reason']}" for move in cluster["scaling"][-_MOVES:]]
    lines += [_queue(one) for one in (spark or {}).get("queues", [])]
    return Group(head, nodes, *lines, "")


def _yarn(spark: dict[str, Any] | None) -> str:
    """One line on the YARN behind a cluster; it starts with the first step."""
    if spark is None or not spark["ready"]:
        return "no YARN yet"
    metrics = spark["metrics"] or {}
    told = ""
    if metrics:
        told = (
            f", {metrics['containers_allocated']} containers ({metrics['containers_pending']} waiting), "
            f"{metrics['memory_allocated_mb']}/{metrics['memory_total_mb']} MB"
        )
    return f"{spark['nodes']} nodes for {spark['instances']} instances{told}"


def _queue(queue: dict[str, Any]) -> str:
    return (
        f"queue {queue['name']}: {queue['used_percent']:.0f} % of {queue['capacity_percent']:.0f} % used, "
        f"{queue['applications']} applications, {queue['containers']} containers"
    )

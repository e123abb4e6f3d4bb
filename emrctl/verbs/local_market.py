"""`emrctl local market`: what EC2 has on this machine, and less of it, to see what a stack does then."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from emrctl import tables
from emrctl.options import Json


class Market(StrEnum):
    """How an instance is bought."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"


def command(
    nodes: Annotated[
        int | None, typer.Option(min=0, help="So many nodes EC2 is to have, of each type and zone.")
    ] = None,
    instance_type: Annotated[str, typer.Option("--type", help="Only of this instance type.")] = "",
    zone: Annotated[str, typer.Option(help="Only in this zone: us-east-1a.")] = "",
    market: Annotated[Market, typer.Option(help="Which market.")] = Market.SPOT,
    reset: Annotated[bool, typer.Option("--reset", help="Have again what the model has.")] = False,
    as_json: Json = False,
) -> None:
    """Show what clusters have of EC2's capacity and what is left; with --nodes, have EC2 own less, or more.

    A fleet that finds none waits, switches to on demand or ends its cluster, as its time-out says.
    """
    from local import control, paths

    order: dict[str, Any] = {
        "nodes": nodes, "instance_type": instance_type or None, "zone": zone or None, "reset": reset,
        "market": market.name,
    }  # fmt: skip
    told = control.order_market(paths.home(), order)
    if as_json:
        print(json.dumps(told, indent=2))
        return
    for one in told["ordered"]:
        where = f"{one['instance_type'] or 'every type'} in {one['zone'] or 'every zone'}"
        print(f"EC2 has {one['nodes']} nodes of {where}, {_market(one['market'])}")
    _show(told["used"])


def _show(used: list[dict[str, Any]]) -> None:
    if not used:
        print("no cluster has a node")
        return
    rows = []
    for one in used:
        price = "?" if one["usd_per_hour"] is None else f"{one['usd_per_hour']:.4f}"
        market = _market(one["market"])
        rows.append((one["instance_type"], one["zone"], market, str(one["nodes"]), str(one["free"]), price))
    tables.show(("type", "zone", "market", "used", "free", "USD/h"), rows)


def _market(name: str) -> str:
    return name.lower().replace("_", " ")

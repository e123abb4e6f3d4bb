"""`emrctl local spot`: have EC2 take spot instances back, as it does on AWS, only when it suits you."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer


class Action(StrEnum):
    """What can be done."""

    RECLAIM = "reclaim"
    RATE = "rate"


def command(
    action: Annotated[Action, typer.Argument(help="reclaim: now; rate: by chance, so many an hour.")],
    cluster: Annotated[str, typer.Option(help="Only of this cluster (j-…).")] = "",
    instance: Annotated[str, typer.Option(help="This instance (ci-… or i-…).")] = "",
    count: Annotated[int, typer.Option(min=1, help="So many, chosen by chance.")] = 1,
    an_hour: Annotated[float, typer.Option(min=0, help="With rate: interruptions an hour; 0 ends them.")] = 0,
    notice: Annotated[str, typer.Option(help="From the warning to the end: 120s, 2m.")] = "120s",
    seed: Annotated[int | None, typer.Option(help="Begin the chances here, to have the same again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Take spot instances of running clusters away: a warning first, then the node is gone with all it ran.

    Time passes as on the test clock: 'emrctl local clock --advance 2m' ends the notice at once.
    """
    from emrctl.spans import seconds
    from local import control, paths

    order: dict[str, Any] = {"notice_seconds": seconds(notice, "--notice"), "seed": seed}
    if action is Action.RATE:
        order["an_hour"] = an_hour
    else:
        order |= {"cluster": cluster or None, "instance": instance or None, "count": count}
    told = control.reclaim_spot(paths.home(), order)
    if as_json:
        print(json.dumps(told, indent=2))
        return
    if action is Action.RATE:
        print(f"{told['an_hour']:g} interruptions an hour, of all spot instances together")
    for one in told["reclaimed"]:
        print(
            f"{one['instance']} ({one['ec2_instance']}, {one['instance_type']}) of {one['cluster']} "
            f"is warned and goes in {one['notice_seconds']:g} s"
        )

"""`emrctl local clock`: what time it is for the AWS on this machine, and how to let time pass."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    advance: Annotated[
        str, typer.Option(help="Let so much time pass at once: 90s, 15m, 2h, 1d, or 1d12h.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show the test clock of the local AWS, or move it; timers that fall due meanwhile have run when this ends.

    It drives idle and other time-outs, cooldowns and alarms. Signatures, sessions and Spark keep the real time.
    """
    from emrctl.spans import seconds
    from local import control, paths

    told = control.move_clock(paths.home(), seconds(advance, "--advance") if advance else 0)
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        print(f"it is {told['now']}" + (f", {advance} later than it was" if advance else ""))
